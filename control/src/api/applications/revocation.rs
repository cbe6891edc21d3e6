//! Revocation: `POST applications/{name}/revoke`; on the control socket
//! `POST /revocations/application`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::administrator::Administrator;
use super::super::command_error::CommandError;
use super::super::error::ApiError;
use super::super::input::{Input, OptionalBody, optional};
use super::selected::{find, no_such_name};
use crate::administration::applications::revoke_tokens;
use crate::service::Service;

/// How to revoke an application; an empty body means the defaults.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = RevokeApplication)]
#[serde(default, deny_unknown_fields)]
struct RevokeOptions {
    /// Whether every user must sign in again.
    fresh_login: bool,
}

/// An application to revoke, by name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeApplication {
    name: String,
    #[serde(default)]
    fresh_login: bool,
}

/// An application that was revoked.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RevokedApplication {
    /// Its tokens below this version of the feed are refused.
    pub version: u64,
}

/// Ends all sessions at an application.
#[utoipa::path(
    post,
    path = "/applications/{name}/revoke",
    operation_id = "revoke_application",
    params(
        ("name" = String, Path, description = "The application's audience or name. A name with `/` cannot stand in a path behind Envoy: use the audience."),
    ),
    request_body(content = Option<RevokeOptions>, example = json!({ "fresh_login": true })),
    responses((status = OK, body = RevokedApplication)),
)]
pub async fn revoke(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(name): Path<String>,
    body: OptionalBody,
) -> Result<Json<RevokedApplication>, ApiError> {
    let options: RevokeOptions = optional(body)?;
    let application = find(&service, &name).await?;
    let fresh_login = options.fresh_login;
    let version = revoke_tokens(&service, &administrator, &application, fresh_login).await?;
    Ok(Json(RevokedApplication { version }))
}

/// The same for the command line.
pub async fn revoke_by_name(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Input(request): Input<RevokeApplication>,
) -> Result<Json<RevokedApplication>, CommandError> {
    let application = service.storage.application_named(&request.name).await?;
    let application = application.ok_or_else(|| no_such_name(request.name))?;
    let fresh_login = request.fresh_login;
    let version = revoke_tokens(&service, &administrator, &application, fresh_login).await?;
    Ok(Json(RevokedApplication { version }))
}
