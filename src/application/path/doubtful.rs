//! Spellings that some servers read as another path, long after the standards forbade it.

use std::borrow::Cow;

/// Whether a decoded path holds bytes that servers differ about: control bytes, which end a path
/// for some; ASCII in more bytes of UTF-8 than it needs (RFC 3629, section 3); `%u` escapes.
pub(super) fn is_doubtful(decoded: &[u8]) -> bool {
    decoded.iter().any(u8::is_ascii_control)
        || decoded.windows(2).any(is_overlong)
        || decoded.windows(6).any(is_unicode_escape)
}

/// Whether a segment is nothing but dots and spaces, which some file systems take for `..`.
pub(super) fn is_dots(segment: &[u8]) -> bool {
    segment.iter().all(|b| matches!(b, b'.' | b' '))
}

/// A path without dots and spaces at the end of its names.
pub(super) fn trimmed(path: &[u8]) -> Cow<'_, [u8]> {
    let ends_so = |pair: &[u8]| matches!(pair, [b'.' | b' ', b'/']);
    if !path.windows(2).any(ends_so) && !matches!(path.last(), Some(b'.' | b' ')) {
        return Cow::Borrowed(path);
    }
    let mut trimmed = Vec::with_capacity(path.len());
    for (index, mut name) in path.split(|b| *b == b'/').enumerate() {
        while let [rest @ .., b'.' | b' '] = name {
            name = rest;
        }
        if index > 0 {
            trimmed.push(b'/');
        }
        trimmed.extend_from_slice(name);
    }
    Cow::Owned(trimmed)
}

/// The first two bytes of a character of two to four bytes that would fit fewer.
fn is_overlong(pair: &[u8]) -> bool {
    matches!(
        pair,
        [0xc0 | 0xc1, 0x80..=0xbf] | [0xe0, 0x80..=0x9f] | [0xf0, 0x80..=0x8f]
    )
}

fn is_unicode_escape(text: &[u8]) -> bool {
    matches!(text, [b'%', b'u' | b'U', digits @ ..] if digits.iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_spellings_are_doubtful() {
        for doubtful in [
            &b"/a\0"[..],
            b"/a\n",
            b"/\xc0\xae\xc0\xae/a",
            b"/\xe0\x80\xafa",
            b"/\xf0\x80\x80\xafa",
            b"/%u0061",
        ] {
            assert!(is_doubtful(doubtful), "{doubtful:?}");
        }
        for plain in [
            &b"/"[..],
            "/café/日本/🍪".as_bytes(),
            b"/caf\xe9",
            b"/100%",
            b"/%users",
        ] {
            assert!(!is_doubtful(plain), "{plain:?}");
        }
    }

    #[test]
    fn names_end_before_dots_and_spaces() {
        for (path, expected) in [
            ("/a./b", "/a/b"),
            ("/a /b. .", "/a/b"),
            ("/a.b/c", "/a.b/c"),
            ("/a/", "/a/"),
        ] {
            assert_eq!(&*trimmed(path.as_bytes()), expected.as_bytes(), "{path}");
        }
    }
}
