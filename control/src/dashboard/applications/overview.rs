//! `GET /dashboard/applications/{audience}`: Edit › Overview.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use portcullis::protocol::calls::SameSite;

use super::super::allowed::Allowed;
use super::super::shell::Shell;
use super::super::shown::Shown;
use super::find;
use crate::api::scope::Scope;
use crate::applications::Application;
use crate::service::Service;
use crate::sessions::durations::to_text;
use crate::team_domain::page::failure::Failure;

#[derive(Template)]
#[template(path = "dashboard/applications/overview.html")]
struct OverviewTemplate {
    shell: Shell,
    name: Shown,
    audience: String,
    origins: Vec<Shown>,
    is_declared: bool,
    durations: String,
    http_only: bool,
    binding_cookie: bool,
    same_site: &'static str,
    may_revoke: bool,
}

/// `GET /dashboard/applications/{audience}`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    Path(audience): Path<String>,
) -> Result<Response, Failure> {
    let application = find(&service, &audience).await?;
    let definition = &application.definition;
    let page = OverviewTemplate {
        shell: person.shell(),
        name: Shown::new(&definition.name),
        origins: definition
            .origins
            .iter()
            .map(|origin| Shown::new(&origin.to_string()))
            .collect(),
        is_declared: application.declared,
        durations: durations(&service, &application),
        http_only: definition.cookie.http_only,
        binding_cookie: definition.binding_cookie,
        same_site: match definition.cookie.same_site {
            SameSite::None => "None",
            SameSite::Lax => "Lax",
            SameSite::Strict => "Strict",
        },
        may_revoke: person.may(Scope::ApplicationsRevoke),
        audience: application.audience,
    };
    person.respond(StatusCode::OK, &page)
}

/// Both durations in one sentence.
fn durations(service: &Service, application: &Application) -> String {
    let own = application.definition.session_duration();
    let global = service.config.sessions.global_duration;
    if global.is_some_and(|global| global.is_zero()) {
        return format!(
            "People sign in once every {}, whenever their session here ends.",
            to_text(own)
        );
    }
    if own.is_zero() {
        let global = global.map_or_else(String::new, |global| {
            format!(" People sign in once every {}.", to_text(global))
        });
        return format!("Every page load looks at session, user and policy again.{global}");
    }
    let own = to_text(own);
    match global {
        Some(global) => format!(
            "People sign in once every {}; in between, the session here renews itself every {own}.",
            to_text(global)
        ),
        None => format!(
            "The session here renews itself every {own}, while the global session lasts: as long as the \
             session of the application through which somebody signed in."
        ),
    }
}
