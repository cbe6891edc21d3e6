//! What goes wrong, as OAuth clients read it (RFC 6749, section 5.2; RFC 8628, section 3.5).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::sign_in::limits::TooMany;
use crate::storage::StorageError;
use crate::tokens::device_codes::MakeCodesError;
use crate::tokens::header_tokens::NoHeaderToken;

/// How long to wait when too many requests wait for an answer: one of them has ended by then, or
/// been answered.
const TOO_MANY_SECONDS: u64 = 60;
const UNAVAILABLE_SECONDS: u64 = 5;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    /// A parameter is missing, comes twice, or cannot be read.
    #[error("a parameter is missing, comes twice, or cannot be read")]
    InvalidRequest,
    /// Another client than the one that there is.
    #[error("there is no such client; client_id is portcullis-control")]
    InvalidClient,
    /// The code is unknown, or was used.
    #[error("this code is not known, or its answer has been fetched; ask for a new one")]
    InvalidGrant,
    /// Another grant than the one that there is.
    #[error("the grant_type is urn:ietf:params:oauth:grant-type:device_code")]
    UnsupportedGrantType,
    /// Unknown, or not open to tokens in headers: strangers are not told which.
    #[error(
        "no application of this name or origin takes tokens of scripts; an administrator allows \
         them with `application set NAME --header-tokens true`"
    )]
    InvalidTarget,
    /// Nobody has answered yet.
    #[error("nobody has confirmed the code yet")]
    AuthorizationPending,
    /// The same, and the polls come too fast.
    #[error("nobody has confirmed the code yet; wait 5 seconds longer between polls")]
    SlowDown,
    /// One client asks or polls too often, whatever it sends.
    #[error("too many requests from this network; try again in {retry_after} seconds")]
    TooOften {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// The person said no.
    #[error("the request was refused in the browser")]
    Refused,
    /// The person's session ended before the token was fetched.
    #[error("the session that confirmed the code has ended")]
    SessionEnded,
    /// The policy admits the person no longer, or the application changed.
    #[error("the application's policy does not admit who confirmed the code")]
    PolicyDenied,
    /// Nobody answered in time.
    #[error("nobody confirmed the code in time; ask for a new one")]
    ExpiredToken,
    /// Too many requests wait for an answer.
    #[error("too many requests wait for an answer; try again later")]
    TooMany,
    /// The database is away.
    #[error("the service is not available at the moment; try again")]
    Unavailable(#[from] StorageError),
    /// A defect, here or in the machine.
    #[error("something broke in the service; its log says what")]
    Broken,
}

impl OAuthError {
    fn parts(&self) -> (StatusCode, &'static str) {
        match self {
            Self::InvalidRequest => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::InvalidClient => (StatusCode::BAD_REQUEST, "invalid_client"),
            Self::InvalidGrant => (StatusCode::BAD_REQUEST, "invalid_grant"),
            Self::UnsupportedGrantType => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
            // RFC 8707, section 2.
            Self::InvalidTarget => (StatusCode::BAD_REQUEST, "invalid_target"),
            Self::AuthorizationPending => (StatusCode::BAD_REQUEST, "authorization_pending"),
            Self::SlowDown => (StatusCode::BAD_REQUEST, "slow_down"),
            Self::TooOften { .. } => (StatusCode::TOO_MANY_REQUESTS, "slow_down"),
            Self::Refused | Self::SessionEnded | Self::PolicyDenied => {
                (StatusCode::BAD_REQUEST, "access_denied")
            }
            Self::ExpiredToken => (StatusCode::BAD_REQUEST, "expired_token"),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable"),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable"),
            Self::Broken => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooMany => Some(TOO_MANY_SECONDS),
            Self::TooOften { retry_after } => Some(*retry_after),
            Self::Unavailable(_) => Some(UNAVAILABLE_SECONDS),
            _ => None,
        }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let (status, error) = self.parts();
        if status.is_server_error() {
            tracing::error!(error = ?self, "a request for a token failed");
        }
        let body = json!({ "error": error, "error_description": self.to_string() });
        let mut response = (status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after() {
            let value = HeaderValue::from(seconds);
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}

impl From<MakeCodesError> for OAuthError {
    fn from(error: MakeCodesError) -> Self {
        match error {
            MakeCodesError::Storage(error) => error.into(),
            MakeCodesError::Randomness(_) => Self::Broken,
            MakeCodesError::TooMany => Self::TooMany,
        }
    }
}

impl From<TooMany> for OAuthError {
    fn from(too_many: TooMany) -> Self {
        Self::TooOften {
            retry_after: too_many.retry_after.as_secs() + 1,
        }
    }
}

impl From<NoHeaderToken> for OAuthError {
    fn from(error: NoHeaderToken) -> Self {
        match error {
            NoHeaderToken::SessionEnded => Self::SessionEnded,
            NoHeaderToken::NotAllowed
            | NoHeaderToken::LoginRequired
            | NoHeaderToken::PolicyDenied => Self::PolicyDenied,
            NoHeaderToken::Storage(error) => error.into(),
            NoHeaderToken::Randomness(_) | NoHeaderToken::Claims(_) => Self::Broken,
        }
    }
}
