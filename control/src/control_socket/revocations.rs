//! `POST /revocations/user`, `POST /revocations/application`, `POST /revocations/session`.
//! Answered when the revocation is durable; filters are woken at once.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::SocketError;
use super::input::Input;
use crate::administration::{self, Administrator};
use crate::service::Service;
use crate::storage::{RevokedUsers, Whom};

/// A user, by address.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserName {
    pub(super) email: String,
}

/// An application, by name, and whether only those come back who sign in anew.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeApplication {
    name: String,
    #[serde(default)]
    fresh_login: bool,
}

/// A global session.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionId {
    id: String,
}

/// What the revocation of a user did.
#[derive(Debug, Serialize, Deserialize)]
pub struct RevokedUser {
    /// Tokens below this version of the feed are refused.
    pub version: u64,
    /// How many users have the address.
    pub users: u64,
    /// How many global sessions ended.
    pub sessions_ended: u64,
}

/// What the revocation of an application did.
#[derive(Debug, Serialize, Deserialize)]
pub struct RevokedApplication {
    /// Tokens below this version of the feed are refused.
    pub version: u64,
}

/// What the end of a session did.
#[derive(Debug, Serialize, Deserialize)]
pub struct RevokedSession {
    /// Tokens of it below this version of the feed are refused.
    pub version: u64,
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

/// Revokes every user with an address.
pub async fn user(
    State(service): State<Arc<Service>>,
    Input(request): Input<UserName>,
) -> Result<Json<RevokedUser>, SocketError> {
    revoke(&service, &request.email, false).await.map(Json)
}

/// Revokes all tokens of an application.
pub async fn application(
    State(service): State<Arc<Service>>,
    Input(request): Input<RevokeApplication>,
) -> Result<Json<RevokedApplication>, SocketError> {
    let application = service.storage.application_named(&request.name).await?;
    let application = application.ok_or(SocketError::Unknown {
        path: "name",
        value: request.name,
        message: "there is no application with this name; `application list` shows all",
    })?;
    let by = Administrator::Socket;
    let version =
        administration::revoke_application(&service, &by, &application, request.fresh_login)
            .await?;
    Ok(Json(RevokedApplication { version }))
}

/// Ends one global session.
pub async fn session(
    State(service): State<Arc<Service>>,
    Input(request): Input<SessionId>,
) -> Result<Json<RevokedSession>, SocketError> {
    let ended = administration::end_session(&service, &Administrator::Socket, &request.id).await?;
    let version = ended.ok_or(SocketError::Unknown {
        path: "id",
        value: request.id,
        message: "no session with this id lives; `session list` shows all that do",
    })?;
    Ok(Json(RevokedSession { version }))
}

/// Revokes every user with an address, and disables them if asked.
pub(super) async fn revoke(
    service: &Service,
    email: &str,
    disable: bool,
) -> Result<RevokedUser, SocketError> {
    let address = email.to_lowercase();
    let whom = Whom::Email(&address);
    administration::revoke_users(service, &Administrator::Socket, whom, disable)
        .await?
        .map(RevokedUser::from)
        .ok_or_else(|| SocketError::Unknown {
            path: "email",
            value: email.to_owned(),
            message: "no user has this e-mail address; `user list` shows all",
        })
}
