//! Users, for programs: `POST users`, `GET users/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};

use super::super::administrator::{Administrator, Scope};
use super::super::authorization::require;
use super::super::error::ApiError;
use super::super::idempotency::{Secret, secret};
use super::super::input::{OptionalBody, required};
use super::selected::NO_SUCH_ID;
use super::{AddUser, AddedUser, UserView, added};
use crate::service::Service;
use crate::storage::UserPage;

/// Adds a user, who has no role.
pub async fn add(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    body: OptionalBody,
) -> Result<Secret<AddedUser>, ApiError> {
    require(&administrator, Scope::UsersWrite)?;
    let request: AddUser = required(body)?;
    Ok(secret(added(&service, &administrator, request).await?))
}

/// A user.
pub async fn show(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(id): Path<String>,
) -> Result<Json<UserView>, ApiError> {
    require(&administrator, Scope::UsersRead)?;
    let page = UserPage {
        user: &id,
        after: ("", ""),
        limit: 1,
    };
    let users = service.storage.users_page(page).await?;
    let user = users.into_iter().find(|user| user.id == id);
    Ok(Json(user.ok_or(NO_SUCH_ID)?.into()))
}
