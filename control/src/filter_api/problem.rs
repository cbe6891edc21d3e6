//! Errors of the filter API: what the filter is told, and apart from it what is logged.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use portcullis::protocol::calls::{Problem, ProblemReason};

use crate::storage::StorageError;
use crate::system::randomness::NoRandomness;

/// Why a call is refused.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No call has this path and method.
    #[error("there is no such call")]
    NoSuchCall,
    /// The body or the query is not what the call takes.
    #[error("the request is not what the call takes")]
    RequestInvalid,
    /// The filter credential is missing or unknown.
    #[error("the filter credential is missing or unknown")]
    CredentialInvalid,
    /// No such code, or used, or expired.
    #[error("the code is unknown, used or expired")]
    CodeUnknown,
    /// The code is bound to something else.
    #[error("the code belongs to another origin, or the verifier does not fit")]
    CodeMismatch,
    /// Not a token of ours.
    #[error("the token is not one of ours")]
    TokenInvalid,
    /// The global session has ended.
    #[error("the global session has ended")]
    SessionEnded,
    /// Only a new sign-in helps.
    #[error("the user must sign in again")]
    LoginRequired,
    /// An administrator revoked the user a moment ago.
    #[error("an administrator revoked the user a moment ago")]
    UserBlocked {
        /// How long the block lasts, in seconds.
        retry_after: u64,
    },
    /// The policy admits the user no longer.
    #[error("the application's policy does not admit the user")]
    PolicyDenied,
    /// The binding secret is missing or wrong.
    #[error("the binding secret is missing or wrong")]
    BindingMismatch,
    /// The origin belongs to no application of this credential.
    #[error("the origin belongs to no application of this credential")]
    OriginUnknown,
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The service ends in the middle of it.
    #[error("the service ends")]
    Cut,
    /// Claims that cannot be written or read as JSON.
    #[error("a token's claims cannot be written or read")]
    Claims(#[from] serde_json::Error),
}

impl ApiError {
    fn answer(&self) -> (StatusCode, ProblemReason) {
        match self {
            Self::NoSuchCall => (StatusCode::NOT_FOUND, ProblemReason::RequestInvalid),
            Self::RequestInvalid => (StatusCode::BAD_REQUEST, ProblemReason::RequestInvalid),
            Self::CodeUnknown => (StatusCode::BAD_REQUEST, ProblemReason::CodeUnknown),
            Self::CodeMismatch => (StatusCode::BAD_REQUEST, ProblemReason::CodeMismatch),
            Self::TokenInvalid => (StatusCode::BAD_REQUEST, ProblemReason::TokenInvalid),
            Self::CredentialInvalid => (StatusCode::UNAUTHORIZED, ProblemReason::CredentialInvalid),
            Self::SessionEnded => (StatusCode::FORBIDDEN, ProblemReason::SessionEnded),
            Self::LoginRequired => (StatusCode::FORBIDDEN, ProblemReason::LoginRequired),
            Self::UserBlocked { .. } => (StatusCode::FORBIDDEN, ProblemReason::UserBlocked),
            Self::PolicyDenied => (StatusCode::FORBIDDEN, ProblemReason::PolicyDenied),
            Self::BindingMismatch => (StatusCode::FORBIDDEN, ProblemReason::BindingMismatch),
            Self::OriginUnknown => (StatusCode::FORBIDDEN, ProblemReason::OriginUnknown),
            Self::Storage(_) | Self::Randomness(_) | Self::Cut | Self::Claims(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, ProblemReason::Unavailable)
            }
        }
    }

    fn title(&self, status: StatusCode) -> String {
        if status == StatusCode::SERVICE_UNAVAILABLE {
            // What is wrong inside is for the log.
            "the control service cannot do this now; try again".to_owned()
        } else {
            self.to_string()
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, reason) = self.answer();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            tracing::error!(error = ?self, "a call of the filter API failed");
        } else {
            tracing::info!(status = status.as_u16(), reason = ?reason, "a call of the filter API was refused");
        }
        let retry_after = match self {
            Self::UserBlocked { retry_after } => Some(retry_after),
            _ => None,
        };
        let problem = Problem {
            kind: "about:blank".to_owned(),
            title: self.title(status),
            status: status.as_u16(),
            reason,
            retry_after,
        };
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match status {
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            StatusCode::UNAUTHORIZED => {
                // RFC 9110, section 11.6.1: a 401 says how to authenticate.
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}
