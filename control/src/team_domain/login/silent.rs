//! The end of a login attempt in which nobody may be asked anything: `prompt=none`, as in OpenID
//! Connect Core 1.0, sections 3.1.2.1 and 3.1.2.6. A page would stand in a frame that nobody sees,
//! so whatever else would be a page becomes an error for the application's callback.

use axum::http::StatusCode;
use axum::response::Response;
use portcullis::protocol::login::CALLBACK_PATH;

use super::super::failure::Failure;
use super::super::redirect::redirect;
use super::LoginAttempt;

/// Why there is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// Somebody has to sign in.
    LoginRequired,
    /// The policy does not admit who is signed in.
    AccessDenied,
}

/// Back to the application, whose origin has been checked, without a code.
///
/// # Errors
/// When the origin is no header.
pub fn back_with(attempt: &LoginAttempt, error: Error) -> Result<Response, Failure> {
    let error = match error {
        Error::LoginRequired => "login_required",
        Error::AccessDenied => "access_denied",
    };
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("error", error)
        .append_pair("state", &attempt.state)
        .finish();
    let callback = format!("{}{CALLBACK_PATH}?{query}", attempt.origin);
    redirect(StatusCode::FOUND, &callback)
}
