//! The two readings of a request's path: as sent, and as an origin might decode it.
//!
//! An origin may decode, merge slashes, cut path parameters and resolve dot segments, and the
//! filter does not know how. Where the two readings lead to different applications the request is
//! refused, so that no spelling of a path gets past another application's policy.

use std::borrow::Cow;

/// How often a path is decoded before it must be stable.
const MAX_DECODINGS: usize = 3;

/// A path, without its query, in both readings.
#[derive(Debug, Clone)]
pub struct Readings<'a> {
    sent: &'a [u8],
    decoded: Cow<'a, [u8]>,
    normal: bool,
    many_readings: bool,
    escaped_slash: bool,
}

impl<'a> Readings<'a> {
    /// Reads a path; `None` if it does not begin with `/`, holds a `#`, or does not become
    /// stable by decoding.
    #[must_use]
    pub fn of(path: &'a (impl AsRef<[u8]> + ?Sized)) -> Option<Self> {
        let sent = path.as_ref();
        if sent.first() != Some(&b'/') || sent.contains(&b'#') {
            return None;
        }
        if is_plain(sent) {
            return Some(Self {
                sent,
                decoded: Cow::Borrowed(sent),
                normal: true,
                many_readings: false,
                escaped_slash: false,
            });
        }
        let stable = decode_until_stable(sent)?;
        let (decoded, climbs) = resolve(&stable);
        let many_readings = climbs || is_odd(&stable);
        Some(Self {
            sent,
            decoded: Cow::Owned(decoded),
            normal: is_normal(sent) && !many_readings,
            many_readings,
            escaped_slash: has_escaped_slash(sent),
        })
    }

    /// As sent.
    #[must_use]
    pub fn sent(&self) -> &[u8] {
        self.sent
    }

    /// Decoded, with everything resolved that an origin might resolve.
    #[must_use]
    pub fn decoded(&self) -> &[u8] {
        &self.decoded
    }

    /// The second reading in lower case and without dots and spaces at the end of its names, as
    /// some file systems find files; `None` if that is the same.
    #[must_use]
    pub fn folded(&self) -> Option<Vec<u8>> {
        let dropped = |pair: &[u8]| matches!(pair, [b'.' | b' ', b'/']);
        let same = !self.decoded.iter().any(u8::is_ascii_uppercase)
            && !self.decoded.windows(2).any(dropped)
            && !matches!(self.decoded.last(), Some(b'.' | b' '));
        if same {
            return None;
        }
        let names = self.decoded.split(|b| *b == b'/').map(|mut name| {
            while let [rest @ .., b'.' | b' '] = name {
                name = rest;
            }
            name.to_ascii_lowercase()
        });
        Some(names.collect::<Vec<_>>().join(&b'/'))
    }

    /// Whether the path may have more than these two readings. Where paths matter it is refused.
    ///
    /// With a `..` segment: `/x/../a/..;/` is `/` to an origin that cuts parameters first and
    /// `/a/..;/` to one that does not. With two slashes in front, some take `//x/a` for the path
    /// `/a` on a host `x`. And with what some decoders cut or read in ways of their own: `?`, `#`,
    /// control bytes, `%` without two digits, bytes that are not UTF-8, dots with spaces.
    #[must_use]
    pub fn has_many_readings(&self) -> bool {
        self.many_readings
    }

    /// Whether the path as sent has an escaped slash or backslash, which some servers take for a
    /// part of a name, and some for the end of one. Those escaped several times are decoded by none
    /// that does not decode several times.
    #[must_use]
    pub fn has_escaped_slash(&self) -> bool {
        self.escaped_slash
    }

    /// Whether the path as sent is in its plainest spelling.
    #[must_use]
    pub fn is_normal(&self) -> bool {
        self.normal
    }
}

/// Whether a path lies at or below a prefix of whole segments (without trailing slash).
#[must_use]
pub fn is_below(path: &[u8], prefix: &[u8]) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'/'))
}

/// Whether the path has only one reading, as most paths do.
#[must_use]
pub fn is_plain(path: &[u8]) -> bool {
    let plain_bytes = path
        .iter()
        .all(|b| (0x21..=0x7e).contains(b) && !matches!(b, b'%' | b'\\' | b';'));
    let plain_pairs = path.windows(2).all(|pair| !matches!(pair, b"//" | b"/."));
    plain_bytes && plain_pairs
}

/// Whether the path is in its plainest spelling (RFC 3986, section 6.2.2).
fn is_normal(path: &[u8]) -> bool {
    let bytes = path
        .iter()
        .all(|b| !b.is_ascii_control() && !matches!(b, b'\\' | b';'));
    let mut segments = path.split(|b| *b == b'/').skip(1).peekable();
    let mut whole_segments = true;
    while let Some(segment) = segments.next() {
        let empty_inside = segment.is_empty() && segments.peek().is_some();
        whole_segments &= !empty_inside && segment != b"." && segment != b"..";
    }
    let escapes = path.windows(3).filter_map(escape).all(|byte| {
        let unreserved = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        !unreserved && !byte.is_ascii_control() && !matches!(byte, b'/' | b'\\' | b'%' | b';')
    });
    bytes && whole_segments && escapes
}

fn has_escaped_slash(path: &[u8]) -> bool {
    let mut escapes = path.windows(3).filter_map(escape);
    escapes.any(|byte| matches!(byte, b'/' | b'\\'))
}

fn decode_until_stable(path: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut path = Cow::Borrowed(path);
    for _ in 0..MAX_DECODINGS {
        match decode(&path) {
            Some(decoded) => path = Cow::Owned(decoded),
            None => return Some(path),
        }
    }
    decode(&path).is_none().then_some(path)
}

/// Whether a decoded path holds something that decoders treat differently.
fn is_odd(decoded: &[u8]) -> bool {
    let two_slashes = matches!(decoded, [_, b'/' | b'\\', ..]);
    let odd_byte = |b: &u8| b.is_ascii_control() || matches!(b, b'?' | b'#' | b'%');
    // Some file systems take `.. ` and `...` for `..`.
    let odd_name = |name: &[u8]| {
        !matches!(name, b"" | b"." | b"..") && name.iter().all(|b| matches!(b, b'.' | b' '))
    };
    two_slashes
        || decoded.iter().any(odd_byte)
        || decoded
            .split(|b| matches!(b, b'/' | b'\\' | b';'))
            .any(odd_name)
        || std::str::from_utf8(decoded).is_err()
}

/// Decodes every escape once; `None` if there is none.
fn decode(path: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let [first, tail @ ..] = rest {
        if let Some(byte) = rest.get(..3).and_then(escape) {
            decoded.push(byte);
            rest = rest.get(3..).unwrap_or_default();
        } else {
            decoded.push(*first);
            rest = tail;
        }
    }
    (decoded.len() != path.len()).then_some(decoded)
}

/// The byte of a percent escape of three characters.
fn escape(text: &[u8]) -> Option<u8> {
    let [b'%', high, low] = text else {
        return None;
    };
    let digit = |b: u8| {
        char::from(b)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    Some(digit(*high)? << 4 | digit(*low)?)
}

/// `\` as `/`, path parameters cut, empty and dot segments resolved; and whether there was a `..`.
fn resolve(path: &[u8]) -> (Vec<u8>, bool) {
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut open_end = false;
    let mut climbs = false;
    for segment in path.split(|b| matches!(b, b'/' | b'\\')) {
        let name = segment.split(|b| *b == b';').next().unwrap_or_default();
        open_end = matches!(name, b"" | b"." | b"..");
        climbs |= name == b"..";
        match name {
            b"" | b"." => {}
            b".." => drop(kept.pop()),
            _ => kept.push(name),
        }
    }
    let mut resolved = Vec::with_capacity(path.len());
    for name in &kept {
        resolved.push(b'/');
        resolved.extend_from_slice(name);
    }
    if open_end || kept.is_empty() {
        resolved.push(b'/');
    }
    (resolved, climbs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(path: &str) -> String {
        let readings = Readings::of(path).unwrap();
        String::from_utf8(readings.decoded().to_vec()).unwrap()
    }

    #[test]
    fn the_second_reading_resolves_what_an_origin_might() {
        for (sent, expected) in [
            ("/", "/"),
            ("/a/b", "/a/b"),
            ("/a/b/", "/a/b/"),
            ("/a//b", "/a/b"),
            ("/a/./b", "/a/b"),
            ("/a/../b", "/b"),
            ("/a/..", "/"),
            ("/../../b", "/b"),
            ("/a/%2e%2e/b", "/b"),
            ("/a/%252e%252e/b", "/b"),
            ("/a/..%2fb", "/b"),
            ("/a\\..\\b", "/b"),
            ("/a/..;x=1/b", "/b"),
            ("/a;x/b", "/a/b"),
            ("/%61dmin", "/admin"),
            ("/a/%5c../b", "/b"),
            ("/100%", "/100%"),
            ("/a/...", "/a/..."),
            ("/a%zz", "/a%zz"),
        ] {
            assert_eq!(decoded(sent), expected, "{sent}");
        }
        assert!(
            Readings::of("/%2525252e").is_none(),
            "not stable after three"
        );
        for bad in ["", "a", "*", "/a#b", "%2fa"] {
            assert!(Readings::of(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn only_the_plainest_spelling_is_normal() {
        for normal in [
            "/",
            "/a/b",
            "/a/b/",
            "/.well-known/x",
            "/a%20b",
            "/caf%C3%A9",
            "/a...b",
        ] {
            assert!(Readings::of(normal).unwrap().is_normal(), "{normal}");
        }
        for other in [
            "//",
            "/a//b",
            "/./a",
            "/a/..",
            "/a\\b",
            "/a;b",
            "/a%2fb",
            "/a%5Cb",
            "/a%25b",
            "/%61",
            "/a%3bb",
            "/a\tb",
            "/a%00",
            "/a%7e",
            "/a/%20",
            "/a/..%20/b",
            "/a/.../b",
        ] {
            assert!(!Readings::of(other).unwrap().is_normal(), "{other}");
        }
    }

    #[test]
    fn what_decoders_disagree_on_has_many_readings() {
        for odd in [
            "/x/../y",
            "/x/%2e%2e/y",
            "/x/..;/y",
            "//x/y",
            "/%2fx/y",
            "/\\x/y",
            "/a%3fx",
            "/a%23",
            "/a%00/y",
            "/a%",
            "/%u0061",
            "/%c0%ae%c0%ae/y",
            "/a%ff",
        ] {
            let readings = Readings::of(odd).unwrap();
            assert!(
                readings.has_many_readings() && !readings.is_normal(),
                "{odd}"
            );
        }
        for plain in ["/", "/a/b", "/caf%C3%A9", "/a%20b", "/x//y", "/./x", "/a;b"] {
            assert!(!Readings::of(plain).unwrap().has_many_readings(), "{plain}");
        }
    }

    #[test]
    fn an_escaped_slash_is_seen_in_either_case() {
        for escaped in [
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a%5C",
            "/%2f",
            "/..%2f..%5Cx",
        ] {
            assert!(
                Readings::of(escaped).unwrap().has_escaped_slash(),
                "{escaped}"
            );
        }
        for other in ["/a/b", "/a%20b", "/a\\b", "/a%252fb", "/a%2", "/a%c0%afb"] {
            assert!(!Readings::of(other).unwrap().has_escaped_slash(), "{other}");
        }
    }

    #[test]
    fn prefixes_are_whole_segments() {
        assert!(is_below(b"/a", b"/a") && is_below(b"/a/b", b"/a") && is_below(b"/x", b""));
        assert!(!is_below(b"/ab", b"/a") && !is_below(b"/", b"/a"));
    }
}
