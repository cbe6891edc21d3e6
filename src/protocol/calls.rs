//! Calls of the filter to the control service, under [`PREFIX`], in JSON with
//! `authorization: Bearer <filter credential>`.

use serde::{Deserialize, Serialize};

use crate::time::UnixSeconds;

/// Path prefix of all calls.
pub const PREFIX: &str = "/api/filter/v1/";

/// `POST exchange`: an exchange code for tokens.
#[derive(Clone, Serialize, Deserialize)]
pub struct ExchangeRequest {
    /// The code that the callback received.
    pub code: String,
    /// The login attempt's verifier (RFC 7636). Without one the code is deleted; the answer is a
    /// [`BurnAnswer`], or 204 if there is no such code for the origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_verifier: Option<String>,
    /// The application's origin on which the callback arrived.
    pub origin: String,
}

/// The answer of a successful exchange.
#[derive(Clone, Serialize, Deserialize)]
pub struct ExchangeAnswer {
    /// The application token.
    pub token: String,
    /// The binding secret, if the application binds.
    pub binding: Option<String>,
    /// The global session's end.
    pub session_exp: UnixSeconds,
    /// Where the user was going: a path and query.
    pub return_to: String,
    /// How to set the cookies.
    pub cookie: CookieSettings,
}

/// The answer to an exchange without a verifier.
#[derive(Clone, Serialize, Deserialize)]
pub struct BurnAnswer {
    /// Where the user of the code was going: a path and query.
    pub return_to: String,
}

/// `POST refresh`: a new token for an expired one, under a live global session.
#[derive(Clone, Serialize, Deserialize)]
pub struct RefreshRequest {
    /// The application token, expired or not.
    pub token: String,
    /// The binding secret, if the token is bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding_secret: Option<String>,
    /// The application's origin on which the request arrived.
    pub origin: String,
}

/// The answer of a successful refresh. The binding secret does not change.
#[derive(Clone, Serialize, Deserialize)]
pub struct RefreshAnswer {
    /// The new application token, bound like the old one.
    pub token: String,
    /// The global session's end.
    pub session_exp: UnixSeconds,
    /// How to set the cookies now.
    pub cookie: CookieSettings,
}

/// `POST service`: an application token for a service token.
#[derive(Clone, Serialize, Deserialize)]
pub struct ServiceRequest {
    /// The client id that a request showed.
    pub client_id: String,
    /// The secret that it showed.
    pub client_secret: String,
    /// The application's origin on which the request arrived.
    pub origin: String,
    /// The application's audience.
    pub audience: String,
}

/// The answer to a service token that is admitted.
#[derive(Clone, Serialize, Deserialize)]
pub struct ServiceAnswer {
    /// The application token, for at most [`LONGEST_TOKEN`].
    ///
    /// [`LONGEST_TOKEN`]: super::service_token::LONGEST_TOKEN
    pub token: String,
}

/// `POST logout`: ends the global session of a token.
#[derive(Clone, Serialize, Deserialize)]
pub struct LogoutRequest {
    /// The application token; it may have expired.
    pub token: String,
    /// The binding secret, if the token is bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding_secret: Option<String>,
}

/// How an application wants the cookies of its sessions to be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CookieSettings {
    /// Whether the token cookie is hidden from scripts.
    pub http_only: bool,
    /// When the browser sends the cookies across sites.
    pub same_site: SameSite,
    /// Whether the cookies are kept apart by top-level site.
    #[serde(default)]
    pub partitioned: bool,
}

/// The `SameSite` attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SameSite {
    /// Sent always.
    None,
    /// Sent with top-level navigations of other sites.
    Lax,
    /// Never sent with requests that other sites cause.
    Strict,
}

/// An error of the control service (RFC 9457).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Problem {
    /// `about:blank`, or a URI of the kind of problem.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// One line for people.
    #[serde(default)]
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The reason, for programs.
    pub reason: ProblemReason,
    /// Seconds to wait, with `user_blocked`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// The user's e-mail address, with `policy_denied` of `POST exchange`: the user is told which
    /// account has no access.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Where the user of the code was going, with a `POST exchange` whose code is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_to: Option<String>,
}

/// Why the control service refuses a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemReason {
    /// 400: the body or the query is invalid.
    RequestInvalid,
    /// 400: the code is unknown, used or expired.
    CodeUnknown,
    /// 400: the code belongs to another origin, or the verifier does not match.
    CodeMismatch,
    /// 400: the control service did not issue the token.
    TokenInvalid,
    /// 401: the filter credential is missing or unknown.
    CredentialInvalid,
    /// 403: the global session has ended.
    SessionEnded,
    /// 403: the user must sign in again.
    LoginRequired,
    /// 403: an administrator revoked the user a moment ago.
    UserBlocked,
    /// 403: the application's policy does not admit the user.
    PolicyDenied,
    /// 403: the binding secret is missing or wrong.
    BindingMismatch,
    /// 403: there is no such service token, its secret is another one, or it is disabled or has
    /// expired.
    ServiceTokenInvalid,
    /// 403: the origin belongs to no application, or not to this credential.
    OriginUnknown,
    /// 429: too many calls.
    TooManyRequests,
    /// 503: try again.
    Unavailable,
}

impl ProblemReason {
    /// The status with which the reason is a decision about the code, the token or the session of
    /// a call. `None` if it is none: the call was not judged, and may be made again.
    #[must_use]
    pub fn decides_with(self) -> Option<u16> {
        match self {
            Self::CodeUnknown | Self::CodeMismatch | Self::TokenInvalid => Some(400),
            Self::SessionEnded
            | Self::LoginRequired
            | Self::UserBlocked
            | Self::PolicyDenied
            | Self::BindingMismatch
            | Self::ServiceTokenInvalid => Some(403),
            Self::RequestInvalid
            | Self::CredentialInvalid
            | Self::OriginUnknown
            | Self::TooManyRequests
            | Self::Unavailable => None,
        }
    }

    /// Its text on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequestInvalid => "request_invalid",
            Self::CodeUnknown => "code_unknown",
            Self::CodeMismatch => "code_mismatch",
            Self::TokenInvalid => "token_invalid",
            Self::CredentialInvalid => "credential_invalid",
            Self::SessionEnded => "session_ended",
            Self::LoginRequired => "login_required",
            Self::UserBlocked => "user_blocked",
            Self::PolicyDenied => "policy_denied",
            Self::BindingMismatch => "binding_mismatch",
            Self::ServiceTokenInvalid => "service_token_invalid",
            Self::OriginUnknown => "origin_unknown",
            Self::TooManyRequests => "too_many_requests",
            Self::Unavailable => "unavailable",
        }
    }
}
