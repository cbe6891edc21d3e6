//! `GET /dashboard/proxies/one?credential=…&instance=…`: one proxy.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::allowed::Allowed;
use super::super::shell::Shell;
use super::row::Row;
use super::{Which, find};
use crate::api::administrator::Scope;
use crate::service::Service;
use crate::team_domain::page::failure::Failure;

#[derive(Template)]
#[template(path = "dashboard/proxies/one.html")]
struct OneTemplate {
    shell: Shell,
    one: Row,
    newest: u64,
}

/// `GET /dashboard/proxies/one`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(which) = which.map_err(|_| Failure::BadQuery)?;
    let storage = &service.storage;
    service.proxies.write(storage, &service.notifier).await?;
    let newest = storage.newest_version().await?;
    let found = find(&service, &which).await?;
    let page = OneTemplate {
        shell: person.shell(),
        one: Row::of(&found, newest, person.may(Scope::ProxiesWrite)),
        newest,
    };
    person.respond(StatusCode::OK, &page)
}
