//! Enabling: `POST users/{id}/enable`; on the control socket `POST /users/enable`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::administrator::Administrator;
use super::super::command_error::CommandError;
use super::super::error::ApiError;
use super::super::input::Input;
use super::selected::{NO_SUCH_ID, NamedUser, UserEmail, check_protected, no_such_email};
use crate::administration::users::enable_users;
use crate::service::Service;
use crate::storage::{EnabledUsers, UserSelector};

/// Users that were enabled.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EnabledUser {
    /// How many users have the address.
    pub users: u64,
    /// How many of them were disabled until now.
    pub enabled: u64,
}

impl From<EnabledUsers> for EnabledUser {
    fn from(enabled: EnabledUsers) -> Self {
        Self {
            users: enabled.users,
            enabled: enabled.enabled,
        }
    }
}

/// Lets a user who was disabled sign in again.
#[utoipa::path(
    post,
    path = "/users/{id}/enable",
    operation_id = "enable_user",
    params(("id" = String, Path, description = "The user's id: `sub` of their tokens.")),
    responses((status = OK, body = EnabledUser)),
)]
pub async fn enable(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(id): Path<String>,
) -> Result<Json<EnabledUser>, ApiError> {
    check_protected(&service, &administrator, &id).await?;
    let enabled = enable_users(&service, &administrator, UserSelector::Id(&id)).await?;
    Ok(Json(enabled.ok_or(NO_SUCH_ID)?.into()))
}

/// The same for every user with an address.
pub async fn enable_by_email(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Input(request): Input<UserEmail>,
) -> Result<Json<EnabledUser>, CommandError> {
    let named = NamedUser::of(&request.email);
    let selector = named.selector();
    let enabled = enable_users(&service, &administrator, selector).await?;
    let enabled = enabled.ok_or_else(|| no_such_email(&request.email))?;
    Ok(Json(enabled.into()))
}
