//! The host that a request is for, from `:authority` (RFC 3986, section 3.2).

use std::borrow::Cow;

/// A hostname in lower case without trailing dot, and a port if one was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority<'a> {
    /// The hostname.
    pub hostname: Cow<'a, str>,
    /// The port as sent.
    pub port: Option<u16>,
    /// Whether a dot followed the hostname. It is then another origin to a browser, with cookies of
    /// its own.
    pub has_final_dot: bool,
}

impl<'a> Authority<'a> {
    /// Reads `:authority`. `None` for anything that two parsers might read as two hosts: user names,
    /// bad ports, empty labels, other characters; and for address literals in brackets.
    #[must_use]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut parts = bytes.splitn(2, |byte| *byte == b':');
        let hostname = parts.next()?;
        let port = match parts.next() {
            Some(port) => Some(parse_port(port)?),
            None => None,
        };
        let without_dot = hostname.strip_suffix(b".");
        let hostname = without_dot.unwrap_or(hostname);
        is_hostname(hostname).then_some(())?;
        Some(Self {
            hostname: lower_case(str::from_utf8(hostname).ok()?),
            port,
            has_final_dot: without_dot.is_some(),
        })
    }
}

/// Letters, digits, `-` and `_`, in labels that are not empty.
fn is_hostname(bytes: &[u8]) -> bool {
    let mut before = b'.';
    let good = bytes.iter().all(|byte| {
        let fits = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'_')
            || (*byte == b'.' && before != b'.');
        before = *byte;
        fits
    });
    good && before != b'.'
}

/// Nearly every client sends lower case.
fn lower_case(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

fn parse_port(digits: &[u8]) -> Option<u16> {
    let all_digits = digits.iter().all(u8::is_ascii_digit);
    let port = str::from_utf8(digits).ok()?.parse().ok()?;
    (all_digits && port != 0).then_some(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_has_one_name() {
        for (sent, hostname, port) in [
            ("wiki.example.com", "wiki.example.com", None),
            ("WIKI.Example.com.", "wiki.example.com", None),
            ("wiki.example.com:8443", "wiki.example.com", Some(8443)),
            ("wiki.example.com.:443", "wiki.example.com", Some(443)),
        ] {
            let authority = Authority::parse(sent.as_bytes()).unwrap();
            assert_eq!((&*authority.hostname, authority.port), (hostname, port));
            assert_eq!(authority.has_final_dot, sent.contains("com."), "{sent}");
        }
        for bad in [
            "",
            ".",
            ":443",
            "a:",
            "a:+1",
            "a:1:2",
            "a:65536",
            "a..",
            "a..b",
            ".a",
            "a:0",
            "u@a",
            "[::1]:443",
            "a b",
            "a/b",
        ] {
            assert_eq!(Authority::parse(bad.as_bytes()), None, "{bad:?}");
        }
        assert_eq!(Authority::parse(b"wiki\xff"), None);
    }
}
