//! `GET /dashboard/settings/about`: what this service is, and where it keeps what.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::allowed::Allowed;
use super::super::shell::Shell;
use crate::service::Service;
use crate::sessions::durations::to_text;
use crate::team_domain::page::failure::Failure;

#[derive(Template)]
#[template(path = "dashboard/settings/about.html")]
struct AboutTemplate {
    shell: Shell,
    version: &'static str,
    team_domain: String,
    database: &'static str,
    epoch: String,
    feed_version: u64,
    retention: Option<String>,
}

/// `GET /dashboard/settings/about`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
) -> Result<Response, Failure> {
    let position = service.storage.position().await?;
    let page = AboutTemplate {
        shell: person.shell(),
        version: env!("CARGO_PKG_VERSION"),
        team_domain: service.team_domain.to_string(),
        database: service.storage.kind_name(),
        epoch: position.epoch,
        feed_version: position.version,
        retention: service.config.audit.retention.map(to_text),
    };
    person.respond(StatusCode::OK, &page)
}
