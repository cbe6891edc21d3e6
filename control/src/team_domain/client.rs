//! The client that sent a request.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ipnet::IpNet;

use crate::audit::source::{Source, request_id};
use crate::service::Service;
use crate::sessions::client_description::ClientDescription;

const FORWARDED: &str = "x-forwarded-for";

/// A request's client.
pub struct Client<'a> {
    /// The other end of the connection, possibly a proxy.
    pub peer: SocketAddr,
    /// The request's headers.
    pub headers: &'a HeaderMap,
}

impl Client<'_> {
    /// Its address, behind the trusted proxies of the configuration.
    pub fn address(&self, service: &Service) -> IpAddr {
        let trusted = &service.config.server.trusted_proxies;
        client_address(self.peer.ip(), self.headers, trusted)
    }

    /// Where the request came from, for the audit log.
    pub fn source(&self, service: &Service) -> Source {
        Source {
            address: Some(self.address(service)),
            user_agent: self.description(service).user_agent,
            request_id: request_id(self.headers),
        }
    }

    /// A description of it, for the user.
    pub fn description(&self, service: &Service) -> ClientDescription {
        ClientDescription::of(self.headers, self.address(service))
    }
}

impl FromRequestParts<Arc<Service>> for Source {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, Infallible> {
        let headers = &parts.headers;
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(match peer.map(|ConnectInfo(peer)| *peer) {
            Some(peer) => Client { peer, headers }.source(service),
            // The control socket.
            None => Self {
                request_id: request_id(headers),
                ..Self::default()
            },
        })
    }
}

/// The peer's address or, if the peer is a trusted proxy, the rightmost address in
/// `x-forwarded-for` that is not a trusted proxy. Anybody could have written what stands further
/// left.
fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let peer = peer.to_canonical();
    if !is_trusted(&peer) {
        return peer;
    }
    let mut client = peer;
    for line in headers.get_all(FORWARDED).iter().rev() {
        for hop in line.to_str().unwrap_or("").rsplit(',') {
            let Ok(address) = hop.trim().parse::<IpAddr>() else {
                return client;
            };
            client = address.to_canonical();
            if !is_trusted(&client) {
                return client;
            }
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED, line.parse().unwrap());
        }
        let trusted = [
            "127.0.0.1/32".parse().unwrap(),
            "10.0.0.0/8".parse().unwrap(),
        ];
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(client("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("127.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(
            client("::ffff:127.0.0.1", &["198.51.100.7"]),
            "198.51.100.7"
        );
        assert_eq!(
            client("127.0.0.1", &["203.0.113.9, 198.51.100.7, 10.1.2.3"]),
            "198.51.100.7"
        );
        assert_eq!(
            client("127.0.0.1", &["203.0.113.9", "198.51.100.7, 10.1.2.3"]),
            "198.51.100.7"
        );
        assert_eq!(client("127.0.0.1", &["203.0.113.9, nonsense"]), "127.0.0.1");
        assert_eq!(client("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(client("127.0.0.1", &["10.0.0.2"]), "10.0.0.2");
    }
}
