//! `GET users`, `POST users/{id}/revoke`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};

use super::ApiError;
use super::identity::require;
use super::list::{ListQuery, Page, QueryResult};
use crate::administration::{self, Administrator, Scope};
use crate::control_socket::revocations::RevokedUser;
use crate::control_socket::users::UserView;
use crate::service::Service;
use crate::storage::{User, UserPage, Whom};

/// Users, by address; with `user` (an id or e-mail address) that one only.
pub async fn list(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    query: QueryResult,
) -> Result<Json<Page<UserView>>, ApiError> {
    require(&administrator, Scope::UsersRead)?;
    let query = ListQuery::checked(query)?;
    let (user, after) = (query.user(), query.after::<(String, String)>()?);
    let after = after.unwrap_or_default();
    let users = service
        .storage
        .users_page(UserPage {
            user: &user,
            after: (&after.0, &after.1),
            limit: query.limit_and_one(),
        })
        .await?;
    let position = |last: &User| (last.email.clone(), last.id.clone());
    Ok(Json(query.page(users, position)))
}

/// Ends all sessions of a user, who cannot sign in again for the configured while.
pub async fn revoke(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(id): Path<String>,
) -> Result<Json<RevokedUser>, ApiError> {
    require(&administrator, Scope::UsersRevoke)?;
    let whom = Whom::Id(&id);
    let revoked = administration::revoke_users(&service, &administrator, whom, false).await?;
    let revoked = revoked.ok_or(ApiError::NotFound("no user has this id"))?;
    Ok(Json(revoked.into()))
}
