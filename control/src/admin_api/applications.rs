//! `GET applications`, `POST applications/{name}/revoke`.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use serde::Deserialize;

use super::ApiError;
use super::identity::require;
use super::list::{ListQuery, Page, QueryResult};
use crate::administration::{self, Administrator, Scope};
use crate::applications::Application;
use crate::control_socket::applications::ApplicationView;
use crate::control_socket::revocations::RevokedApplication;
use crate::service::Service;

/// How an application is revoked; an empty body is all defaults.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Revoke {
    fresh_login: bool,
}

/// Applications with all their settings, by name.
pub async fn list(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    query: QueryResult,
) -> Result<Json<Page<ApplicationView>>, ApiError> {
    require(&administrator, Scope::ApplicationsRead)?;
    let query = ListQuery::checked(query)?;
    let after = query.after::<String>()?.unwrap_or_default();
    // There are few; names are not empty.
    let mut applications = service.storage.applications().await?;
    applications.retain(|one| one.definition.name > after);
    applications.sort_by(|one, other| one.definition.name.cmp(&other.definition.name));
    applications.truncate(query.limit_and_one() as usize);
    let position = |last: &Application| last.definition.name.clone();
    Ok(Json(query.page(applications, position)))
}

/// Ends all sessions at an application.
pub async fn revoke(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(name): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<RevokedApplication>, ApiError> {
    require(&administrator, Scope::ApplicationsRevoke)?;
    let body = body.map_err(|error| ApiError::RequestInvalid(error.body_text()))?;
    let wish = if body.is_empty() {
        Revoke::default()
    } else {
        serde_json::from_slice(&body)
            .map_err(|error| ApiError::RequestInvalid(error.to_string()))?
    };
    let application = service.storage.application_named(&name).await?;
    let application =
        application.ok_or(ApiError::NotFound("there is no application with this name"))?;
    let (by, fresh) = (&administrator, wish.fresh_login);
    let version = administration::revoke_application(&service, by, &application, fresh).await?;
    Ok(Json(RevokedApplication { version }))
}
