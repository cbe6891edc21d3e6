//! The host that a request is for, from `:authority` (RFC 3986, section 3.2).

/// A hostname in lower case without trailing dot, and a port if one was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// The hostname.
    pub hostname: String,
    /// The port as sent.
    pub port: Option<u16>,
}

impl Authority {
    /// Reads `:authority`. `None` for whatever two readers might take for two hosts: user names,
    /// bad ports, empty labels, other characters; and for address literals in brackets.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (hostname, port) = match text.split_once(':') {
            Some((hostname, port)) => (hostname, Some(parse_port(port)?)),
            None => (text, None),
        };
        let hostname = hostname.strip_suffix('.').unwrap_or(hostname);
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
        let labels = hostname.split('.').all(|label| !label.is_empty());
        (labels && hostname.bytes().all(good)).then(|| Self {
            hostname: hostname.to_ascii_lowercase(),
            port,
        })
    }
}

fn parse_port(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port != 0)
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
            assert_eq!(
                (authority.hostname.as_str(), authority.port),
                (hostname, port)
            );
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
