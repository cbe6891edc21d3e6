//! `GET /dashboard/settings/admin-tokens`: with what programs administer, the oldest first.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use portcullis::time::UnixSeconds;

use super::super::super::allowed::Allowed;
use super::super::super::done::Done;
use super::super::super::shell::Shell;
use super::super::super::shown::Shown;
use super::super::{End, shown};
use crate::api::scope::Scope;
use crate::service::Service;
use crate::storage::AdminToken;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::time::ShownTime;

#[derive(Template)]
#[template(path = "dashboard/settings/admin_tokens.html")]
struct ListTemplate {
    shell: Shell,
    is_revoked: bool,
    may_make: bool,
    may_revoke: bool,
    tokens: Vec<Row>,
}

struct Row {
    id: String,
    name: Shown,
    scopes: String,
    made: ShownTime,
    used: Option<ShownTime>,
    ends: End,
}

/// `GET /dashboard/settings/admin-tokens`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    Query(done): Query<Done>,
) -> Result<Response, Failure> {
    let tokens = service.storage.admin_tokens().await?;
    let now = service.now();
    let page = ListTemplate {
        shell: person.shell(),
        is_revoked: done.done == "revoked",
        may_make: person.may(Scope::RolesWrite),
        may_revoke: person.may(Scope::CredentialsRevoke),
        tokens: tokens
            .into_iter()
            .map(|token| Row::of(token, now))
            .collect(),
    };
    person.respond(StatusCode::OK, &page)
}

impl Row {
    fn of(token: AdminToken, now: UnixSeconds) -> Self {
        Self {
            name: Shown::new(&token.name),
            scopes: token.scopes.join(", "),
            made: ShownTime::at(token.created_at),
            used: shown(token.last_used_at),
            ends: End::of(token.expires_at, now),
            id: token.id,
        }
    }
}
