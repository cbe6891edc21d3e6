//! Sign-in in a window that an application's frame opened (`display=popup`, OpenID Connect Core 1.0,
//! section 3.1.2.1): the window must stay connected to the frame, to which it reports at the end.
//!
//! Every other page of the team domain cuts a window off from what opened it
//! (`cross-origin-opener-policy: same-origin`), so that no other site can lead a window elsewhere in
//! which somebody is about to type a password. It stays connected only if the application itself
//! opened it, by the referrer, which no page can choose; and then through the forms of the sign-in.
//! A redirect counts as a page here, so all responses of `/login` have the header.

use axum::extract::{Query, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use serde::Deserialize;

pub const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
/// `display` of a sign-in in a window; no other is known.
pub const POPUP: &str = "popup";
pub const CONNECTED: HeaderValue = HeaderValue::from_static("unsafe-none");

/// What counts of the query.
#[derive(Deserialize)]
struct Display {
    display: String,
    origin: String,
}

/// Keeps a window connected to the frame that opened it.
pub async fn keep(request: Request, next: Next) -> Response {
    let stays = is_connected(request.uri(), request.headers());
    let mut response = next.run(request).await;
    if stays {
        response.headers_mut().insert(OPENER_POLICY, CONNECTED);
    }
    response
}

/// Whether the window stays connected to the application that opened it.
pub fn is_connected(uri: &Uri, headers: &HeaderMap) -> bool {
    let Ok(Query(query)) = Query::<Display>::try_from_uri(uri) else {
        return false;
    };
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let from_application = text(header::REFERER) == Some(&format!("{}/", query.origin));
    // The sign-in's own form, in a window that was connected or was cut off before.
    let from_here = text(HeaderName::from_static("sec-fetch-site")) == Some("same-origin");
    query.display == POPUP && (from_application || from_here)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stays(uri: &str, headers: &[(&'static str, &str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        is_connected(&uri.parse().unwrap(), &headers.collect())
    }

    #[test]
    fn only_the_application_and_the_sign_in_itself_keep_a_window_connected() {
        let popup = "/login?app=a&origin=https%3A%2F%2Fwiki.example%3A8443&display=popup";
        let page = popup.trim_end_matches("&display=popup");
        let application = [("referer", "https://wiki.example:8443/")];
        let own_form = [
            ("sec-fetch-site", "same-origin"),
            ("referer", "https://team.example/login"),
        ];
        assert!(stays(popup, &application) && stays(popup, &own_form));
        for (uri, headers) in [
            (page, &application[..]),
            (page, &own_form),
            (popup, &[]),
            (popup, &[("referer", "https://evil.example/")]),
            (
                popup,
                &[("referer", "https://wiki.example:8443.evil.example/")],
            ),
            (popup, &[("referer", "https://wiki.example/")]),
            (popup, &[("sec-fetch-site", "same-site")]),
            (popup, &[("sec-fetch-site", "cross-site")]),
            ("/login?display=popup", &application),
        ] {
            assert!(!stays(uri, headers), "{uri} {headers:?}");
        }
    }
}
