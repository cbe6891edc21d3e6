//! An ordinary application: long requests, event streams, large bodies, ranges, WebSockets.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use portcullis_demo::origin;
use tokio::time::sleep;

/// What `/slow` takes: longer than Envoy's default for a whole answer, 15 seconds.
pub const SLOW: Duration = Duration::from_secs(20);
/// The size of `/download`, and of what is sent to `/upload`.
pub const LARGE: usize = 50 << 20;

/// The demo's application with more paths.
pub fn application() -> Router {
    Router::new()
        .route("/slow", get(slow))
        .route("/download", get(async || Bytes::from(vec![b'd'; LARGE])))
        .route(
            "/upload",
            post(async |body: Bytes| body.len().to_string()).layer(DefaultBodyLimit::max(LARGE)),
        )
        .route("/digits", get(digits))
        .fallback_service(origin::application())
}

async fn slow() -> &'static str {
    // The subject of the test: an answer that takes its time.
    sleep(SLOW).await;
    "slow"
}

/// Ten bytes, of which `range: bytes=2-4` gets three (RFC 9110, section 14).
async fn digits(headers: HeaderMap) -> Response {
    match headers.get("range").and_then(|range| range.to_str().ok()) {
        Some("bytes=2-4") => (
            StatusCode::PARTIAL_CONTENT,
            [("content-range", "bytes 2-4/10")],
            "234",
        )
            .into_response(),
        _ => "0123456789".into_response(),
    }
}
