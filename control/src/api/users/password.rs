//! New passwords: `POST users/{id}/password`; on the control socket `POST /users/password`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::administrator::Administrator;
use super::super::command_error::CommandError;
use super::super::error::ApiError;
use super::super::idempotency::{Secret, secret};
use super::super::input::{Input, OptionalBody, optional};
use super::selected::{NamedUser, check_protected};
use crate::problems::{InputProblems, Refused};
use crate::service::Service;
use crate::sign_in::new_password::{self, NewPasswordError};
use crate::sign_in::password_hashing::Caller;
use crate::storage::{StorageError, UserSelector};
use crate::tokens::secret::Plain;

/// A password to set; generated if absent.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = NewPassword)]
#[serde(deny_unknown_fields)]
struct NewUserPassword {
    /// The password; the service generates one if it is absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Plain>,
    /// Whether the user's sessions go on.
    #[serde(default)]
    keep_sessions: bool,
}

/// The same with the user's e-mail address.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetPassword {
    email: String,
    #[serde(default)]
    password: Option<Plain>,
    #[serde(default)]
    keep_sessions: bool,
}

/// A password that was set.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = PasswordSet)]
pub struct PasswordSetView {
    /// The user's id.
    pub id: String,
    /// The user's e-mail address.
    pub email: String,
    /// The password, if the service generated it.
    pub password: Option<String>,
    /// Whether the user is disabled, and cannot sign in with it.
    pub disabled: bool,
    /// Tokens below this version of the feed are refused; null if sessions were kept.
    pub version: Option<u64>,
    /// How many global sessions ended.
    pub sessions_ended: u64,
}

/// Why no password was set.
#[derive(Debug, thiserror::Error)]
enum SetPasswordError {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("no such user signs in with a password")]
    NoSuchUser,
    #[error(transparent)]
    New(#[from] NewPasswordError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<SetPasswordError> for ApiError {
    fn from(error: SetPasswordError) -> Self {
        match error {
            SetPasswordError::Refused(refused) => Self::Refused(refused),
            SetPasswordError::NoSuchUser => {
                Self::NotFound("no user with this id signs in with a password")
            }
            SetPasswordError::New(error) => Self::Failed(error.into()),
            SetPasswordError::Storage(error) => error.into(),
        }
    }
}

/// Sets a user's password. Their sessions end, unless they are to be kept.
#[utoipa::path(
    post,
    path = "/users/{id}/password",
    operation_id = "set_password",
    params(("id" = String, Path, description = "The user's id: `sub` of their tokens.")),
    request_body(content = Option<NewUserPassword>, example = json!({ "keep_sessions": true })),
    responses((status = OK, body = PasswordSetView)),
)]
pub async fn set(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(id): Path<String>,
    body: OptionalBody,
) -> Result<Secret<PasswordSetView>, ApiError> {
    check_protected(&service, &administrator, &id).await?;
    let request: NewUserPassword = optional(body)?;
    let set = set_password(&service, &administrator, UserSelector::Id(&id), request).await?;
    Ok(secret(set))
}

/// The same for the user with an address.
pub async fn set_by_email(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Input(request): Input<SetPassword>,
) -> Result<Json<PasswordSetView>, CommandError> {
    let named = NamedUser::of(&request.email);
    let selector = named.selector();
    let password = NewUserPassword {
        password: request.password,
        keep_sessions: request.keep_sessions,
    };
    match set_password(&service, &administrator, selector, password).await {
        Ok(set) => Ok(Json(set)),
        Err(SetPasswordError::Refused(refused)) => Err(CommandError::Refused(refused)),
        Err(SetPasswordError::NoSuchUser) => Err(CommandError::Unknown {
            path: "email",
            value: request.email,
            message: "no user with this e-mail address signs in with a password; `user list` \
                      shows all users",
        }),
        Err(error) => Err(CommandError::Failed(error.into())),
    }
}

async fn set_password(
    service: &Service,
    by: &Administrator,
    selector: UserSelector<'_>,
    request: NewUserPassword,
) -> Result<PasswordSetView, SetPasswordError> {
    let generated = request.password.is_none();
    if let Some(password) = &request.password {
        let mut problems = InputProblems::default();
        new_password::check(password, &mut problems);
        problems.finish()?;
    }
    let new = new_password::make(service, Caller::Administrator, request.password).await?;
    let revoke_until = (!request.keep_sessions).then(|| service.past_leeway());
    let set = service
        .storage
        .set_password(selector, &new.hash, revoke_until, by.initiator())
        .await?;
    let set = set.ok_or(SetPasswordError::NoSuchUser)?;
    if let Some(version) = set.version {
        service.notifier.committed(version);
    }
    tracing::info!(
        user = set.id,
        email = set.email,
        version = set.version,
        sessions_ended = set.sessions_ended,
        %by,
        "password set"
    );
    Ok(PasswordSetView {
        id: set.id,
        email: set.email,
        password: generated.then(|| new.plain.reveal().to_owned()),
        disabled: set.disabled,
        version: set.version,
        sessions_ended: set.sessions_ended,
    })
}
