//! `GET /dashboard/settings/admin-tokens/{id}/revoke` asks, the POST revokes.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::super::confirm::Question;
use super::super::super::fields::Fields;
use super::super::super::fresh::Fresh;
use super::LIST;
use crate::administration::admin_tokens;
use crate::service::Service;
use crate::storage::AdminToken;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::redirect;

/// `GET /dashboard/settings/admin-tokens/{id}/revoke`.
pub async fn ask(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let mut tokens = service.storage.admin_tokens().await?.into_iter();
    let token = tokens.find(|token| token.id == id);
    question(&token.ok_or(Failure::NotFound)?).ask(fresh.person())
}

/// `POST /dashboard/settings/admin-tokens/{id}/revoke`.
pub async fn revoke(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let by = fresh.person().acting(&fields);
    if !admin_tokens::revoke(&service, &by, &id).await? {
        return Err(Failure::NotFound);
    }
    let list = "/dashboard/settings/admin-tokens?done=revoked";
    redirect(StatusCode::SEE_OTHER, list)
}

fn question(token: &AdminToken) -> Question<'_> {
    Question {
        act: "Revoke the admin token",
        to: if token.name.is_empty() {
            &token.id
        } else {
            &token.name
        },
        from: LIST,
        warning: "",
        facts: vec![
            ("Could do", token.scopes.join(", ")),
            ("Now", "calls with it are refused with 401".to_owned()),
            ("Undone", "never: make a new one instead".to_owned()),
        ],
        button: "Revoke the token",
        ends: true,
        is_typed: false,
        to_agree: None,
    }
}
