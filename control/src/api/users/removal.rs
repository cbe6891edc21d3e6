//! Removal: `DELETE users/{id}`; on the control socket `POST /users/remove`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};

use super::super::administrator::Administrator;
use super::super::command_error::CommandError;
use super::super::error::ApiError;
use super::super::input::Input;
use super::RevokedUser;
use super::selected::{NO_SUCH_ID, NamedUser, UserEmail, check_protected, no_such_email, selected};
use crate::service::Service;
use crate::storage::{RevokedUsers, StorageError, UserSelector};

/// Removes a user. Their sessions and tokens end.
#[utoipa::path(
    delete,
    path = "/users/{id}",
    operation_id = "remove_user",
    params(("id" = String, Path, description = "The user's id: `sub` of their tokens.")),
    responses((status = OK, body = RevokedUser)),
)]
pub async fn remove(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(id): Path<String>,
) -> Result<Json<RevokedUser>, ApiError> {
    check_protected(&service, &administrator, &id).await?;
    let removed = remove_users(&service, &administrator, UserSelector::Id(&id)).await?;
    Ok(Json(removed.ok_or(NO_SUCH_ID)?.into()))
}

/// The same by address or id. Two users whose addresses turned out to be one are told apart by id only.
pub async fn remove_by_email(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Input(request): Input<UserEmail>,
) -> Result<Json<RevokedUser>, CommandError> {
    let named = NamedUser::of(&request.email);
    let selector = named.selector();
    let users = selected(&service, selector).await?;
    if users.len() > 1 {
        return Err(CommandError::SeveralUsers(users.len()));
    }
    let removed = remove_users(&service, &administrator, selector).await?;
    let removed = removed.ok_or_else(|| no_such_email(&request.email))?;
    Ok(Json(removed.into()))
}

/// `None` if there is no such user.
async fn remove_users(
    service: &Service,
    by: &Administrator,
    selector: UserSelector<'_>,
) -> Result<Option<RevokedUsers>, StorageError> {
    let until = service.past_leeway();
    let users = selected(service, selector).await?;
    let removed = service
        .storage
        .remove_users(selector, until, by.initiator())
        .await?;
    if let Some(removed) = &removed {
        service.notifier.committed(removed.version);
        for user in users {
            tracing::info!(
                user = user.id,
                email = user.email,
                version = removed.version,
                sessions_ended = removed.sessions_ended,
                %by,
                "user removed"
            );
        }
    }
    Ok(removed)
}
