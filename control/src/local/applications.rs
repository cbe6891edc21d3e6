//! The applications of a local deployment. They are added and changed by the same calls as those of
//! `application add` and `application set`; one that is not named any more stays, until it is
//! removed.

use portcullis::protocol::origin::Origin;
use portcullis::protocol::origin_pattern::OriginPattern;
use serde::Serialize;
use serde_json::{Value, json};

use super::error::LocalError;
use super::hostname::TEAM_HOST;
use crate::applications::{Application, Draft, Location};
use crate::cli::client::Client;
use crate::envoy_config::Guarded;
use crate::service::Service;

/// An application to guard.
#[derive(Debug, Clone)]
pub struct LocalApplication {
    /// Its name.
    pub name: String,
    /// The settings that it has at every start.
    pub settings: Draft,
    /// More settings for the first start. What is changed later stays.
    pub first: Draft,
}

/// An application that Envoy serves.
#[derive(Debug, Clone, Serialize)]
pub struct Served {
    /// Its name.
    pub name: String,
    /// Where it is reached.
    pub address: String,
    /// The server behind Envoy.
    pub upstream: String,
}

/// Adds each application, or changes it to what is wanted now.
pub(super) async fn apply(
    service: &Service,
    client: &Client,
    applications: &[LocalApplication],
) -> Result<(), LocalError> {
    for application in applications {
        let name = &application.name;
        let settings = application.settings.clone();
        let done: Result<Value, _> = match service.storage.application_named(name).await? {
            Some(_) => {
                let request = json!({ "name": name, "changes": settings });
                client.post("/applications/set", &request).await
            }
            None => {
                let mut draft = settings.over(application.first.clone());
                draft.name = Some(name.clone());
                client.post("/applications", &draft).await
            }
        };
        done.map_err(|source| LocalError::Application {
            name: name.clone(),
            source,
        })?;
    }
    Ok(())
}

/// What Envoy serves of all applications that exist.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub guarded: Vec<Guarded>,
    pub served: Vec<Served>,
    /// Names of applications that cannot be served.
    pub left_out: Vec<String>,
}

impl Selection {
    /// Every hostname of the certificate, once.
    pub fn hostnames(&self) -> Vec<&str> {
        let places = self.guarded.iter().flat_map(|one| &one.places);
        let mut hostnames: Vec<&str> = places.map(|place| place.origin().hostname()).collect();
        hostnames.push(TEAM_HOST);
        hostnames.sort_unstable();
        hostnames.dedup();
        hostnames
    }
}

/// Selects the applications that have a server and an address that leads to this Envoy.
pub(super) fn select(applications: &[Application], team_domain: &Origin) -> Selection {
    let mut selection = Selection::default();
    for application in applications {
        let definition = &application.definition;
        let places = definition.origins.iter();
        let places: Vec<Location> = places
            .filter(|place| is_here(place.origin(), team_domain))
            .cloned()
            .collect();
        let (Some(upstream), Some(first)) = (&definition.upstream, places.first()) else {
            selection.left_out.push(definition.name.clone());
            continue;
        };
        selection.served.push(Served {
            name: definition.name.clone(),
            address: first.to_string(),
            upstream: upstream.to_string(),
        });
        selection.guarded.push(Guarded {
            name: definition.name.clone(),
            audience: application.audience.clone(),
            upstream: upstream.clone(),
            places,
        });
    }
    selection
}

/// Whether an origin leads to this Envoy, with a certificate that browsers take.
fn is_here(origin: &OriginPattern, team_domain: &Origin) -> bool {
    origin.is_https()
        && origin.port() == team_domain.port()
        && origin.hostname().ends_with(".localhost")
}
