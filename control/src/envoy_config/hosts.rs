//! Envoy's virtual hosts: one for each hostname, with a route for each application there.

use std::collections::{BTreeMap, BTreeSet};

use portcullis::protocol::origin::Origin;

use super::quoted::quoted;
use crate::applications::{Location, Upstream};

/// An application and the server behind Envoy.
#[derive(Debug, Clone)]
pub struct Guarded {
    /// Its name.
    pub name: String,
    /// Its audience, of which the cluster's name is made: names of applications are for people.
    pub audience: String,
    /// Where it is reached.
    pub places: Vec<Location>,
    /// The server.
    pub upstream: Upstream,
}

/// Why applications do not fit together.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostsError {
    /// An application claims the team domain's hostname.
    #[error("the application {0} has the team domain's hostname: Envoy leads it to the sign-in")]
    TeamDomain(String),
    /// Two applications claim the same path of a hostname, on different ports.
    #[error(
        "{first} and {second} are both at {place}, on different ports: Envoy listens on one port, \
         so give them hostnames of their own"
    )]
    SamePlace {
        /// One.
        first: String,
        /// The other.
        second: String,
        /// Hostname and path.
        place: String,
    },
}

/// A hostname.
#[derive(Debug)]
pub(super) struct VirtualHost {
    pub name: String,
    pub domains: String,
    /// The same where plain HTTP is redirected.
    pub plain_domains: String,
    /// The longest path first: Envoy takes the first that fits.
    pub routes: Vec<Route>,
}

/// A path of a hostname.
#[derive(Debug)]
pub(super) struct Route {
    pub matching: &'static str,
    pub path: String,
    pub cluster: String,
}

impl Guarded {
    /// The name of its cluster.
    #[must_use]
    pub fn cluster(&self) -> String {
        format!(
            "application_{}",
            self.audience.get(..16).unwrap_or(&self.audience)
        )
    }
}

/// Wildcards, each with the ports of its places.
#[derive(Debug, Default)]
pub(super) struct Wildcards(BTreeMap<String, BTreeSet<u16>>);

impl Wildcards {
    /// The wildcards of applications.
    pub fn of(applications: &[Guarded]) -> Self {
        let mut ports: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        let places = applications.iter().flat_map(|one| &one.places);
        for origin in places.map(Location::origin) {
            if origin.domain().is_some() {
                let hostname = origin.hostname().to_owned();
                ports.entry(hostname).or_default().insert(origin.port());
            }
        }
        Self(ports)
    }

    /// The domains of a hostname's virtual host, for any port.
    ///
    /// A client sends the port that it connected to, which need not be the one where Envoy listens.
    /// A domain has one `*` at most, so a wildcard needs its ports. Envoy prefers
    /// `*.example.com:8443` to `a.example.com:*`, so an exact hostname below it needs them too.
    pub fn domains(&self, hostname: &str) -> String {
        match self.0.get(hostname) {
            Some(ports) => joined(hostname, ports),
            None => {
                let above = self.0.iter().filter(|(wildcard, _)| {
                    let domain = wildcard.strip_prefix('*').unwrap_or(wildcard);
                    hostname.ends_with(domain)
                });
                let ports: BTreeSet<u16> = above.flat_map(|(_, ports)| ports).copied().collect();
                format!(
                    "{}, {}",
                    joined(hostname, &ports),
                    quoted(&format!("{hostname}:*"))
                )
            }
        }
    }

    /// The domains where plain HTTP is redirected on a port. All hostnames share a virtual host.
    pub fn plain_domains(&self, hostname: &str, port: Option<u16>) -> String {
        if self.0.contains_key(hostname) {
            joined(hostname, &port.into_iter().collect())
        } else {
            format!("{}, {}", quoted(hostname), quoted(&format!("{hostname}:*")))
        }
    }
}

fn joined(hostname: &str, ports: &BTreeSet<u16>) -> String {
    let with_ports = ports.iter().map(|port| format!("{hostname}:{port}"));
    let domains = std::iter::once(hostname.to_owned()).chain(with_ports);
    let domains: Vec<String> = domains.map(|domain| quoted(&domain)).collect();
    domains.join(", ")
}

/// The virtual hosts of applications.
pub(super) fn virtual_hosts(
    applications: &[Guarded],
    team_domain: &Origin,
    redirect_port: Option<u16>,
) -> Result<Vec<VirtualHost>, HostsError> {
    let wildcards = Wildcards::of(applications);
    let mut hosts: BTreeMap<&str, BTreeMap<&str, &Guarded>> = BTreeMap::new();
    for application in applications {
        for place in &application.places {
            let hostname = place.origin().hostname();
            if hostname == team_domain.hostname() {
                return Err(HostsError::TeamDomain(application.name.clone()));
            }
            let path = place.path_prefix().unwrap_or_default();
            let other = hosts.entry(hostname).or_default().insert(path, application);
            if let Some(other) = other.filter(|other| other.audience != application.audience) {
                return Err(HostsError::SamePlace {
                    first: other.name.clone(),
                    second: application.name.clone(),
                    place: format!("{hostname}{path}"),
                });
            }
        }
    }
    Ok(hosts
        .iter()
        .map(|(hostname, paths)| VirtualHost {
            name: quoted(hostname),
            domains: wildcards.domains(hostname),
            plain_domains: wildcards.plain_domains(hostname, redirect_port),
            routes: routes(paths),
        })
        .collect())
}

fn routes(paths: &BTreeMap<&str, &Guarded>) -> Vec<Route> {
    let mut paths: Vec<_> = paths.iter().collect();
    paths.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
    paths
        .into_iter()
        .map(|(path, application)| Route {
            // Whole segments, as the filter matches them: `/wiki` is not `/wikipedia`.
            matching: if path.is_empty() {
                "prefix"
            } else {
                "path_separated_prefix"
            },
            path: if path.is_empty() {
                quoted("/")
            } else {
                quoted(path)
            },
            cluster: quoted(&application.cluster()),
        })
        .collect()
}

/// A regular expression for the `:authority` of a hostname, with or without port.
pub(super) fn authority_pattern(hostname: &str) -> String {
    format!("^{}(:[0-9]+)?$", hostname.replace('.', "\\."))
}
