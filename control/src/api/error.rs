//! Errors of the admin API.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use portcullis::time::UnixSeconds;

use super::administrator::Scope;
use crate::metrics::refusals::{Endpoint, Refused as Counted};
use crate::problems::{Problem, Refused};
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
    /// Fields of the body are invalid.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The body is larger than the call takes.
    #[error("the body is larger than this call takes")]
    TooLarge,
    /// The call does not say what it expects.
    #[error(
        "send `if-match` with the `etag` of what you read, or `if-none-match: *` to make something new"
    )]
    PreconditionRequired,
    /// What the call is about is not what the caller expects.
    #[error("it was changed since you read it; read it again")]
    ChangedMeanwhile {
        /// What its `etag` is now.
        etag: Option<String>,
        /// Who changed it last, and when, if the audit log has it.
        last: Option<(String, UnixSeconds)>,
    },
    /// It comes from the configuration file.
    #[error("{0}")]
    Declared(String),
    /// Something else has the name.
    #[error("{0}")]
    NameTaken(String),
    /// Another user has the address.
    #[error("a user with this e-mail address already exists")]
    EmailTaken,
    /// Another application has the place.
    #[error("{text}")]
    PlaceTaken {
        /// What is taken, and by which application.
        text: String,
        /// The other application.
        holder: String,
    },
    /// The call was made before, and its secret was shown then.
    #[error(
        "the call with this `idempotency-key` was made before, and its secret was shown then only; \
         make another one if it is lost"
    )]
    AlreadyMade,
    /// The same call runs, or was interrupted.
    #[error(
        "the call with this `idempotency-key` still runs, or was interrupted; look whether it was done \
         before you repeat it with another key"
    )]
    StillRunning,
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
    /// What the body of a call was refused with before it was read.
    pub fn of_body(status: StatusCode, text: String) -> Self {
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            _ => Self::RequestInvalid(text),
        }
    }

    fn parts(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NoSuchCall => (StatusCode::NOT_FOUND, "no_such_call"),
            Self::NoSuchMethod => (StatusCode::METHOD_NOT_ALLOWED, "no_such_method"),
            Self::TokenInvalid => (StatusCode::UNAUTHORIZED, "token_invalid"),
            Self::ScopeMissing(_) => (StatusCode::FORBIDDEN, "scope_missing"),
            Self::AdministratorProtected => (StatusCode::FORBIDDEN, "administrator_protected"),
            Self::SourceRefused => (StatusCode::FORBIDDEN, "source_refused"),
            Self::NotFound(_) | Self::Unknown(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::LastAdministrator => (StatusCode::CONFLICT, "last_administrator"),
            Self::Declared(_) => (StatusCode::CONFLICT, "declared"),
            Self::NameTaken(_) => (StatusCode::CONFLICT, "name_taken"),
            Self::EmailTaken => (StatusCode::CONFLICT, "email_taken"),
            Self::PlaceTaken { .. } => (StatusCode::CONFLICT, "place_taken"),
            Self::AlreadyMade => (StatusCode::CONFLICT, "already_made"),
            Self::StillRunning => (StatusCode::CONFLICT, "still_running"),
            Self::Conflict(_) => (StatusCode::CONFLICT, "conflict"),
            Self::ChangedMeanwhile { .. } => (StatusCode::PRECONDITION_FAILED, "changed_meanwhile"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::RequestInvalid(_) | Self::Refused(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "request_invalid")
            }
            Self::PreconditionRequired => {
                (StatusCode::PRECONDITION_REQUIRED, "precondition_required")
            }
            Self::Storage(_) | Self::Failed(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::NoSuchCall => "No such call",
            Self::NoSuchMethod => "No such method",
            Self::TokenInvalid => "No valid admin token",
            Self::ScopeMissing(_) => "Not allowed with this admin token",
            Self::AdministratorProtected => "Not allowed for users with a role",
            Self::SourceRefused => "Not from this address",
            Self::NotFound(_) | Self::Unknown(_) => "Not found",
            Self::LastAdministrator => "The last administrator",
            Self::Declared(_) => "Declared in the configuration file",
            Self::NameTaken(_) => "The name is taken",
            Self::EmailTaken => "The e-mail address is taken",
            Self::PlaceTaken { .. } => "Another application is there",
            Self::AlreadyMade => "Made already",
            Self::StillRunning => "Not answered yet",
            Self::Conflict(_) => "Conflict",
            Self::ChangedMeanwhile { .. } => "Changed since you read it",
            Self::TooLarge => "Body too large",
            Self::RequestInvalid(_) | Self::Refused(_) => "Invalid request",
            Self::PreconditionRequired => "Precondition required",
            Self::Storage(_) | Self::Failed(_) => "Not available right now",
        }
    }

    fn of_storage(&self) -> Option<&StorageError> {
        match self {
            Self::Storage(error) => Some(error),
            _ => None,
        }
    }

    fn problem(&self) -> Problem<&'static str> {
        let (status, reason) = self.parts();
        let detail = Problem::<&str>::public_text(status, &self, self.of_storage());
        let problem = Problem::new(status, self.title(), reason).with_detail(detail);
        match self {
            Self::Refused(refused) => problem.with_errors(refused.0.clone()),
            Self::PlaceTaken { holder, .. } => problem.with_holder(Some(holder.clone())),
            Self::ChangedMeanwhile { etag, last } => {
                problem.with_etag(etag.clone()).with_change(last.clone())
            }
            _ => problem,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problem = self.problem();
        let (_, reason) = self.parts();
        let mut response = problem.clone().respond("admin", &self);
        let extensions = response.extensions_mut();
        extensions.insert(Counted {
            endpoint: Endpoint::Admin,
            reason,
        });
        // The call's way out adds the reference.
        extensions.insert(problem);
        response
    }
}
