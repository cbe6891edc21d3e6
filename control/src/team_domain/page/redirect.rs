//! Redirects between pages.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::failure::Failure;

/// A redirect. A POST is answered with 303, so that the browser follows with a GET (RFC 9110,
/// section 15.4.4).
///
/// # Errors
/// When the target is not a valid header value.
pub fn redirect(status: StatusCode, to: &str) -> Result<Response, Failure> {
    let location = HeaderValue::from_str(to)
        .map_err(|_| Failure::Broken("a redirect target is not a valid header value"))?;
    Ok((status, [(header::LOCATION, location)]).into_response())
}

/// A redirect to the sign-in, which returns to `page` of the team domain. A POST is answered with
/// [`StatusCode::SEE_OTHER`].
///
/// # Errors
/// When the page's path is not a valid header value.
pub fn sign_in_first(status: StatusCode, page: &str) -> Result<Response, Failure> {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("return_to", page)
        .finish();
    redirect(status, &format!("/login?{query}"))
}
