//! `GET /robots.txt` (RFC 9309): crawlers may fetch the sign-in page and nothing else.
//!
//! The sign-in page stays open to them for two reasons. Search engines obey its `noindex` only if they
//! can fetch it; an address that they may not fetch can still be listed. And the services that show
//! previews of links obey this file too: a link to an application leads them to that page, which names
//! the application.

use axum::http::header;
use axum::response::IntoResponse;

const RULES: &str = "User-agent: *\nAllow: /login\nAllow: /assets/\nDisallow: /\n";

/// `GET /robots.txt`.
pub async fn robots() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, RULES)
}
