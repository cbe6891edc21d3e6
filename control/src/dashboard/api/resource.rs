//! `GET /dashboard/api/{resource}`: the calls of one resource.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::allowed::Allowed;
use super::super::shell::Shell;
use super::call::Call;
use super::schema::{Explained, explained};
use crate::api::calls::document;
use crate::api::description::{operations, resource_of};
use crate::service::Service;
use crate::team_domain::page::failure::Failure;

#[derive(Template)]
#[template(path = "dashboard/api/resource.html")]
struct ResourceTemplate {
    shell: Shell,
    name: String,
    calls: Vec<Call>,
    schemas: Vec<Explained>,
}

/// `GET /dashboard/api/{resource}`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let paths = document().paths.paths.iter();
    let of_resource = paths.filter(|(path, _)| resource_of(path) == name);
    let calls = of_resource.flat_map(|(path, item)| {
        let calls = operations(item);
        calls.map(move |(method, operation)| (method, path.as_str(), operation))
    });
    let calls: Vec<Call> = calls
        .map(|call| Call::of(call, &service.team_domain))
        .collect();
    if calls.is_empty() {
        return Err(Failure::NotFound);
    }
    let names = calls.iter().flat_map(|call| call.schemas.clone());
    let mut names: Vec<String> = names.collect();
    // The page of all calls explains it.
    names.retain(|name| name != "Problem");
    let components = document().components.as_ref();
    let schemas = components.map_or_else(Vec::new, |all| explained(names, &all.schemas));
    let page = ResourceTemplate {
        shell: person.shell(),
        name,
        calls,
        schemas,
    };
    person.respond(StatusCode::OK, &page)
}
