//! Security headers of every response of the team domain. A handler can choose another value.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use reqwest::Url;

/// Nothing from other origins, no frames, forms only to the team domain.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

const HEADERS: [(HeaderName, &str); 7] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Not `no-referrer`: browsers would then send `origin: null` with our own forms.
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

/// Adds the headers that the handler did not set.
pub async fn add(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

/// The policy of the sign-in form, which may redirect to `origin` (empty: to none), because
/// Chromium applies `form-action` to the redirect after a POST as well. Its script asks the team
/// domain whether another tab has signed in.
pub fn policy_for_sign_in(origin: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{POLICY} {origin}; connect-src 'self'")).ok()
}

/// The policy of the page that signs out: its form may redirect to `url` of a provider.
pub fn policy_for_sign_out(url: &str) -> Option<HeaderValue> {
    let origin = Url::parse(url).ok()?.origin().ascii_serialization();
    HeaderValue::from_str(&format!("{POLICY} {origin}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_out_may_lead_to_the_providers_origin_alone() {
        for (url, origin) in [
            ("https://sso.example.com", "https://sso.example.com"),
            ("https://sso.example.com?a=/b", "https://sso.example.com"),
            (
                "https://SSO.example.com:443/end#x",
                "https://sso.example.com",
            ),
            ("http://127.0.0.1:8080/end?a=b", "http://127.0.0.1:8080"),
            (
                "https://a:b@sso.example.com:8443/",
                "https://sso.example.com:8443",
            ),
        ] {
            let policy = policy_for_sign_out(url).unwrap();
            let expected = format!("{POLICY} {origin}");
            assert_eq!(policy.to_str().unwrap(), expected, "{url}");
        }
        assert_eq!(policy_for_sign_out("/end"), None);
    }
}
