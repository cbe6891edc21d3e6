//! `GET /healthz`: the process is alive. `GET /readyz`: it can serve requests.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use crate::service::Service;

pub async fn healthz() -> &'static str {
    "ok\n"
}

/// 503 while the database cannot be read, so that a load balancer chooses another replica.
pub async fn readyz(State(service): State<Arc<Service>>) -> (StatusCode, &'static str) {
    match service.storage.position().await {
        Ok(_) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::error!(error = ?error, "not ready: the database cannot be read");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database cannot be read\n",
            )
        }
    }
}
