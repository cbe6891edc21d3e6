//! `GET /dashboard/users/{id}/enable` asks, the POST lets a user who was disabled sign in again.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::confirm::Question;
use super::super::fields::Fields;
use super::super::fresh::Fresh;
use super::{called, find};
use crate::administration::users::enable_users;
use crate::service::Service;
use crate::storage::UserSelector;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::redirect;

/// `GET /dashboard/users/{id}/enable`.
pub async fn ask(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let user = find(&service, &id).await?;
    Question {
        act: "Enable",
        to: called(&user).plain(),
        from: ("Users", "/dashboard/users"),
        warning: "",
        facts: vec![
            ("Now", "the user can sign in again".to_owned()),
            ("Sessions", "those of before stay ended".to_owned()),
        ],
        button: "Enable the user",
        ends: false,
        is_typed: false,
        to_agree: None,
    }
    .ask(fresh.person())
}

/// `POST /dashboard/users/{id}/enable`.
pub async fn enable(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let person = fresh.person();
    let by = person.acting(&fields);
    let enabled = enable_users(&service, &by, UserSelector::Id(&id)).await?;
    enabled.ok_or(Failure::NotFound)?;
    let page = format!("/dashboard/users/{id}?done=enabled");
    redirect(StatusCode::SEE_OTHER, &page)
}
