//! `GET /dashboard/settings/sessions`: how long sign-ins last, and the danger zone.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::super::allowed::Allowed;
use super::super::super::shell::Shell;
use crate::api::scope::Scope;
use crate::service::Service;
use crate::sessions::durations::to_text;
use crate::team_domain::page::failure::Failure;

#[derive(Template)]
#[template(path = "dashboard/settings/sessions.html")]
struct SessionsTemplate {
    shell: Shell,
    global_duration: String,
    block: String,
    passwords: bool,
    may_end: bool,
}

/// `GET /dashboard/settings/sessions`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
) -> Result<Response, Failure> {
    let sessions = &service.config.sessions;
    let page = SessionsTemplate {
        shell: person.shell(),
        global_duration: match sessions.global_duration {
            None => "as the session of the application through which the sign-in began".to_owned(),
            Some(duration) if duration.is_zero() => "0: every sign-in asks".to_owned(),
            Some(duration) => to_text(duration),
        },
        block: to_text(sessions.login_block_after_revoke),
        passwords: service.config.sign_in.passwords,
        may_end: person.may(Scope::UsersRevoke),
    };
    person.respond(StatusCode::OK, &page)
}
