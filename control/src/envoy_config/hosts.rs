//! Envoy's virtual hosts: one for each hostname, with a route for each application there.

use std::collections::BTreeMap;

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

/// The virtual hosts of applications.
pub(super) fn virtual_hosts(
    applications: &[Guarded],
    team_domain: &Origin,
) -> Result<Vec<VirtualHost>, HostsError> {
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
            domains: domains(hostname),
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

/// A hostname with any port: a client sends the port that it connected to, which need not be the
/// one where Envoy listens.
pub(super) fn domains(hostname: &str) -> String {
    format!("{}, {}", quoted(hostname), quoted(&format!("{hostname}:*")))
}

/// A regular expression for the `:authority` of a hostname, with or without port.
pub(super) fn authority_pattern(hostname: &str) -> String {
    format!("^{}(:[0-9]+)?$", hostname.replace('.', "\\."))
}
