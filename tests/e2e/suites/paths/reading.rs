//! What an origin might take a request target for: a reader that decodes, cuts and merges all
//! that any server is known to. It shares no code with the filter, and only has to be cautious:
//! where it cannot say, it says "perhaps".

/// More often than any server decodes.
const DECODINGS: usize = 5;

/// Whether some server might serve something at or below `/admin`.
pub fn might_be_admin(target: &[u8]) -> bool {
    let segments = segments(target);
    let climbs = segments.iter().any(|segment| segment == b"..");
    segments.first().is_some_and(|first| first == b"admin")
        || (climbs && segments.iter().any(|segment| segment == b"admin"))
}

/// Whether every server would serve something at or below `/public` or `/admin/public`.
pub fn is_public(target: &[u8]) -> bool {
    let segments = segments(target);
    let climbs = segments.iter().any(|segment| segment == b"..");
    let below = |path: &[u8]| {
        let path_only = target.split(|byte| *byte == b'?').next();
        let rest = path_only.and_then(|sent| sent.strip_prefix(path));
        let names: Vec<&[u8]> = path.split(|byte| *byte == b'/').skip(1).collect();
        let as_sent = rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'/')));
        let decoded = segments.len() >= names.len()
            && segments.iter().zip(names).all(|(one, other)| one == other);
        as_sent && decoded
    };
    !climbs && (below(b"/public") || below(b"/admin/public"))
}

/// The segments that remain when everything is decoded, without the empty ones and those of one dot.
fn segments(target: &[u8]) -> Vec<Vec<u8>> {
    let mut path = path_of(target).to_vec();
    for _ in 0..DECODINGS {
        path = short_forms(&decode(&path));
    }
    path.make_ascii_lowercase();
    path.split(|byte| matches!(byte, b'/' | b'\\'))
        .map(name)
        .filter(|name| !matches!(name.as_slice(), b"" | b"."))
        .collect()
}

/// The target without query, fragment, and the origin of its absolute form.
fn path_of(target: &[u8]) -> &[u8] {
    let end = target.iter().position(|byte| matches!(byte, b'?' | b'#'));
    let path = target
        .get(..end.unwrap_or(target.len()))
        .unwrap_or_default();
    let scheme = path.windows(3).position(|three| three == b"://");
    let Some(after) = scheme.and_then(|at| path.get(at + 3..)) else {
        return path;
    };
    let slash = after.iter().position(|byte| *byte == b'/');
    slash.and_then(|at| after.get(at..)).unwrap_or_default()
}

/// A segment without parameters, what follows a control byte, and dots and spaces at its end.
fn name(segment: &[u8]) -> Vec<u8> {
    let ends = |byte: &u8| matches!(byte, b';' | b'?' | b'#') || byte.is_ascii_control();
    let cut = segment.split(ends).next().unwrap_or_default();
    let mut name = cut.trim_ascii_end().to_vec();
    if !name.is_empty() && name.iter().all(|byte| *byte == b'.') {
        name.truncate(2);
        return name;
    }
    while matches!(name.last(), Some(b'.' | b' ')) {
        name.pop();
    }
    name
}

/// Escapes of two digits, and of four after a `u`, once.
fn decode(path: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut rest = path;
    while let [first, after @ ..] = rest {
        let short = hex(after.get(..2)).and_then(|number| u8::try_from(number).ok());
        let long = after.strip_prefix(b"u").and_then(|u| hex(u.get(..4)));
        match (first, short, long) {
            (b'%', Some(byte), _) => {
                decoded.push(byte);
                rest = rest.get(3..).unwrap_or_default();
            }
            (b'%', None, Some(number)) => {
                decoded.push(best_fit(number));
                rest = rest.get(6..).unwrap_or_default();
            }
            (byte, ..) => {
                decoded.push(*byte);
                rest = after;
            }
        }
    }
    decoded
}

fn hex(digits: Option<&[u8]>) -> Option<u32> {
    let text = std::str::from_utf8(digits?).ok()?;
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(text, 16).ok().filter(|_| digits)
}

/// What a code page without the character makes of it.
fn best_fit(number: u32) -> u8 {
    match number {
        0x2215 | 0x2044 => b'/',
        0x2216 => b'\\',
        _ => u8::try_from(number).unwrap_or(b'?'),
    }
}

/// ASCII that was written in more bytes than it needs, which UTF-8 forbids (RFC 3629, section 3).
fn short_forms(path: &[u8]) -> Vec<u8> {
    let mut short = Vec::new();
    let mut rest = path;
    while let [first, after @ ..] = rest {
        let (byte, length) = match rest {
            [lead @ (0xc0 | 0xc1), last, ..] => (((lead & 1) << 6) | (last & 0x3f), 2),
            [0xe0, middle @ (0x80 | 0x81), last, ..] => (((middle & 1) << 6) | (last & 0x3f), 3),
            [0xf0, 0x80, middle @ (0x80 | 0x81), last, ..] => {
                (((middle & 1) << 6) | (last & 0x3f), 4)
            }
            _ => (*first, 1),
        };
        short.push(byte);
        rest = if length == 1 {
            after
        } else {
            rest.get(length..).unwrap_or_default()
        };
    }
    short
}

#[test]
fn the_reader_is_cautious() {
    for admin in [
        "/admin",
        "//admin/x",
        "/x/../admin",
        "/%61dmin",
        "/%2561dmin",
        "/x/..;a/admin",
        "/ADMIN",
        "/x\\..\\admin",
        "/admin%00.html",
        "/admin./x",
        "/%u0061dmin",
        "/x%c0%af..%c0%afadmin",
        "/public/%%32%65%%32%65/admin",
        "https://a.example/admin",
        "admin",
        "/admin;x",
        "/admin%20",
    ] {
        assert!(might_be_admin(admin.as_bytes()), "{admin}");
        assert!(!is_public(admin.as_bytes()), "{admin}");
    }
    for other in [
        "/",
        "/x/admin",
        "/administrator",
        "/x/../y",
        "/x?/../admin",
        "/public/admin",
    ] {
        assert!(!might_be_admin(other.as_bytes()), "{other}");
    }
    for public in [
        "/public",
        "/public/x",
        "/admin/public/x",
        "/public/x?/../y",
        "/public/caf%C3%A9",
    ] {
        assert!(is_public(public.as_bytes()), "{public}");
    }
    for other in [
        "/PUBLIC",
        "/publicity",
        "/public/../x",
        "/public/%2e%2e/x",
        "//public",
        "/x/public",
    ] {
        assert!(!is_public(other.as_bytes()), "{other}");
    }
}
