//! An origin: scheme, hostname and port (RFC 6454), with one canonical text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `https` or `http`, a lower-case hostname and a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    https: bool,
    hostname: String,
    port: u16,
}

/// Why a text is not an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OriginError {
    /// Neither `https://` nor `http://`.
    Scheme,
    /// Empty, upper-case, or of characters that no hostname has.
    Hostname,
    /// Not a number from 1 to 65535.
    Port,
    /// A path, query, fragment or user name follows; not even a final `/` may.
    Trailing,
}

impl Origin {
    /// Whether the scheme is `https`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The hostname, lower-case, without trailing dot.
    #[must_use]
    pub fn hostname(&self) -> &str {
        &self.hostname
    }

    /// The port, also if the text omits it.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The same scheme and port at another hostname, if that can be one.
    #[must_use]
    pub(super) fn with_hostname(&self, hostname: &str) -> Option<Self> {
        is_hostname(hostname).then(|| Self {
            hostname: hostname.to_owned(),
            ..self.clone()
        })
    }

    fn default_port(https: bool) -> u16 {
        if https { 443 } else { 80 }
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let (https, rest) = text
            .strip_prefix("https://")
            .map(|rest| (true, rest))
            .or_else(|| text.strip_prefix("http://").map(|rest| (false, rest)))
            .ok_or(OriginError::Scheme)?;
        if rest.contains(['/', '?', '#', '@']) {
            return Err(OriginError::Trailing);
        }
        let (hostname, port) = match rest.rsplit_once(':') {
            Some((hostname, port)) => (hostname, parse_port(port)?),
            None => (rest, Self::default_port(https)),
        };
        if !is_hostname(hostname) {
            return Err(OriginError::Hostname);
        }
        Ok(Self {
            https,
            hostname: hostname.to_owned(),
            port,
        })
    }
}

fn parse_port(text: &str) -> Result<u16, OriginError> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(port) if digits && port != 0 => Ok(port),
        _ => Err(OriginError::Port),
    }
}

/// Labels of lower-case letters, digits, `-` and `_`, separated by single dots (RFC 1123).
fn is_hostname(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
        })
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.hostname)?;
        if self.port != Self::default_port(self.https) {
            write!(f, ":{}", self.port)?;
        }
        Ok(())
    }
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "must begin with https:// or http://",
            Self::Hostname => "needs a lower-case hostname of letters, digits, '-', '_' and '.'",
            Self::Port => "has a port that is not a number from 1 to 65535",
            Self::Trailing => "must end after the hostname and port, without '/' or a path",
        })
    }
}

impl std::error::Error for OriginError {}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Whether a hostname can only mean this machine (RFC 6761, section 6.3).
#[must_use]
pub fn is_loopback(hostname: &str) -> bool {
    hostname == "localhost" || hostname == "127.0.0.1" || hostname.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_text_round_trips() {
        for (text, port) in [
            ("https://wiki.example.com", 443),
            ("https://wiki.localhost:8443", 8443),
            ("http://localhost", 80),
            ("http://127.0.0.1:9000", 9000),
        ] {
            let origin: Origin = text.parse().unwrap();
            assert_eq!((origin.to_string().as_str(), origin.port()), (text, port));
        }
        let spelled_out: Origin = "https://a.example:443".parse().unwrap();
        assert_eq!(spelled_out.to_string(), "https://a.example");
    }

    #[test]
    fn everything_else_is_refused() {
        for (text, error) in [
            ("wiki.example.com", OriginError::Scheme),
            ("ftp://wiki.example.com", OriginError::Scheme),
            ("https://", OriginError::Hostname),
            ("https://Wiki.example.com", OriginError::Hostname),
            ("https://wiki.example.com.", OriginError::Hostname),
            ("https://wiki..example.com", OriginError::Hostname),
            ("https://wiki.example.com/", OriginError::Trailing),
            ("https://user@wiki.example.com", OriginError::Trailing),
            ("https://wiki.example.com:0", OriginError::Port),
            ("https://wiki.example.com:65536", OriginError::Port),
            ("https://wiki.example.com:+80", OriginError::Port),
            ("https://[::1]", OriginError::Port),
        ] {
            assert_eq!(text.parse::<Origin>(), Err(error), "{text}");
        }
    }
}
