//! `GET /dashboard/settings/filter-credentials`: what filters follow the feed with, the oldest first.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::super::allowed::Allowed;
use super::super::super::shell::Shell;
use super::super::super::shown::Shown;
use super::super::shown;
use crate::administration::filter_credentials::{KnownCredential, all};
use crate::api::scope::Scope;
use crate::service::Service;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::time::ShownTime;

#[derive(Template)]
#[template(path = "dashboard/settings/filter_credentials.html")]
struct ListTemplate {
    shell: Shell,
    may_make: bool,
    may_revoke: bool,
    credentials: Vec<Row>,
}

struct Row {
    id: String,
    name: Shown,
    applications: Shown,
    live_proxies: u64,
    made: ShownTime,
    used: Option<ShownTime>,
}

/// `GET /dashboard/settings/filter-credentials`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
) -> Result<Response, Failure> {
    let credentials = all(&service).await?;
    let page = ListTemplate {
        shell: person.shell(),
        may_make: person.may(Scope::CredentialsWrite),
        may_revoke: person.may(Scope::CredentialsRevoke),
        credentials: credentials.into_iter().map(Row::of).collect(),
    };
    person.respond(StatusCode::OK, &page)
}

impl Row {
    fn of(known: KnownCredential) -> Self {
        let credential = known.credential;
        let applications = known.applications.map(|names| names.join(", "));
        Self {
            name: Shown::new(&credential.name),
            applications: applications.unwrap_or_else(|| "all".to_owned()).into(),
            live_proxies: known.live_proxies,
            made: ShownTime::at(credential.created_at),
            used: shown(credential.last_used_at),
            id: credential.id,
        }
    }
}
