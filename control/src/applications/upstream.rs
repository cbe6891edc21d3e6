//! The server behind Envoy to which an application's requests go. Its text is
//! `http://127.0.0.1:3000`, `https://wiki.internal` or `h2c://127.0.0.1:50051`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use portcullis::protocol::origin::{Origin, OriginError};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where requests are sent, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    protocol: Protocol,
    host: String,
    port: u16,
}

/// How a server behind Envoy is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http,
    /// TLS; HTTP/2 or HTTP/1.1, whichever the server chooses.
    Https,
    /// HTTP/2 with prior knowledge, as gRPC servers speak it.
    H2c,
}

/// Why a text is no upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// The scheme.
    #[error("must begin with http://, https:// or h2c:// (HTTP/2 without TLS, for gRPC)")]
    Scheme,
    /// The rest.
    #[error("must be a hostname or an address with a port, as http://127.0.0.1:3000")]
    Address,
    /// A path follows.
    #[error("must end after the port: paths reach the application as they were sent")]
    Trailing,
}

impl Upstream {
    /// A server that speaks HTTP/1.1 at an address.
    #[must_use]
    pub fn plain(address: SocketAddr) -> Self {
        Self {
            protocol: Protocol::Http,
            host: address.ip().to_string(),
            port: address.port(),
        }
    }

    /// How it is spoken to.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The hostname, or the address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the host is an address, not a name to look up.
    #[must_use]
    pub fn is_address(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok()
    }
}

impl FromStr for Upstream {
    type Err = UpstreamError;

    fn from_str(text: &str) -> Result<Self, UpstreamError> {
        let (protocol, rest, scheme) = [
            (Protocol::Http, "http"),
            (Protocol::Https, "https"),
            (Protocol::H2c, "h2c"),
        ]
        .into_iter()
        .find_map(|(protocol, scheme)| {
            let rest = text.strip_prefix(scheme)?.strip_prefix("://")?;
            Some((protocol, rest, scheme))
        })
        .ok_or(UpstreamError::Scheme)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        // An IPv6 address stands in brackets (RFC 3986, section 3.2.2), which no origin of ours has.
        if rest.starts_with('[') {
            let address: SocketAddr = rest.parse().map_err(|_| UpstreamError::Address)?;
            return Ok(Self {
                protocol,
                ..Self::plain(address)
            });
        }
        let scheme = if scheme == "https" { "https" } else { "http" };
        let origin: Origin = format!("{scheme}://{rest}")
            .parse()
            .map_err(|error| match error {
                OriginError::Trailing => UpstreamError::Trailing,
                _ => UpstreamError::Address,
            })?;
        Ok(Self {
            protocol,
            host: origin.hostname().to_owned(),
            port: origin.port(),
        })
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.protocol {
            Protocol::Http => "http",
            Protocol::Https => "https",
            Protocol::H2c => "h2c",
        };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

impl Serialize for Upstream {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Upstream {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_upstream() {
        for (text, shown) in [
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://wiki.internal/", "http://wiki.internal:80"),
            ("https://wiki.internal", "https://wiki.internal:443"),
            ("h2c://[::1]:50051", "h2c://[::1]:50051"),
        ] {
            let upstream: Upstream = text.parse().unwrap();
            assert_eq!(upstream.to_string(), shown);
        }
    }

    #[test]
    fn what_is_none() {
        for (text, error) in [
            ("127.0.0.1:3000", UpstreamError::Scheme),
            ("ftp://127.0.0.1", UpstreamError::Scheme),
            ("http://127.0.0.1:3000/wiki", UpstreamError::Trailing),
            ("http://user@wiki", UpstreamError::Trailing),
            ("http://", UpstreamError::Address),
            ("http://wiki:0", UpstreamError::Address),
            ("h2c://[::1]", UpstreamError::Address),
            ("http://a\" }", UpstreamError::Address),
        ] {
            assert_eq!(text.parse::<Upstream>(), Err(error), "{text}");
        }
    }
}
