//! Users: `GET users`, `POST users/{id}/revoke`, `POST users/{id}/disable`; on the control socket also
//! `GET /users`, `POST /users`, `POST /users/disable`, `POST /revocations/user`.

pub mod calls;
pub mod enabling;
pub mod listed;
pub mod password;
pub mod removal;
pub mod role;
pub mod selected;
pub mod several;

use std::sync::Arc;

use portcullis::time::UnixSeconds;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::administrator::Administrator;
use super::command_error::CommandError;
use super::error::ApiError;
use super::input::Input;
use super::list::Items;
use crate::administration::role::Role;
use crate::administration::users::revoke_users;
use crate::service::Service;
use crate::sign_in::email::Address;
use crate::sign_in::email::characters::scripts_of;
use crate::sign_in::users::{self, UserRequest};
use crate::storage::{RevokedUsers, User, UserSelector};
use crate::tokens::secret::Plain;
use selected::{NO_SUCH_ID, NamedUser, UserEmail, check_protected, no_such_email};

/// A user, in a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = User)]
pub struct UserView {
    /// The id: `sub` of their tokens.
    pub id: String,
    /// The e-mail address.
    pub email: String,
    /// The scripts that the address mixes, such as Cyrillic and Latin, whose letters may look alike;
    /// empty if it has one.
    #[serde(default)]
    pub mixed_scripts: Vec<String>,
    /// Why nobody can sign in with the address, if so.
    #[serde(default)]
    pub address_problem: Option<String>,
    /// Whether the user's role is `administrator`.
    pub administrator: bool,
    /// The role in the dashboard that was given to the user; lists of the configuration may give more.
    #[serde(default)]
    pub role: Option<String>,
    /// Whether the user is kept from signing in.
    pub disabled: bool,
    /// When the user last signed in.
    #[schema(value_type = Option<u64>, format = "unixtime")]
    pub last_sign_in_at: Option<UnixSeconds>,
    /// The ids of the identity providers that sign the user in; empty for a user with a password.
    #[serde(default)]
    pub providers: Vec<String>,
}

/// A user to add.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewUser)]
#[serde(deny_unknown_fields)]
pub struct AddUser {
    /// The e-mail address.
    email: String,
    /// The password; the service generates one if it is absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Plain>,
}

/// A user that was added.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct AddedUser {
    /// The id: `sub` of their tokens.
    pub id: String,
    /// The e-mail address.
    pub email: String,
    /// The scripts that the address mixes; empty if it has one.
    #[serde(default)]
    pub mixed_scripts: Vec<String>,
    /// The password, if the service generated it.
    pub password: Option<String>,
}

/// Users that were revoked.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RevokedUser {
    /// Tokens below this version of the feed are refused.
    pub version: u64,
    /// How many users have the address.
    pub users: u64,
    /// How many global sessions ended.
    pub sessions_ended: u64,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            mixed_scripts: scripts_of(&user.email),
            address_problem: address_problem(&user),
            id: user.id,
            email: user.email,
            administrator: user.role == Some(Role::Administrator),
            role: user.role.map(|role| role.name().to_owned()),
            disabled: user.disabled,
            last_sign_in_at: user.last_sign_in_at,
            providers: user.providers,
        }
    }
}

impl From<RevokedUsers> for RevokedUser {
    fn from(revoked: RevokedUsers) -> Self {
        Self {
            version: revoked.version,
            users: revoked.users,
            sessions_ended: revoked.sessions_ended,
        }
    }
}

/// Users of a database from before may have such addresses.
fn address_problem(user: &User) -> Option<String> {
    if !user.providers.is_empty() {
        return None;
    }
    match Address::parse(&user.email) {
        Err(error) => Some(format!("the address {error}")),
        Ok(_) if user.address_taken => {
            let problem = "another user has the same address in another spelling, and signs in \
                           with it; remove one of the two by id";
            Some(problem.to_owned())
        }
        Ok(_) => None,
    }
}

/// All users, by address.
pub async fn list(
    State(service): State<Arc<Service>>,
) -> Result<Json<Items<UserView>>, CommandError> {
    let users = service.storage.users().await?;
    Ok(Json(Items {
        items: users.into_iter().map(UserView::from).collect(),
    }))
}

/// Adds a user, who is not an administrator.
pub async fn add(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Input(request): Input<AddUser>,
) -> Result<Json<AddedUser>, CommandError> {
    Ok(Json(added(&service, &administrator, request).await?))
}

async fn added(
    service: &Service,
    by: &Administrator,
    request: AddUser,
) -> Result<AddedUser, CommandError> {
    let generated = request.password.is_none();
    let request = UserRequest {
        email: &request.email,
        password: request.password,
        role: None,
    };
    let user = users::make(service, request, by.initiator()).await?;
    Ok(AddedUser {
        mixed_scripts: scripts_of(&user.email),
        id: user.id,
        email: user.email,
        password: generated.then(|| user.password.reveal().to_owned()),
    })
}

/// Ends all sessions of a user, who cannot sign in again for `login_block_after_revoke`.
#[utoipa::path(
    post,
    path = "/users/{id}/revoke",
    operation_id = "revoke_user",
    params(("id" = String, Path, description = "The user's id: `sub` of their tokens.")),
    responses((status = OK, body = RevokedUser)),
)]
pub async fn revoke(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(id): Path<String>,
) -> Result<Json<RevokedUser>, ApiError> {
    let revoked = revoke_users(&service, &administrator, UserSelector::Id(&id), false).await?;
    Ok(Json(revoked.ok_or(NO_SUCH_ID)?.into()))
}

/// Disables a user, and revokes them.
#[utoipa::path(
    post,
    path = "/users/{id}/disable",
    operation_id = "disable_user",
    params(("id" = String, Path, description = "The user's id: `sub` of their tokens.")),
    responses((status = OK, body = RevokedUser)),
)]
pub async fn disable(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(id): Path<String>,
) -> Result<Json<RevokedUser>, ApiError> {
    check_protected(&service, &administrator, &id).await?;
    let revoked = revoke_users(&service, &administrator, UserSelector::Id(&id), true).await?;
    Ok(Json(revoked.ok_or(NO_SUCH_ID)?.into()))
}

/// The same for every user with an address.
pub async fn revoke_by_email(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Input(request): Input<UserEmail>,
) -> Result<Json<RevokedUser>, CommandError> {
    revoke_from_socket(&service, &administrator, &request.email, false).await
}

/// Disables every user with an address, and revokes them: their access ends now, not when their
/// tokens expire.
pub async fn disable_by_email(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Input(request): Input<UserEmail>,
) -> Result<Json<RevokedUser>, CommandError> {
    revoke_from_socket(&service, &administrator, &request.email, true).await
}

async fn revoke_from_socket(
    service: &Service,
    by: &Administrator,
    email: &str,
    disable: bool,
) -> Result<Json<RevokedUser>, CommandError> {
    let named = NamedUser::of(email);
    let selector = named.selector();
    let revoked = revoke_users(service, by, selector, disable).await?;
    let revoked = revoked.ok_or_else(|| no_such_email(email))?;
    Ok(Json(revoked.into()))
}
