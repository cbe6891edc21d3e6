//! `POST /revocations/user`, `POST /revocations/application`. Answered when the revocation is
//! durable; filters are woken at once.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::SocketError;
use super::input::Input;
use crate::service::Service;
use crate::storage::UserRevocation;

/// A user, by address.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserName {
    pub(super) email: String,
}

/// An application, by name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationName {
    name: String,
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
    Input(request): Input<ApplicationName>,
) -> Result<Json<RevokedApplication>, SocketError> {
    let application = service.storage.application_named(&request.name).await?;
    let application = application.ok_or(SocketError::Unknown {
        path: "name",
        value: request.name,
        message: "there is no application with this name; `application list` shows all",
    })?;
    let version = service
        .storage
        .revoke_application(&application.audience, service.tokens_end())
        .await?;
    service.news.tell(version);
    tracing::info!(
        audience = application.audience,
        version,
        "application revoked"
    );
    Ok(Json(RevokedApplication { version }))
}

/// Revokes every user with an address, and disables them if asked.
pub(super) async fn revoke(
    service: &Service,
    email: &str,
    disable: bool,
) -> Result<RevokedUser, SocketError> {
    let block = service.config.sessions.login_block_after_revoke;
    let revocation = UserRevocation {
        blocked_until: service.now() + block.as_secs(),
        // Users have no tokens beside those of their sessions.
        until: service.now() + crate::CLOCK_LEEWAY_SECONDS,
        disable,
    };
    let revoked = service
        .storage
        .revoke_users(&email.to_lowercase(), revocation)
        .await?
        .ok_or_else(|| SocketError::Unknown {
            path: "email",
            value: email.to_owned(),
            message: "no user has this e-mail address; `user list` shows all",
        })?;
    service.news.tell(revoked.version);
    tracing::info!(
        version = revoked.version,
        users = revoked.users,
        sessions_ended = revoked.sessions_ended,
        disable,
        "user revoked"
    );
    Ok(RevokedUser {
        version: revoked.version,
        users: revoked.users,
        sessions_ended: revoked.sessions_ended,
    })
}
