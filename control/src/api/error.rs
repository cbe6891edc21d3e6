//! Errors of the admin API.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::administrator::Scope;
use crate::metrics::refusals::{Endpoint, Refused};
use crate::problems::Problem;
use crate::storage::{RoleError, StorageError};

/// Why a call was refused; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No call has this path.
    #[error("there is no such call")]
    NoSuchCall,
    /// The call exists with another method.
    #[error("the call is made with another method")]
    NoSuchMethod,
    /// The token is missing, unknown or expired.
    #[error(
        "send `authorization: Bearer` with an admin token that has not expired; \
         `portcullis-control admin-token new` makes one"
    )]
    TokenInvalid,
    /// The token does not allow this call.
    #[error("the admin token lacks the scope {}", .0.name())]
    ScopeMissing(Scope),
    /// The call would change a user with a role.
    #[error(
        "a user with a role in the dashboard can only be changed there, or with the command line where the \
         service runs"
    )]
    AdministratorProtected,
    /// The call would leave no administrator.
    #[error("{}", RoleError::LastAdministrator)]
    LastAdministrator,
    /// The service does not answer such calls from the caller's address.
    #[error("the admin API does not answer from this address; see `dashboard.source_ranges`")]
    SourceRefused,
    /// The query or the body is invalid.
    #[error("{0}")]
    RequestInvalid(String),
    /// The call conflicts with the state of what it is about.
    #[error("{0}")]
    Conflict(String),
    /// What the call is about does not exist.
    #[error("{0}")]
    NotFound(&'static str),
    /// What the call is about does not exist; the text says what does.
    #[error("{0}")]
    Unknown(String),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The service failed.
    #[error("{0}")]
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

impl ApiError {
    fn parts(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NoSuchCall => (StatusCode::NOT_FOUND, "no_such_call", "No such call"),
            Self::NoSuchMethod => (
                StatusCode::METHOD_NOT_ALLOWED,
                "no_such_method",
                "No such method",
            ),
            Self::TokenInvalid => (
                StatusCode::UNAUTHORIZED,
                "token_invalid",
                "No valid admin token",
            ),
            Self::ScopeMissing(_) => (
                StatusCode::FORBIDDEN,
                "scope_missing",
                "Not allowed with this admin token",
            ),
            Self::AdministratorProtected => (
                StatusCode::FORBIDDEN,
                "administrator_protected",
                "Not allowed for users with a role",
            ),
            Self::LastAdministrator => (
                StatusCode::CONFLICT,
                "last_administrator",
                "The last administrator",
            ),
            Self::SourceRefused => (
                StatusCode::FORBIDDEN,
                "source_refused",
                "Not from this address",
            ),
            Self::RequestInvalid(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "request_invalid",
                "Invalid request",
            ),
            Self::Conflict(_) => (StatusCode::CONFLICT, "conflict", "Conflict"),
            Self::NotFound(_) | Self::Unknown(_) => {
                (StatusCode::NOT_FOUND, "not_found", "Not found")
            }
            Self::Storage(_) | Self::Failed(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "Not available right now",
            ),
        }
    }
}

impl ApiError {
    fn of_storage(&self) -> Option<&StorageError> {
        match self {
            Self::Storage(error) => Some(error),
            _ => None,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, reason, title) = self.parts();
        let detail = Problem::<&str>::public_text(status, &self, self.of_storage());
        let problem = Problem::new(status, title, reason).with_detail(detail);
        let mut response = problem.respond("admin", &self);
        response.extensions_mut().insert(Refused {
            endpoint: Endpoint::Admin,
            reason,
        });
        response
    }
}
