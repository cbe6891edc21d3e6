//! `GET /dashboard`: what needs attention, and the first steps until they are done.

mod attention;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use portcullis::time::UnixMillis;

use super::allowed::Allowed;
use super::shell::Shell;
use crate::service::Service;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::time::ShownTime;
use attention::{Attention, attention};

#[derive(Template)]
#[template(path = "dashboard/home.html")]
struct HomeTemplate {
    shell: Shell,
    attention: Vec<Attention>,
    /// When the feed changed last.
    changed: Option<ShownTime>,
    steps: Vec<Step>,
}

/// One of the first steps.
struct Step {
    done: bool,
    what: &'static str,
    /// A command that does it.
    command: &'static str,
}

/// `GET /dashboard`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
) -> Result<Response, Failure> {
    let steps = steps(&service).await?;
    let newest = service.notifier.newest();
    let changed = service.storage.committed_at(newest).await?;
    let page = HomeTemplate {
        shell: person.shell(),
        attention: attention(&service).await?,
        changed: changed.map(UnixMillis::to_seconds).map(ShownTime::at),
        steps: if steps.iter().all(|step| step.done) {
            Vec::new()
        } else {
            steps
        },
    };
    person.respond(StatusCode::OK, &page)
}

async fn steps(service: &Service) -> Result<Vec<Step>, Failure> {
    let applications = service.storage.applications().await?;
    Ok(vec![
        Step {
            done: service.identity_providers.all().next().is_some(),
            what: "Connect an identity provider, in the configuration file",
            command: "portcullis-control provider check",
        },
        Step {
            done: !applications.is_empty(),
            what: "Add an application",
            command: "portcullis-control application add wiki --origin https://wiki.example.com",
        },
        Step {
            done: !service.storage.proxies().await?.is_empty(),
            what: "Let Envoy ask this service",
            command: "portcullis-control envoy-config",
        },
    ])
}
