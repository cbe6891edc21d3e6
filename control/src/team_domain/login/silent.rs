//! The end of a login attempt that must not prompt the user: `prompt=none`, as in OpenID Connect
//! Core 1.0, sections 3.1.2.1 and 3.1.2.6. It runs in a hidden frame, so every page becomes an
//! error for the application's callback.

use axum::http::StatusCode;
use axum::response::Response;
use portcullis::protocol::login::CALLBACK_PATH;

use super::super::page::failure::Failure;
use super::super::page::redirect::redirect;
use super::attempt::LoginAttempt;

/// Why there is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SilentError {
    /// The user has to sign in.
    LoginRequired,
    /// The policy does not admit the user.
    AccessDenied,
    /// Nobody knows now; a retry may help (RFC 6749, section 4.1.2.1).
    TemporarilyUnavailable,
}

/// The redirect to the application, whose origin has been checked, without a code.
///
/// # Errors
/// When the origin is not a valid header value.
pub fn back_with(attempt: &LoginAttempt, error: SilentError) -> Result<Response, Failure> {
    let error = match error {
        SilentError::LoginRequired => "login_required",
        SilentError::AccessDenied => "access_denied",
        SilentError::TemporarilyUnavailable => "temporarily_unavailable",
    };
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("error", error)
        .append_pair("state", &attempt.state)
        // A frame that now offers to sign in leads back there.
        .append_pair("return_to", &attempt.return_to)
        .finish();
    let callback = format!("{}{CALLBACK_PATH}?{query}", attempt.origin);
    redirect(StatusCode::FOUND, &callback)
}

/// The redirect in the place of a page that would tell a person about a failure.
///
/// # Errors
/// As [`back_with`].
pub fn instead_of(failure: &Failure, attempt: &LoginAttempt) -> Result<Response, Failure> {
    tracing::error!(error = %failure, "a sign-in without a prompt failed");
    back_with(attempt, SilentError::TemporarilyUnavailable)
}
