//! Errors in the format that OAuth clients read (RFC 6749, section 5.2; RFC 8628, section 3.5).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::metrics::refusals::{Endpoint, Refused};
use crate::storage::StorageError;
use crate::system::rate_limit::TooMany;
use crate::tokens::device_codes::issue::IssueCodesError;
use crate::tokens::header_tokens::NoHeaderToken;
use crate::words::seconds;

/// When too many requests wait for an answer: by then one has been answered or has expired.
const TOO_MANY_SECONDS: u64 = 60;
const UNAVAILABLE_SECONDS: u64 = 5;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    /// A parameter is missing, duplicated or invalid.
    #[error("a parameter is missing, duplicated or invalid")]
    InvalidRequest,
    /// The client is not the command line.
    #[error("unknown client; client_id must be portcullis-control")]
    InvalidClient,
    /// The code is unknown, was used, or made room for others.
    #[error(
        "this code is unknown, was already used, or gave way to newer requests; request a new one"
    )]
    InvalidGrant,
    /// The grant is not the device grant.
    #[error("grant_type must be urn:ietf:params:oauth:grant-type:device_code")]
    UnsupportedGrantType,
    /// The application is unknown, or takes no tokens in headers: strangers are not told which.
    #[error(
        "no application with this name or origin accepts tokens for scripts; an administrator can \
         allow them with `application set NAME --header-tokens true`"
    )]
    InvalidTarget,
    /// The request has not been answered.
    #[error("the code has not been confirmed yet")]
    AuthorizationPending,
    /// The same, and the client polls too often.
    #[error("the code has not been confirmed yet; wait 5 seconds longer between polls")]
    SlowDown,
    /// The client sends too many requests.
    #[error("too many requests from this network; try again in {}", seconds(*retry_after))]
    TooOften {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// The user refused.
    #[error("the request was refused in the browser")]
    Refused,
    /// The user's session ended before the token was issued.
    #[error("the session that confirmed the code has ended")]
    SessionEnded,
    /// The policy no longer admits the user, or the application changed.
    #[error("the application's policy does not admit the user who confirmed the code")]
    PolicyDenied,
    /// The request was not answered in time.
    #[error("the code was not confirmed in time; request a new one")]
    ExpiredToken,
    /// Too many requests wait for an answer.
    #[error("too many requests are waiting for an answer; try again later")]
    TooMany,
    /// The database is not available.
    #[error("the service is not available at the moment; try again")]
    Unavailable(#[from] StorageError),
    /// A defect of the service or the machine.
    #[error("internal error; see the service's log")]
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
            tracing::error!(error = ?self, "token request failed");
        }
        let known = match &self {
            Self::Unavailable(error) => error.public_text().map(ToOwned::to_owned),
            _ => None,
        };
        let description = known.unwrap_or_else(|| self.to_string());
        let body = json!({ "error": error, "error_description": description });
        let mut response = (status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after() {
            let value = HeaderValue::from(seconds);
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        // A poll before the user has answered is no refusal.
        if !matches!(self, Self::AuthorizationPending) {
            response.extensions_mut().insert(Refused {
                endpoint: Endpoint::Scripts,
                reason: error,
            });
        }
        response
    }
}

impl From<IssueCodesError> for OAuthError {
    fn from(error: IssueCodesError) -> Self {
        match error {
            IssueCodesError::Storage(error) => error.into(),
            IssueCodesError::Randomness(_) => Self::Broken,
            IssueCodesError::TooMany => Self::TooMany,
        }
    }
}

impl From<TooMany> for OAuthError {
    fn from(too_many: TooMany) -> Self {
        Self::TooOften {
            retry_after: too_many.retry_after_seconds(),
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
            NoHeaderToken::Randomness(_) | NoHeaderToken::Sign(_) => Self::Broken,
        }
    }
}
