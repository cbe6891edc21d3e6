//! `GET /dashboard/applications/{audience}/revoke` asks, the POST revokes: Revoke existing tokens.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::fields::Fields;
use super::super::fresh::Fresh;
use super::super::revocations;
use super::super::shell::Shell;
use super::super::shown::Shown;
use super::find;
use crate::administration::applications::revoke_tokens;
use crate::service::Service;
use crate::team_domain::page::failure::Failure;

#[derive(Template)]
#[template(path = "dashboard/applications/revoke.html")]
struct RevokeTemplate {
    shell: Shell,
    name: Shown,
    audience: String,
}

/// `GET /dashboard/applications/{audience}/revoke`.
pub async fn ask(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(audience): Path<String>,
) -> Result<Response, Failure> {
    let person = fresh.person();
    let application = find(&service, &audience).await?;
    let page = RevokeTemplate {
        shell: person.shell(),
        name: Shown::new(&application.definition.name),
        audience: application.audience,
    };
    person.respond(StatusCode::OK, &page)
}

/// `POST /dashboard/applications/{audience}/revoke`.
pub async fn revoke(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(audience): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let fresh_login = match fields.text("then") {
        "sign_in" => true,
        "come_back" => false,
        _ => return Err(Failure::BadForm),
    };
    let application = find(&service, &audience).await?;
    let by = fresh.person().acting(&fields);
    let version = revoke_tokens(&service, &by, &application, fresh_login).await?;
    revocations::made(version)
}
