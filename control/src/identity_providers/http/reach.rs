//! Whether a URL may be called for a provider, judged by the configured issuer: before the call by
//! the URL's text, and at the connection by the address that is connected to.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::{Host, Zone};

const LOCAL: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
];

/// What a provider with this issuer may make the service call:
///
/// - by https; by http only on this machine, if the issuer is on this machine as well;
/// - the issuer's own host, and every host with a public address;
/// - addresses of another zone only if the issuer has an address of that zone.
#[derive(Debug, Clone)]
pub struct Reach(Arc<Issuer>);

#[derive(Debug)]
struct Issuer {
    host: Host,
    is_https: bool,
}

/// A name or an address leads to where the provider may not lead.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the address is not one that this provider may use")]
pub struct Forbidden;

impl Reach {
    /// The reach of a checked issuer.
    #[must_use]
    pub fn of(issuer: &Url) -> Self {
        let host = Host::of(issuer).unwrap_or(Host::ThisMachine);
        Self(Arc::new(Issuer {
            host,
            is_https: issuer.scheme() == "https",
        }))
    }

    /// What is wrong with a URL of this provider, as far as its text says.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check_text(&self, url: &Url) -> Result<(), &'static str> {
        let host = Host::of(url).ok_or("has no host")?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("has a user name or password in it");
        }
        let here = host.is_this_machine();
        if here && !self.0.host.is_this_machine() {
            return Err("is on this machine, and the issuer is not");
        }
        match url.scheme() {
            "https" => Ok(()),
            // A provider that is called by https does not lead to http, not even here.
            "http" if here && !self.0.is_https => Ok(()),
            _ => Err("must be https"),
        }
    }

    /// Whether an address that a URL names may be called. Names are judged when they are resolved.
    ///
    /// # Errors
    /// When it may not.
    pub async fn check_literal(&self, url: &Url) -> Result<(), Forbidden> {
        match Host::of(url) {
            Some(Host::Address(address)) => {
                let allowed = self.allowed(&Host::Address(address), &[address]).await;
                if allowed.is_empty() {
                    return Err(Forbidden);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Those of a host's addresses that may be called.
    async fn allowed(&self, host: &Host, addresses: &[IpAddr]) -> Vec<IpAddr> {
        let own = *host == self.0.host;
        let zones = addresses.iter().map(|address| Zone::of(*address));
        let of_issuer = if own || zones.into_iter().all(|zone| zone == Zone::Public) {
            Vec::new()
        } else {
            let addresses = resolve(&self.0.host).await.unwrap_or_default();
            addresses.into_iter().map(Zone::of).collect()
        };
        let allowed = |zone: Zone| match zone {
            Zone::Unusable => false,
            Zone::Public => true,
            Zone::Private | Zone::LinkLocal | Zone::Loopback => own || of_issuer.contains(&zone),
        };
        let mut addresses = addresses.to_vec();
        addresses.retain(|address| allowed(Zone::of(*address)));
        addresses
    }
}

impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.clone();
        Box::pin(async move {
            let host = Host::parse(name.as_str());
            let found = resolve(&host).await?;
            let allowed = reach.allowed(&host, &found).await;
            if allowed.is_empty() {
                return Err(Forbidden.into());
            }
            // The port is the URL's.
            let addresses = allowed
                .into_iter()
                .map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

async fn resolve(host: &Host) -> Result<Vec<IpAddr>, Box<dyn Error + Send + Sync>> {
    match host {
        Host::ThisMachine => Ok(LOCAL.to_vec()),
        Host::Address(address) => Ok(vec![*address]),
        Host::Name(name) => {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &str = "https://8.8.8.8/";

    fn reach(issuer: &str) -> Reach {
        Reach::of(&Url::parse(issuer).unwrap())
    }

    #[test]
    fn the_text_of_a_url_is_judged_by_the_issuer() {
        for (issuer, url, allowed) in [
            (PUBLIC, "https://login.example.com/token", true),
            (PUBLIC, "http://login.example.com/token", false),
            (PUBLIC, "https://localhost/token", false),
            (PUBLIC, "https://127.0.0.1/token", false),
            (PUBLIC, "https://[::1]/token", false),
            (PUBLIC, "https://[::ffff:127.0.0.1]/token", false),
            (PUBLIC, "https://user@login.example.com/", false),
            (PUBLIC, "file:///etc/passwd", false),
            ("http://localhost:9", "http://127.0.0.1:8/token", true),
            ("http://localhost:9", "http://sso.localhost/token", true),
            ("http://localhost:9", "http://10.0.0.1/token", false),
            ("http://localhost:9", "https://login.example.com/", true),
            ("https://localhost:9", "http://localhost:8/token", false),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(reach(issuer).check_text(&url).is_ok(), allowed, "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_is_judged_by_the_addresses_that_it_resolves_to() {
        let name = Host::Name("keys.example.com".to_owned());
        for (issuer, found, allowed) in [
            (PUBLIC, "1.1.1.1", true),
            (PUBLIC, "127.0.0.1", false),
            (PUBLIC, "10.0.0.7", false),
            (PUBLIC, "169.254.169.254", false),
            (PUBLIC, "::ffff:169.254.169.254", false),
            (PUBLIC, "fd00::7", false),
            ("https://10.0.0.1/", "10.9.9.9", true),
            ("https://10.0.0.1/", "fd00::7", true),
            ("https://10.0.0.1/", "169.254.169.254", false),
            ("https://10.0.0.1/", "127.0.0.1", false),
            ("https://10.0.0.1/", "0.0.0.0", false),
            ("http://localhost:9", "127.0.0.1", true),
            ("http://localhost:9", "10.0.0.7", false),
        ] {
            let addresses = [found.parse().unwrap()];
            let kept = reach(issuer).allowed(&name, &addresses).await;
            assert_eq!(!kept.is_empty(), allowed, "{issuer} {found}");
        }
        // Of several addresses only those are called that may be.
        let both = ["1.1.1.1", "127.0.0.1"].map(|text| text.parse().unwrap());
        let kept = reach(PUBLIC).allowed(&name, &both).await;
        assert_eq!(kept, both[..1]);
        // The issuer's own name leads where the administrator wants.
        let own = Reach::of(&Url::parse("https://sso.corp.example/").unwrap());
        let host = Host::Name("sso.corp.example".to_owned());
        let inside = ["10.0.0.7".parse().unwrap()];
        assert_eq!(own.allowed(&host, &inside).await, inside);
    }
}
