//! How Envoy reaches a control service on another machine: by TLS, with a certificate of its own.

use std::path::Path;

use super::cluster::Endpoint;
use crate::applications::Upstream;

/// A TLS server in front of both listeners of the control service.
#[derive(Debug)]
pub struct ControlTls<'a> {
    /// Where it is.
    pub server: &'a Upstream,
    /// Who issued its certificate, PEM; the system's authorities by default.
    pub authorities: Option<&'a Path>,
    /// Envoy's own certificate and private key, PEM, if the server asks for one.
    pub client: Option<(&'a Path, &'a Path)>,
}

/// The same as the template writes it.
pub(super) struct TlsSocket {
    pub endpoint: Endpoint,
    /// The name to ask for. An address is never one (RFC 6066, section 3).
    pub server_name: Option<String>,
    /// The kind of name that the server's certificate must have.
    pub name_type: &'static str,
    pub authorities: String,
    pub client: Option<ClientFiles>,
}

/// Paths, quoted.
pub(super) struct ClientFiles {
    pub certificate: String,
    pub key: String,
}

impl TlsSocket {
    /// To a server, with the paths of files, quoted.
    pub fn to(server: &Upstream, authorities: String, client: Option<ClientFiles>) -> Self {
        let endpoint = Endpoint::of(server);
        let is_address = server.is_address();
        Self {
            server_name: (!is_address).then(|| endpoint.host.clone()),
            name_type: if is_address { "IP_ADDRESS" } else { "DNS" },
            endpoint,
            authorities,
            client,
        }
    }
}
