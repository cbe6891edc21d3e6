//! Which requests reached the origin: a refusal that also let the request through is none.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;

/// Counts of requests by path.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<HashMap<String, usize>>>);

impl Seen {
    /// The same application, watched.
    pub(crate) fn watch(&self, application: Router) -> Router {
        application.layer(from_fn_with_state(self.clone(), note))
    }

    pub(crate) fn count(&self, path: &str) -> usize {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(path).copied().unwrap_or_default()
    }

    fn add(&self, path: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(path.to_owned()).or_default() += 1;
    }
}

async fn note(State(seen): State<Seen>, request: Request, next: Next) -> Response {
    seen.add(request.uri().path());
    next.run(request).await
}
