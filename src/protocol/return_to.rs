//! Where a user returns to after signing in: a path and query on the same origin, or `/`.
//!
//! Both sides check it, because either may receive it from an attacker. They judge what a browser
//! makes of it (WHATWG URL Standard, section 4.4): a browser resolves `.` and `..`, also where they
//! are percent-encoded, and takes `\` for `/`.

use std::borrow::Cow;

use super::login::FILTER_PREFIX;
use crate::application::path::Readings;

/// The longest `return_to`, in bytes.
pub const MAX_BYTES: usize = 8 * 1024;

/// Why nobody returns there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// It is longer than [`MAX_BYTES`].
    TooLong,
    /// It is no path of this origin, or belongs to the filter.
    NotHere,
}

/// The path and query if it is safe to return to, else `/`.
#[must_use]
pub fn sanitize(return_to: &str) -> Cow<'_, str> {
    judge(return_to).unwrap_or(Cow::Borrowed("/"))
}

/// The path and query if it is safe to return to.
#[must_use]
pub fn checked(return_to: &str) -> Option<Cow<'_, str>> {
    judge(return_to).ok()
}

/// The path and query, if it is safe to return to.
///
/// The path begins with one `/`, has no `\`, only bytes 0x21 to 0x7E, and does not lead to the
/// filter's own pages, however it is read. In the query, `\`, spaces and what is not ASCII come
/// back percent-encoded.
///
/// # Errors
/// Why it is not.
pub fn judge(return_to: &str) -> Result<Cow<'_, str>, Unfit> {
    if return_to.len() > MAX_BYTES {
        return Err(Unfit::TooLong);
    }
    let end = return_to.find(['?', '#']).unwrap_or(return_to.len());
    let (path, query) = return_to.split_at(end);
    if !is_path(path) || leads_to_the_filter(path) || query.bytes().any(|b| b.is_ascii_control()) {
        return Err(Unfit::NotHere);
    }
    if query.bytes().all(stays) {
        return Ok(Cow::Borrowed(return_to));
    }
    let mut encoded = String::from(path);
    for byte in query.bytes() {
        if stays(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.extend([byte >> 4, byte & 15].map(upper_hex));
        }
    }
    if encoded.len() > MAX_BYTES {
        return Err(Unfit::TooLong);
    }
    Ok(Cow::Owned(encoded))
}

fn is_path(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//") && path.bytes().all(stays)
}

fn stays(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'\\'
}

fn upper_hex(digit: u8) -> char {
    let digit = char::from_digit(digit.into(), 16).unwrap_or_default();
    digit.to_ascii_uppercase()
}

/// Whether a path leads to the filter's own pages, or to another host's: as it stands, as a browser
/// resolves it, or as an origin may decode either.
fn leads_to_the_filter(path: &str) -> bool {
    let resolved = resolve_as_browser(path);
    let leads = |path: &str| {
        let own = FILTER_PREFIX.as_bytes();
        Readings::of(path).is_none_or(|readings| readings.decoded().starts_with(own))
    };
    resolved.starts_with("//")
        || resolved.starts_with(FILTER_PREFIX)
        || [path, &resolved].into_iter().any(leads)
}

/// The path that a browser requests. It decodes nothing but dots that are whole segments.
fn resolve_as_browser(path: &str) -> String {
    let mut kept = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let dots = segment.to_ascii_lowercase().replace("%2e", ".");
        let is_dots = matches!(dots.as_str(), "." | "..");
        if dots == ".." {
            kept.pop();
        }
        if !is_dots {
            kept.push(segment);
        } else if segments.peek().is_none() {
            kept.push("");
        }
    }
    ["/", &kept.join("/")].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_this_origin_is_kept() {
        for good in [
            "/",
            "/a/b?c=d&e=%2F",
            "/?x=//evil.example",
            "/.accessible",
            "/.access",
            "/a/../b",
            "/a/.",
            "/100%25",
            "/caf%E9",
            "/x/.access/logout",
            "/x?y=/../.access/logout",
            "/x#/.access/",
        ] {
            assert_eq!(sanitize(good), good);
        }
        for bad in [
            "",
            "a",
            "//evil.example/x",
            "/\\evil.example",
            "\\/evil.example",
            "/a\\b",
            "https://evil.example",
            "/a b",
            "/a\r\nset-cookie: x",
            "/a?b\r\nset-cookie: x",
            "/caf\u{e9}",
            "/a\0",
            "/.access/logout",
            "/.access/",
            "/\t/evil.example",
        ] {
            assert_eq!(judge(bad), Err(Unfit::NotHere), "{bad:?}");
            assert_eq!(sanitize(bad), "/", "{bad:?}");
            assert_eq!(checked(bad), None, "{bad:?}");
        }
    }

    /// Each of these is a page of the filter to a browser, to Envoy with `normalize_path`, or to
    /// an origin.
    #[test]
    fn no_spelling_of_a_filter_page_is_kept() {
        for bad in [
            "/x/../.access/logout",
            "/./.access/logout",
            "/%2eaccess/logout",
            "/%2Eaccess/logout",
            "/.%61ccess/logout",
            "/x/%2e%2e/.access/logout",
            "/x/.%2E/.access/logout",
            "/x/y/../../.access/logout?z",
            "/..;/../.access/logout",
            "/x/../.access/..;/logout",
            "/%2e/.access/logout",
            "/.access%2flogout",
            "/x%2f..%2f.access%2flogout",
            "/%252eaccess/logout",
            "/x;y/../.access/logout",
            "/.access;x/logout",
            "/%2525252eaccess/logout",
            "/..//.access/logout",
            "/.//evil.example",
            "/x/..//evil.example",
        ] {
            assert_eq!(judge(bad), Err(Unfit::NotHere), "{bad}");
        }
    }

    #[test]
    fn b07_what_a_browser_leaves_in_a_query_is_encoded() {
        for (given, kept) in [
            ("/a?b=\\c", "/a?b=%5Cc"),
            ("/a?b=c d", "/a?b=c%20d"),
            ("/a?b=caf\u{e9}", "/a?b=caf%C3%A9"),
            ("/a?b=c#d\\e", "/a?b=c#d%5Ce"),
            ("/a?b=%5c|{}`^", "/a?b=%5c|{}`^"),
        ] {
            assert_eq!(sanitize(given), kept);
            assert_eq!(sanitize(kept), kept, "the other side judges it again");
        }
    }

    #[test]
    fn b07_what_is_longer_than_eight_kilobytes_is_called_too_long() {
        let long = |bytes: usize| format!("/?{}", "a".repeat(bytes - 2));
        assert_eq!(sanitize(&long(MAX_BYTES)), long(MAX_BYTES));
        assert_eq!(judge(&long(MAX_BYTES + 1)), Err(Unfit::TooLong));
        let longer_encoded = format!("/?{}", "\\".repeat(MAX_BYTES / 2));
        assert_eq!(judge(&longer_encoded), Err(Unfit::TooLong));
    }
}
