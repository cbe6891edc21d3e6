//! Redirects between pages.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use portcullis::protocol::return_to;

use super::failure::Failure;
use crate::dashboard::path::PATH;

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

/// A path and query, if they are a page of the dashboard to any browser. Paths of the dashboard have
/// letters, digits, `-` and `_` only, so there are no dots that a browser would resolve.
pub fn dashboard_page(place: &str) -> Option<Cow<'_, str>> {
    let place = return_to::checked(place)?;
    let path = place.split(['?', '#']).next().unwrap_or_default();
    let below = path.strip_prefix(PATH)?;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_');
    let is_page = (below.is_empty() || below.starts_with('/')) && below.bytes().all(is_plain);
    is_page.then_some(place)
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

/// The same for a page that demands a recent sign-in, although somebody is signed in.
///
/// # Errors
/// As [`sign_in_first`].
pub fn sign_in_again(status: StatusCode, page: &str) -> Result<Response, Failure> {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("prompt", "login")
        .append_pair("return_to", page)
        .finish();
    redirect(status, &format!("/login?{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_every_browser_takes_for_a_page_of_the_dashboard_is_one() {
        for page in [
            "/dashboard",
            "/dashboard/",
            "/dashboard/applications",
            "/dashboard/users/0a-_Z?q=a%2e%2e/..&x=//evil.example",
        ] {
            assert_eq!(dashboard_page(page).as_deref(), Some(page));
        }
        for other in [
            "",
            "/",
            "/login",
            "/dashboards",
            "/dashboard.evil.example",
            "/dashboard@evil.example",
            "dashboard/users",
            "//evil.example/dashboard",
            "/\\evil.example/dashboard",
            "https://evil.example/dashboard",
            "/dashboard/../logout",
            "/dashboard/..",
            "/dashboard/.%2e/logout",
            "/dashboard/%2E%2e/logout",
            "/dashboard\\..\\logout",
            "/dashboard/x;y",
            "/dashboard/\r\nx",
            "/%64ashboard/users",
        ] {
            assert_eq!(dashboard_page(other), None, "{other:?}");
        }
    }
}
