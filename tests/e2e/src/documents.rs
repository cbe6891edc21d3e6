//! Documents that a test puts behind Envoy, in place of the demo application's page.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

/// Documents by path; hosts are not told apart.
#[derive(Debug, Clone, Default)]
pub(crate) struct Documents(Arc<Mutex<HashMap<String, Document>>>);

#[derive(Debug, Clone)]
struct Document {
    content_type: &'static str,
    text: String,
}

impl Documents {
    /// The same application, with the documents before it.
    pub(crate) fn before(&self, application: Router) -> Router {
        application.layer(from_fn_with_state(self.clone(), answer))
    }

    pub(crate) fn put(&self, path: &str, content_type: &'static str, text: String) {
        let mut documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        documents.insert(path.to_owned(), Document { content_type, text });
    }

    fn find(&self, path: &str) -> Option<Document> {
        let documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        documents.get(path).cloned()
    }
}

async fn answer(State(documents): State<Documents>, request: Request, next: Next) -> Response {
    match documents.find(request.uri().path()) {
        Some(Document { content_type, text }) => {
            ([(CONTENT_TYPE, content_type)], text).into_response()
        }
        None => next.run(request).await,
    }
}
