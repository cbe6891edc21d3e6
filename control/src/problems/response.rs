//! Error responses of the APIs, in the format of RFC 9457 (`application/problem+json`).

use std::fmt;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use portcullis::time::UnixSeconds;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::InputProblem;
use crate::storage::StorageError;

/// The text of every internal error. Its cause is only logged.
const UNAVAILABLE: &str = "the control service cannot do this now; try again";
const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// An error response (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
// `R` is the API's type for the machine-readable reason.
pub struct Problem<R> {
    /// Always `about:blank`: `reason` says what the problem is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The reason in a few words.
    title: String,
    /// The status of the response.
    #[serde(serialize_with = "as_number")]
    #[schema(value_type = u16)]
    status: StatusCode,
    /// What the problem is, for programs.
    reason: R,
    /// What the problem is, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The beginning of the request's id, which the log and the audit log have.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    /// Everything that is wrong with the input.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<InputProblem>,
    /// The application that has what another one cannot have.
    #[serde(skip_serializing_if = "Option::is_none")]
    holder: Option<String>,
    /// The `etag` that the resource has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    /// Who changed the resource last.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_by: Option<String>,
    /// When that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, format = "unixtime")]
    changed_at: Option<UnixSeconds>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    retry_after: Option<u64>,
    /// The user's e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    account: Option<String>,
    /// Where the user was going: a path and query.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    return_to: Option<String>,
}

impl<R: Serialize + fmt::Debug> Problem<R> {
    /// A problem with a title for people and a reason for programs.
    #[must_use]
    pub fn new(status: StatusCode, title: impl Into<String>, reason: R) -> Self {
        Self {
            kind: "about:blank",
            title: title.into(),
            status,
            reason,
            detail: None,
            reference: None,
            errors: Vec::new(),
            holder: None,
            etag: None,
            changed_by: None,
            changed_at: None,
            retry_after: None,
            account: None,
            return_to: None,
        }
    }

    /// The text of an error for the caller: its own, unless only the log may have it.
    #[must_use]
    pub fn public_text(
        status: StatusCode,
        error: &impl fmt::Display,
        of_storage: Option<&StorageError>,
    ) -> String {
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let known = of_storage.and_then(StorageError::public_text);
            known.unwrap_or(UNAVAILABLE).to_owned()
        } else {
            error.to_string()
        }
    }

    /// The same problem with an explanation of this occurrence.
    #[must_use]
    pub fn with_detail(self, detail: String) -> Self {
        Self {
            detail: Some(detail),
            ..self
        }
    }

    /// The same problem with what the log and the audit log know the request by.
    #[must_use]
    pub fn with_reference(self, reference: Option<String>) -> Self {
        Self { reference, ..self }
    }

    /// The same problem with everything that is wrong with the input.
    #[must_use]
    pub fn with_errors(self, errors: Vec<InputProblem>) -> Self {
        Self { errors, ..self }
    }

    /// The same problem with the application that has what another one cannot have.
    #[must_use]
    pub fn with_holder(self, holder: Option<String>) -> Self {
        Self { holder, ..self }
    }

    /// The same problem with the `etag` that the resource has now.
    #[must_use]
    pub fn with_etag(self, etag: Option<String>) -> Self {
        Self { etag, ..self }
    }

    /// The same problem with who changed the resource last, and when.
    #[must_use]
    pub fn with_change(self, change: Option<(String, UnixSeconds)>) -> Self {
        let (changed_by, changed_at) = change.unzip();
        Self {
            changed_by,
            changed_at,
            ..self
        }
    }

    /// The same problem with the number of seconds after which a retry can succeed.
    #[must_use]
    pub fn with_retry_after(self, retry_after: Option<u64>) -> Self {
        Self {
            retry_after,
            ..self
        }
    }

    /// The same problem with the account that it concerns.
    #[must_use]
    pub fn with_account(self, account: Option<String>) -> Self {
        Self { account, ..self }
    }

    /// The same problem with where the user was going.
    #[must_use]
    pub fn with_return_to(self, return_to: Option<String>) -> Self {
        Self { return_to, ..self }
    }

    /// The response. Logs `error`, which `api` refused a call with.
    pub fn respond(self, api: &'static str, error: &impl fmt::Debug) -> Response {
        let status = self.status;
        if status == StatusCode::SERVICE_UNAVAILABLE {
            tracing::error!(?error, api, "API call failed");
        } else {
            let reason = &self.reason;
            tracing::info!(status = status.as_u16(), ?reason, api, "API call refused");
        }
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, CONTENT_TYPE);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some((name, value)) = required_header(status) {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }

    /// The response with this problem instead of the one that it has.
    #[must_use]
    pub fn instead_of(self, response: Response) -> Response {
        let (mut parts, _) = response.into_parts();
        parts.headers.remove(header::CONTENT_LENGTH);
        Response::from_parts(parts, Json(self).into_response().into_body())
    }
}

fn required_header(status: StatusCode) -> Option<(HeaderName, &'static str)> {
    match status {
        StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, "1")),
        // RFC 9110, section 11.6.1: a 401 says how to authenticate.
        StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, "Bearer")),
        _ => None,
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde calls"
)]
fn as_number<S: Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}
