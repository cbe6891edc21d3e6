//! The listener for metrics: `GET /metrics`, and health. It needs no credential, so it is a listener
//! of its own, which runs only where `server.metrics` says so.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::text::{encode_eof, encode_registry};

use super::snapshot::Snapshot;
use crate::health;
use crate::service::Service;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The older format, for those who do not ask for the newer one. The text is valid in both.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All calls.
pub fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .merge(health::router())
        .fallback(async || {
            (
                StatusCode::NOT_FOUND,
                "see /metrics, /healthz and /readyz\n",
            )
        })
        .with_state(service)
}

async fn metrics(State(service): State<Arc<Service>>, headers: HeaderMap) -> Response {
    let snapshot = Snapshot::take(&service).await;
    let Ok(text) = text(&service, &snapshot) else {
        tracing::error!("the metrics cannot be written");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let accepted = headers.get(header::ACCEPT);
    let asks = accepted.and_then(|value| value.to_str().ok());
    let kind = match asks {
        Some(kinds) if kinds.contains("application/openmetrics-text") => OPEN_METRICS,
        _ => TEXT,
    };
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

fn text(service: &Service, snapshot: &Snapshot) -> Result<String, fmt::Error> {
    let mut text = String::new();
    encode_registry(&mut text, service.metrics.registry())?;
    encode_registry(&mut text, &snapshot.registry())?;
    encode_eof(&mut text)?;
    Ok(text)
}
