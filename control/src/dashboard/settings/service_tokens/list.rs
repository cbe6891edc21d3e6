//! `GET /dashboard/settings/service-tokens`: programs that applications admit, the oldest first.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use portcullis::protocol::service_token::client_id;
use portcullis::time::UnixSeconds;

use super::super::super::allowed::Allowed;
use super::super::super::done::Done;
use super::super::super::shell::Shell;
use super::super::super::shown::Shown;
use super::super::{End, shown};
use crate::api::scope::Scope;
use crate::service::Service;
use crate::storage::ServiceToken;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::time::ShownTime;

#[derive(Template)]
#[template(path = "dashboard/settings/service_tokens.html")]
struct ListTemplate {
    shell: Shell,
    notice: Option<&'static str>,
    may_write: bool,
    may_revoke: bool,
    tokens: Vec<Row>,
}

struct Row {
    id: String,
    client_id: String,
    name: Shown,
    is_disabled: bool,
    made: ShownTime,
    used: Option<ShownTime>,
    /// Until when the secret before the present one is good.
    old_secret: Option<ShownTime>,
    ends: End,
}

/// `GET /dashboard/settings/service-tokens`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    Query(done): Query<Done>,
) -> Result<Response, Failure> {
    let tokens = service.storage.service_tokens().await?;
    let now = service.now();
    let page = ListTemplate {
        shell: person.shell(),
        notice: (done.done == "enabled").then_some("The service token works again, until its end."),
        may_write: person.may(Scope::CredentialsWrite),
        may_revoke: person.may(Scope::CredentialsRevoke),
        tokens: tokens
            .into_iter()
            .map(|token| Row::of(token, now))
            .collect(),
    };
    person.respond(StatusCode::OK, &page)
}

impl Row {
    fn of(token: ServiceToken, now: UnixSeconds) -> Self {
        let old_secret = token.old_secret.filter(|old| old.until > now);
        Self {
            client_id: client_id(&token.id),
            name: Shown::new(&token.name),
            is_disabled: token.disabled,
            made: ShownTime::at(token.created_at),
            used: shown(token.last_seen_at),
            old_secret: old_secret.map(|old| ShownTime::at(old.until)),
            ends: End::of(token.expires_at, now),
            id: token.id,
        }
    }
}
