//! What the page consists of besides itself.

use axum::response::IntoResponse;

use super::page::as_type;

const SCRIPT: &str = include_str!("../../assets/demo.js");
const STYLE: &str = include_str!("../../assets/demo.css");
const WORKER: &str = include_str!("../../assets/worker.js");
const MANIFEST: &str = include_str!("../../assets/app.webmanifest");
const ICON: &str = include_str!("../../assets/icon.svg");

/// The page's script.
pub(super) async fn script() -> impl IntoResponse {
    (as_type("text/javascript; charset=utf-8"), SCRIPT)
}

/// The page's style sheet.
pub(super) async fn style() -> impl IntoResponse {
    (as_type("text/css; charset=utf-8"), STYLE)
}

/// The service worker of the page with the filter's script.
pub(super) async fn worker() -> impl IntoResponse {
    (as_type("text/javascript; charset=utf-8"), WORKER)
}

/// What an installed application would be.
pub(super) async fn manifest() -> impl IntoResponse {
    (as_type("application/manifest+json"), MANIFEST)
}

/// The icon.
pub(super) async fn icon() -> impl IntoResponse {
    (as_type("image/svg+xml"), ICON)
}
