//! `GET /dashboard/applications/{audience}/policies`: Edit › Policies.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::find;
use super::super::tabs::{Tab, tabs};
use super::rule::RuleDraft;
use super::view::{RuleList, lists};
use crate::dashboard::allowed::Allowed;
use crate::dashboard::shell::Shell;
use crate::dashboard::shown::Shown;
use crate::service::Service;
use crate::team_domain::page::failure::Failure;

#[derive(Template)]
#[template(path = "dashboard/applications/policies/show.html")]
struct ShowTemplate {
    shell: Shell,
    tabs: Vec<Tab>,
    name: Shown,
    audience: String,
    is_declared: bool,
    lists: [RuleList; 2],
}

/// `GET /dashboard/applications/{audience}/policies`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    Path(audience): Path<String>,
) -> Result<Response, Failure> {
    let application = find(&service, &audience).await?;
    let rules = RuleDraft::all_of(&application.definition.policy);
    let page = ShowTemplate {
        shell: person.shell(),
        tabs: tabs(&person, &application.audience),
        name: Shown::new(&application.definition.name),
        is_declared: application.declared,
        lists: lists(&rules),
        audience: application.audience,
    };
    person.respond(StatusCode::OK, &page)
}
