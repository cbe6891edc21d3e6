//! Why a report is refused, and how each endpoint says so.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::fault::ReportFault;
use crate::identity_providers::error::{IdTokenFault, ProviderError};
use crate::metrics::refusals::{Endpoint, Refused};
use crate::storage::StorageError;
use crate::system::rate_limit::TooMany;
use crate::words::seconds;

/// When the keys of the provider cannot be fetched, or the database is away.
const RETRY_SECONDS: u64 = 5;

/// Why a report is refused. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No provider has the id, or the endpoint is not configured for it.
    #[error("there is no such endpoint; see `identity_providers` in the configuration")]
    NoEndpoint,
    /// Too many reports from the same address failed.
    #[error("too many reports of this network were refused; try again in {}", seconds(.0.retry_after_seconds()))]
    TooMany(TooMany),
    /// Too many reports of the provider were verified.
    #[error("too many reports of this provider; try again in {}", seconds(.0.retry_after_seconds()))]
    Flood(TooMany),
    /// The body is too large.
    #[error("the body is larger than 64 KB")]
    TooLarge,
    /// The body is not what it must be.
    #[error("{0}")]
    Body(&'static str),
    /// The bearer token is missing or wrong.
    #[error("the bearer token is missing or wrong")]
    Bearer,
    /// Signature, issuer or audience could not be verified.
    #[error(transparent)]
    Unverified(#[from] ProviderError),
    /// Something else is wrong with a signed report.
    #[error(transparent)]
    Fault(#[from] ReportFault),
    /// Nobody of that name signs in with the provider.
    #[error("nobody of that name has signed in with this provider")]
    NoSuchPerson,
    /// The database is not available.
    #[error("the service is not available at the moment; try again")]
    Unavailable(#[from] StorageError),
}

/// A refusal in the form of OAuth 2.0 (RFC 6749, section 5.2), which Back-Channel Logout uses as well.
pub struct InOAuth(pub Refusal);

/// A refusal of an event that was pushed (RFC 8935, sections 2.3 and 2.4).
pub struct InPush(pub Refusal);

impl Refusal {
    /// A body that could not be read, of which the endpoint says what it must be.
    #[must_use]
    pub fn unreadable(status: StatusCode, expected: &'static str) -> Self {
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            _ => Self::Body(expected),
        }
    }

    /// Whether it counts as a failure of its sender. Whoever sends a report that was received before, or
    /// about somebody unknown, has proven who they are.
    #[must_use]
    pub fn is_the_senders(&self) -> bool {
        match self {
            Self::Fault(ReportFault::Repeated)
            | Self::NoSuchPerson
            | Self::Flood(_)
            | Self::Unavailable(_) => false,
            // A stranger can cause these, also while the keys cannot be fetched.
            Self::NoEndpoint
            | Self::TooMany(_)
            | Self::TooLarge
            | Self::Body(_)
            | Self::Bearer
            | Self::Unverified(_)
            | Self::Fault(_) => true,
        }
    }

    /// In short, for the metrics.
    fn reason(&self) -> &'static str {
        match self {
            Self::NoEndpoint => "no_endpoint",
            Self::TooMany(_) => "too_many",
            Self::Flood(_) => "provider_flood",
            Self::TooLarge => "too_large",
            Self::Body(_) => "bad_request",
            Self::Bearer => "bearer_invalid",
            Self::Unverified(error) => match error {
                ProviderError::IdToken(_) => "token_invalid",
                error => error.reason(),
            },
            Self::Fault(ReportFault::Repeated) => "repeated",
            Self::Fault(_) => "token_invalid",
            Self::NoSuchPerson => "no_such_person",
            Self::Unavailable(_) => "unavailable",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NoEndpoint | Self::NoSuchPerson => StatusCode::NOT_FOUND,
            Self::TooMany(_) | Self::Flood(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Bearer => StatusCode::UNAUTHORIZED,
            Self::Unverified(ProviderError::IdToken(_)) | Self::Body(_) | Self::Fault(_) => {
                StatusCode::BAD_REQUEST
            }
            // The keys are missing: that is not the report's fault.
            Self::Unverified(_) | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooMany(too_many) | Self::Flood(too_many) => Some(too_many.retry_after_seconds()),
            _ if self.status() == StatusCode::SERVICE_UNAVAILABLE => Some(RETRY_SECONDS),
            _ => None,
        }
    }

    /// The error code of section 2.4 of RFC 8935.
    fn push_error(&self) -> &'static str {
        let fault = match self {
            Self::Bearer => return "authentication_failed",
            Self::Unverified(ProviderError::IdToken(fault))
            | Self::Fault(ReportFault::Token(fault)) => fault,
            _ => return "invalid_request",
        };
        match fault {
            IdTokenFault::Algorithm | IdTokenFault::UnknownKey | IdTokenFault::Signature => {
                "invalid_key"
            }
            IdTokenFault::Claim { claim: "iss", .. } => "invalid_issuer",
            IdTokenFault::Claim { claim: "aud", .. } => "invalid_audience",
            _ => "invalid_request",
        }
    }

    /// The response with this body.
    fn respond(&self, status: StatusCode, body: serde_json::Value) -> Response {
        let reason = self.reason();
        // What strangers can cause is no error of this service.
        let is_ours = !matches!(self, Self::Unverified(ProviderError::KeysJustFetched));
        if status.is_server_error() && is_ours {
            tracing::error!(error = ?self, "a report of a provider could not be judged");
        } else {
            tracing::info!(error = %self, reason, "a report of a provider was refused");
        }
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            headers.insert(header::WWW_AUTHENTICATE, bearer);
        }
        response.extensions_mut().insert(Refused {
            endpoint: Endpoint::ProviderEvents,
            reason,
        });
        response
    }

    /// What the sender is told; causes inside this service are for the log.
    fn public_text(&self) -> String {
        match self {
            Self::Unverified(ProviderError::IdToken(_)) => self.to_string(),
            Self::Unverified(_) => {
                "the keys of the provider cannot be fetched; try again".to_owned()
            }
            _ => self.to_string(),
        }
    }
}

impl From<TooMany> for Refusal {
    fn from(too_many: TooMany) -> Self {
        Self::TooMany(too_many)
    }
}

impl From<IdTokenFault> for Refusal {
    fn from(fault: IdTokenFault) -> Self {
        Self::Fault(fault.into())
    }
}

impl IntoResponse for InOAuth {
    fn into_response(self) -> Response {
        let status = self.0.status();
        let error = match status {
            StatusCode::NOT_FOUND => "not_found",
            StatusCode::TOO_MANY_REQUESTS => "slow_down",
            StatusCode::UNAUTHORIZED => "invalid_token",
            StatusCode::SERVICE_UNAVAILABLE => "temporarily_unavailable",
            _ => "invalid_request",
        };
        let body = json!({ "error": error, "error_description": self.0.public_text() });
        self.0.respond(status, body)
    }
}

impl IntoResponse for InPush {
    fn into_response(self) -> Response {
        let status = match self.0.status() {
            // Section 2.3: what is wrong with the sender is said in the body as well.
            StatusCode::UNAUTHORIZED => StatusCode::BAD_REQUEST,
            status => status,
        };
        let body = json!({ "err": self.0.push_error(), "description": self.0.public_text() });
        let mut response = self.0.respond(status, body);
        let english = HeaderValue::from_static("en");
        response
            .headers_mut()
            .insert(header::CONTENT_LANGUAGE, english);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_here_is_no_failure_of_the_sender() {
        for refusal in [
            Refusal::Unavailable(sqlx::Error::PoolTimedOut.into()),
            Refusal::Fault(ReportFault::Repeated),
            Refusal::NoSuchPerson,
        ] {
            assert!(!refusal.is_the_senders(), "{refusal}");
        }
        for refusal in [
            Refusal::Bearer,
            Refusal::TooLarge,
            Refusal::Fault(ReportFault::Nonce),
            Refusal::Unverified(ProviderError::KeysJustFetched),
        ] {
            assert!(refusal.is_the_senders(), "{refusal}");
        }
    }
}
