//! `GET /dashboard/sessions/{id}/end` asks, the POST ends a global session.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::fields::Fields;
use super::super::fresh::Fresh;
use super::super::revocations;
use super::super::shell::Shell;
use super::row::Row;
use crate::administration::sessions::end_session;
use crate::service::Service;
use crate::team_domain::page::failure::Failure;

#[derive(Template)]
#[template(path = "dashboard/sessions/end.html")]
struct EndTemplate {
    shell: Shell,
    session: Row,
}

/// `GET /dashboard/sessions/{id}/end`.
pub async fn ask(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let person = fresh.person();
    let found = service.storage.listed_session(&id, service.now()).await?;
    let page = EndTemplate {
        shell: person.shell(),
        session: Row::of(&found.ok_or(Failure::NotFound)?, person.session()),
    };
    person.respond(StatusCode::OK, &page)
}

/// `POST /dashboard/sessions/{id}/end`.
pub async fn end(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let by = fresh.person().acting(&fields);
    let ended = end_session(&service, &by, &id).await?;
    let version = ended.ok_or(Failure::NotFound)?;
    revocations::made(version)
}
