//! `GET /dashboard/api`: all calls, and what they have in common.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use utoipa::openapi::RefOr;

use super::super::allowed::Allowed;
use super::super::shell::Shell;
use super::call::scopes;
use super::prose::Prose;
use super::schema::{Explained, explained};
use crate::api::PATH;
use crate::api::calls::document;
use crate::api::description::{operations, resource_of};
use crate::service::Service;
use crate::team_domain::page::failure::Failure;

#[derive(Template)]
#[template(path = "dashboard/api/index.html")]
struct IndexTemplate {
    shell: Shell,
    team_domain: String,
    path: &'static str,
    resources: Vec<Resource>,
    refusals: Vec<Prose>,
    schemas: Vec<Explained>,
}

struct Resource {
    name: &'static str,
    text: Prose,
    calls: Vec<Row>,
}

struct Row {
    method: Method,
    path: &'static str,
    id: &'static str,
    scopes: String,
    summary: Prose,
}

/// `GET /dashboard/api`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
) -> Result<Response, Failure> {
    let components = document().components.as_ref();
    let refusals = components
        .into_iter()
        .flat_map(|all| all.responses.values());
    let refusals = refusals.filter_map(|refusal| match refusal {
        RefOr::T(refusal) => Some(Prose::of(Some(&refusal.description))),
        RefOr::Ref(_) => None,
    });
    let problem = vec!["Problem".to_owned()];
    let page = IndexTemplate {
        shell: person.shell(),
        team_domain: service.team_domain.to_string(),
        path: PATH,
        resources: resources(),
        refusals: refusals.collect(),
        schemas: components.map_or_else(Vec::new, |all| explained(problem, &all.schemas)),
    };
    person.respond(StatusCode::OK, &page)
}

fn resources() -> Vec<Resource> {
    let tags = document().tags.iter().flatten();
    let resource = |tag: &'static utoipa::openapi::tag::Tag| Resource {
        name: &tag.name,
        text: Prose::of(tag.description.as_deref()),
        calls: rows(&tag.name),
    };
    tags.map(resource).collect()
}

fn rows(resource: &str) -> Vec<Row> {
    let calls = document().paths.paths.iter();
    let calls = calls.filter(|(path, _)| resource_of(path) == resource);
    let rows = calls.flat_map(|(path, item)| {
        operations(item).map(move |(method, operation)| Row {
            method,
            path,
            id: operation.operation_id.as_deref().unwrap_or_default(),
            scopes: scopes(operation).join(", "),
            summary: Prose::of(operation.summary.as_deref()),
        })
    });
    rows.collect()
}
