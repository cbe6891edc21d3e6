//! Health, on every listener and without a credential. `GET /healthz`: the process is alive.
//! `GET /readyz`: it can serve requests;
//! if not, the body says why.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::routing::get;

use crate::service::Service;
use crate::storage::{StorageError, Trouble};

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

/// 503 while the database cannot be read or written, so that a load balancer chooses another
/// replica.
async fn readyz(State(service): State<Arc<Service>>) -> (StatusCode, String) {
    let position = service.storage.position();
    let trouble = match tokio::time::timeout(DATABASE_LIMIT, position).await {
        Ok(Ok(_)) if service.keys().await.is_err() => {
            Some("the signing keys cannot be read".to_owned())
        }
        Ok(Ok(_)) => written_trouble(&service),
        Ok(Err(error @ StorageError::WentBack)) => Some(error.to_string()),
        Ok(Err(error)) => {
            tracing::error!(error = ?error, "not ready: the database cannot be read");
            Some("the database cannot be read".to_owned())
        }
        Err(_) => {
            tracing::error!("not ready: the database takes too long to answer");
            Some("the database takes too long to answer".to_owned())
        }
    };
    match trouble {
        None => (StatusCode::OK, "ready\n".to_owned()),
        Some(trouble) => (StatusCode::SERVICE_UNAVAILABLE, trouble + "\n"),
    }
}

/// Why the last write to the database or the data directory failed. The log says more.
fn written_trouble(service: &Service) -> Option<String> {
    let of_database = Trouble::now().map(|trouble| trouble.to_string());
    of_database.or_else(|| service.data_dir.trouble().map(ToOwned::to_owned))
}
