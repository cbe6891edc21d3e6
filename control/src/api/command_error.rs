//! Errors of the control socket, which tell the administrator what is wrong and what to do.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use crate::problems::{InputProblem, Refused};
use crate::sign_in::users::MakeUserError;
use crate::storage::{AddUserError, ChangeError, RoleError, StorageError};
use crate::system::randomness::NoRandomness;
use crate::tokens::filter_credentials::MakeCredentialError;

/// Why a command was refused; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// No call has this path.
    #[error(
        "the running service does not know this command; is it of the same version as this program?"
    )]
    NoSuchCall,
    /// The input is invalid.
    #[error("{0}")]
    Refused(#[from] Refused),
    /// What the command names does not exist.
    #[error("{path} = `{value}`: {message}")]
    Unknown {
        /// The field.
        path: &'static str,
        /// Its value.
        value: String,
        /// What does not exist, and how to find what does.
        message: &'static str,
    },
    /// The change of an application conflicts with something.
    #[error(transparent)]
    Change(ChangeError),
    /// Another user has the address.
    #[error("a user with this e-mail address already exists")]
    EmailTaken,
    /// Several users have the address, and the change is for one.
    #[error("{0} users have this e-mail address: name one by id, as `user list` shows it")]
    SeveralUsers(usize),
    /// The change would leave no administrator.
    #[error("{}", RoleError::LastAdministrator)]
    LastAdministrator,
    /// The service failed.
    #[error("the service failed: {0}")]
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

/// The body of an error response.
#[derive(Debug, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The whole error as text; the admin API calls it `detail` (RFC 9457).
    #[serde(alias = "detail")]
    pub error: String,
    /// The same for programs: one of a few words.
    #[serde(default)]
    pub reason: String,
    /// Each problem, if the input is invalid; the admin API calls them `errors`.
    #[serde(default, alias = "errors")]
    pub problems: Vec<InputProblem>,
}

impl From<StorageError> for CommandError {
    fn from(error: StorageError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<NoRandomness> for CommandError {
    fn from(error: NoRandomness) -> Self {
        Self::Failed(error.into())
    }
}

impl From<MakeCredentialError> for CommandError {
    fn from(error: MakeCredentialError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<ChangeError> for CommandError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Storage(error) => error.into(),
            error => Self::Change(error),
        }
    }
}

impl From<MakeUserError> for CommandError {
    fn from(error: MakeUserError) -> Self {
        match error {
            MakeUserError::Refused(refused) => Self::Refused(refused),
            MakeUserError::Add(AddUserError::EmailTaken) => Self::EmailTaken,
            error => Self::Failed(error.into()),
        }
    }
}

impl From<CommandError> for ApiError {
    fn from(error: CommandError) -> Self {
        let text = error.to_string();
        match error {
            CommandError::NoSuchCall => Self::NoSuchCall,
            CommandError::Refused(refused) => Self::Refused(refused),
            CommandError::Unknown { .. } => Self::Unknown(text),
            CommandError::Change(error) => error.into(),
            CommandError::EmailTaken => Self::EmailTaken,
            CommandError::SeveralUsers(_) => Self::Conflict(text),
            CommandError::LastAdministrator => Self::LastAdministrator,
            CommandError::Failed(error) => Self::Failed(error),
        }
    }
}

impl CommandError {
    fn reason(&self) -> &'static str {
        match self {
            Self::NoSuchCall => "no_such_call",
            Self::Unknown { .. } | Self::Change(ChangeError::Unknown) => "not_found",
            Self::Refused(_) => "request_invalid",
            Self::Change(ChangeError::NameTaken) => "name_taken",
            Self::Change(ChangeError::PlaceTaken { .. }) => "origin_taken",
            Self::Change(ChangeError::TakenOver(_)) => "left_to_wildcard",
            Self::Change(ChangeError::Declared) => "declared",
            Self::Change(ChangeError::Raced | ChangeError::GroupsChanged) => "raced",
            Self::EmailTaken => "email_taken",
            Self::SeveralUsers(_) => "several_users",
            Self::LastAdministrator => "last_administrator",
            Self::Failed(_) | Self::Change(ChangeError::Storage(_)) => "unavailable",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchCall | Self::Unknown { .. } => StatusCode::NOT_FOUND,
            Self::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Change(_)
            | Self::EmailTaken
            | Self::SeveralUsers(_)
            | Self::LastAdministrator => StatusCode::CONFLICT,
            Self::Failed(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for CommandError {
    fn into_response(self) -> Response {
        if let Self::Failed(error) = &self {
            tracing::error!(error = ?error, "command failed");
        }
        let body = ErrorBody {
            error: self.to_string(),
            reason: self.reason().to_owned(),
            problems: match &self {
                Self::Refused(refused) => refused.0.clone(),
                _ => Vec::new(),
            },
        };
        (self.status(), Json(body)).into_response()
    }
}
