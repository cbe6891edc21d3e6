//! Envoy's clusters: the servers behind it.

use std::net::SocketAddr;

use super::hosts::Guarded;
use super::quoted::{one_line, quoted};
use crate::applications::{Protocol, Upstream};

/// A cluster as the template writes it.
pub(super) struct Cluster {
    pub purpose: String,
    pub name: String,
    pub endpoint: Endpoint,
    pub is_tls: bool,
    /// The field that chooses the protocol in Envoy's `HttpProtocolOptions`.
    pub protocol: &'static str,
}

/// Where a cluster's server is.
pub(super) struct Endpoint {
    /// Envoy's cluster type.
    pub discovery: &'static str,
    pub host: String,
    pub port: u16,
}

impl Cluster {
    /// The cluster of an application.
    pub fn of(application: &Guarded) -> Self {
        Self::new(
            format!("The application {}.", one_line(&application.name)),
            &application.cluster(),
            &application.upstream,
        )
    }

    /// The cluster of the hosts that no application names.
    pub fn of_other_hosts(upstream: &Upstream) -> Self {
        Self::new("Every other host.".to_owned(), "other_hosts", upstream)
    }

    fn new(purpose: String, name: &str, upstream: &Upstream) -> Self {
        Self {
            purpose,
            name: quoted(name),
            endpoint: Endpoint::of(upstream),
            is_tls: upstream.protocol() == Protocol::Https,
            protocol: match upstream.protocol() {
                Protocol::Http => "explicit_http_config: { http_protocol_options: {} }",
                Protocol::Https => {
                    "auto_config: { http_protocol_options: {}, http2_protocol_options: {} }"
                }
                Protocol::H2c => "explicit_http_config: { http2_protocol_options: {} }",
            },
        }
    }
}

impl Endpoint {
    /// The server of an application: addresses are used as they are, names are looked up.
    pub fn of(upstream: &Upstream) -> Self {
        Self {
            discovery: if upstream.is_address() {
                "STATIC"
            } else {
                "STRICT_DNS"
            },
            host: quoted(upstream.host()),
            port: upstream.port(),
        }
    }

    /// A server at an address.
    pub fn at(address: SocketAddr) -> Self {
        Self {
            discovery: "STATIC",
            host: quoted(&address.ip().to_string()),
            port: address.port(),
        }
    }
}
