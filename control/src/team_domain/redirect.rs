//! Redirects between pages.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::failure::Failure;

/// A redirect; 303 after a POST, so that it becomes a GET (RFC 9110, section 15.4.4).
///
/// # Errors
/// When the target is no header's value.
pub fn redirect(status: StatusCode, to: &str) -> Result<Response, Failure> {
    let location =
        HeaderValue::from_str(to).map_err(|_| Failure::Broken("a redirect is no header"))?;
    Ok((status, [(header::LOCATION, location)]).into_response())
}
