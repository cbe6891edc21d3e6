//! How requests leave: over TLS, to this machine.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::Certificate;
use reqwest::blocking::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;

/// Longer than anything takes that works.
const LIMIT: Duration = Duration::from_secs(30);

/// A client that trusts one authority, follows nothing by itself and keeps no cookies.
pub(super) fn client(authority: &Path) -> Result<Client> {
    let pem =
        fs::read(authority).with_context(|| format!("cannot read {}", authority.display()))?;
    Ok(Client::builder()
        .tls_certs_only([Certificate::from_pem(&pem)?])
        .dns_resolver(Arc::new(Loopback))
        .no_proxy()
        .redirect(Policy::none())
        .timeout(LIMIT)
        .build()?)
}

/// Every name is this machine: browsers know that of `*.localhost` (RFC 6761, section 6.3), the
/// system's resolver often does not.
struct Loopback;

impl Resolve for Loopback {
    fn resolve(&self, _name: Name) -> Resolving {
        let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let addresses: Addrs = Box::new(std::iter::once(here));
        Box::pin(std::future::ready(Ok(addresses)))
    }
}
