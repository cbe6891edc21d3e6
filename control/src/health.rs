//! Health, on every listener and without a credential. `GET /healthz`: the process is alive.
//! `GET /readyz`: it can serve requests.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::routing::get;

use crate::service::Service;

/// How long the database may take. Probes commonly give up after a second.
const DATABASE_LIMIT: Duration = Duration::from_millis(900);

/// Both calls.
pub fn router() -> Router<Arc<Service>> {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readyz))
}

/// Both calls, where there is no room for others.
pub fn alone(service: Arc<Service>) -> Router {
    router()
        .fallback(async || {
            let wait = [(header::RETRY_AFTER, "1")];
            (
                StatusCode::SERVICE_UNAVAILABLE,
                wait,
                "too many open connections\n",
            )
        })
        .with_state(service)
}

/// 503 while the database cannot be read, so that a load balancer chooses another replica.
async fn readyz(State(service): State<Arc<Service>>) -> (StatusCode, &'static str) {
    let position = service.storage.position();
    match tokio::time::timeout(DATABASE_LIMIT, position).await {
        Ok(Ok(_)) => (StatusCode::OK, "ready\n"),
        Ok(Err(error)) => {
            tracing::error!(error = ?error, "not ready: the database cannot be read");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database cannot be read\n",
            )
        }
        Err(_) => {
            tracing::error!("not ready: the database takes too long to answer");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database takes too long to answer\n",
            )
        }
    }
}
