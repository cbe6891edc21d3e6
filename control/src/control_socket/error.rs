//! Errors of the control socket: the administrator is told what is wrong and what to do.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::problems::{InputProblem, Refused};
use crate::sign_in::users::MakeUserError;
use crate::storage::{AddUserError, ChangeError, StorageError};
use crate::system::randomness::NoRandomness;
use crate::tokens::filter_credentials::MakeCredentialError;

/// Why the service did not do it; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Only another version of the CLI asks for it.
    #[error("this service does not know the command: is the CLI of another version?")]
    NoSuchCall,
    /// The input is wrong.
    #[error("{0}")]
    Refused(#[from] Refused),
    /// There is nothing of that name.
    #[error("{path} = `{value}`: {message}")]
    Unknown {
        /// The field.
        path: &'static str,
        /// Its value.
        value: String,
        /// What there is not.
        message: &'static str,
    },
    /// The application cannot be so.
    #[error(transparent)]
    Change(ChangeError),
    /// Somebody has the address.
    #[error("a user with this e-mail address exists already")]
    EmailTaken,
    /// Something is broken on the service's side.
    #[error("the service could not do it: {0}")]
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

/// What the CLI gets.
#[derive(Debug, Serialize, Deserialize)]
pub struct ErrorBody {
    /// All of it in one text; the admin API calls it `detail` (RFC 9457).
    #[serde(alias = "detail")]
    pub error: String,
    /// Each thing apart, if the input is wrong.
    #[serde(default)]
    pub problems: Vec<InputProblem>,
}

impl From<StorageError> for SocketError {
    fn from(error: StorageError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<NoRandomness> for SocketError {
    fn from(error: NoRandomness) -> Self {
        Self::Failed(error.into())
    }
}

impl From<MakeCredentialError> for SocketError {
    fn from(error: MakeCredentialError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<ChangeError> for SocketError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Storage(error) => error.into(),
            error => Self::Change(error),
        }
    }
}

impl From<MakeUserError> for SocketError {
    fn from(error: MakeUserError) -> Self {
        match error {
            MakeUserError::Refused(refused) => Self::Refused(refused),
            MakeUserError::Add(AddUserError::EmailTaken) => Self::EmailTaken,
            error => Self::Failed(error.into()),
        }
    }
}

impl SocketError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchCall | Self::Unknown { .. } => StatusCode::NOT_FOUND,
            Self::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Change(_) | Self::EmailTaken => StatusCode::CONFLICT,
            Self::Failed(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for SocketError {
    fn into_response(self) -> Response {
        if let Self::Failed(error) = &self {
            tracing::error!(error = ?error, "a command failed");
        }
        let body = ErrorBody {
            error: self.to_string(),
            problems: match &self {
                Self::Refused(refused) => refused.0.clone(),
                _ => Vec::new(),
            },
        };
        (self.status(), Json(body)).into_response()
    }
}
