//! Users, for programs: `POST users`, `GET users/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};

use super::super::administrator::Administrator;
use super::super::error::ApiError;
use super::super::idempotency::{Secret, secret};
use super::super::input::{OptionalBody, required};
use super::selected::NO_SUCH_ID;
use super::{AddUser, AddedUser, UserView, added};
use crate::service::Service;
use crate::storage::UserPage;

/// Adds a user, who has no role.
///
/// The password, if the service generates it, is shown in this response only.
#[utoipa::path(
    post,
    path = "/users",
    operation_id = "add_user",
    request_body(content = AddUser, example = json!({ "email": "ana@example.com" })),
    responses((status = OK, body = AddedUser)),
)]
pub async fn add(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    body: OptionalBody,
) -> Result<Secret<AddedUser>, ApiError> {
    let request: AddUser = required(body)?;
    Ok(secret(added(&service, &administrator, request).await?))
}

/// Shows a user.
#[utoipa::path(
    get,
    path = "/users/{id}",
    operation_id = "show_user",
    params(("id" = String, Path, description = "The user's id: `sub` of their tokens.")),
    responses((status = OK, body = UserView)),
)]
pub async fn show(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
) -> Result<Json<UserView>, ApiError> {
    let page = UserPage {
        user: &id,
        after: ("", ""),
        limit: 1,
    };
    let users = service.storage.users_page(page).await?;
    let user = users.into_iter().find(|user| user.id == id);
    Ok(Json(user.ok_or(NO_SUCH_ID)?.into()))
}
