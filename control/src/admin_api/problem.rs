//! Errors of the admin API: what the caller is told, and apart from it what is logged.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::administration::Scope;
use crate::storage::StorageError;

/// Why a call is refused; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No call has this path.
    #[error("there is no such call")]
    NoSuchCall,
    /// The call is made with another method.
    #[error("the call is made with another method")]
    NoSuchMethod,
    /// The token is missing, unknown or has run out.
    #[error(
        "send `authorization: Bearer` with an admin token that has not run out; \
         `portcullis-control admin-token new` makes one"
    )]
    TokenInvalid,
    /// The token is good for other things.
    #[error("the admin token lacks the scope {}", .0.name())]
    ScopeMissing(Scope),
    /// The query or the body is not what the call takes.
    #[error("{0}")]
    RequestInvalid(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(&'static str),
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

#[derive(Serialize)]
struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    reason: &'static str,
    detail: String,
}

impl ApiError {
    fn answer(&self) -> (StatusCode, &'static str, &'static str) {
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
                "No good admin token",
            ),
            Self::ScopeMissing(_) => (
                StatusCode::FORBIDDEN,
                "scope_missing",
                "Not allowed with this admin token",
            ),
            Self::RequestInvalid(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "request_invalid",
                "The request is not what the call takes",
            ),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found", "Not found"),
            Self::Storage(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "Not available right now",
            ),
        }
    }

    fn detail(&self) -> String {
        match self {
            // What is wrong inside is for the log.
            Self::Storage(_) => "the control service cannot do this now; try again".to_owned(),
            other => other.to_string(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, reason, title) = self.answer();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            tracing::error!(error = ?self, "a call of the admin API failed");
        } else {
            tracing::info!(
                status = status.as_u16(),
                reason,
                "a call of the admin API was refused"
            );
        }
        let problem = Problem {
            kind: "about:blank",
            title,
            status: status.as_u16(),
            reason,
            detail: self.detail(),
        };
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
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
