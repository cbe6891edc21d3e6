//! `GET /login/check`: whether a tab that waits at the sign-in form can go on, because another tab of
//! the same browser has signed in.
//!
//! The answer is for our own pages alone. To all others it is always the same, so that no other site
//! learns whether somebody is signed in. It changes nothing, and sets no cookie.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use serde::Serialize;

use super::attempt;
use super::demanded::must_sign_in_again;
use super::query::LoginQuery;
use crate::service::Service;
use crate::sessions::current;
use crate::team_domain::page::failure::Failure;

/// The answer.
#[derive(Serialize)]
pub struct Check {
    /// Whether `GET /login` with the same query asks for no password.
    signed_in: bool,
}

/// `GET /login/check`.
pub async fn check(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    query: Result<Query<LoginQuery>, QueryRejection>,
) -> Result<Json<Check>, Failure> {
    let Query(query) = query.map_err(|_| Failure::BadQuery)?;
    let site = headers.get("sec-fetch-site");
    // A browser that does not say where a request comes from lets no other origin read the answer.
    let from_own_page = site.is_none_or(|site| site == "same-origin");
    let signed_in = from_own_page && needs_no_prompt(&service, &headers, &query).await?;
    Ok(Json(Check { signed_in }))
}

async fn needs_no_prompt(
    service: &Service,
    headers: &HeaderMap,
    query: &LoginQuery,
) -> Result<bool, Failure> {
    let Some(session) = current::without_prompt(service, headers).await? else {
        return Ok(false);
    };
    let attempt = attempt::check(service, query).await?;
    Ok(!must_sign_in_again(service, &session, (query, attempt.as_ref())).await?)
}
