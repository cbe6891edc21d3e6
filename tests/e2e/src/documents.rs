//! Documents that a test puts behind Envoy, in place of the demo application's page.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

const SHARED: &str = "public, max-age=600";

/// Documents by path; hosts are not told apart.
#[derive(Debug, Clone, Default)]
pub(crate) struct Documents(Arc<Mutex<HashMap<String, Document>>>);

#[derive(Debug, Clone)]
struct Document {
    content_type: &'static str,
    text: String,
    /// A further header field.
    more: Option<(HeaderName, &'static str)>,
}

impl Documents {
    /// The same application, with the documents before it.
    pub(crate) fn before(&self, application: Router) -> Router {
        application.layer(from_fn_with_state(self.clone(), answer))
    }

    pub(crate) fn put(&self, path: &str, content_type: &'static str, text: String) {
        let mut documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let document = Document {
            content_type,
            text,
            more: None,
        };
        documents.insert(path.to_owned(), document);
    }

    /// Lets shared caches keep a document.
    pub(crate) fn share(&self, path: &str) {
        self.add_header(path, (CACHE_CONTROL, SHARED));
    }

    /// Gives a document a further header field.
    pub(crate) fn add_header(&self, path: &str, header: (HeaderName, &'static str)) {
        let mut documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(document) = documents.get_mut(path) {
            document.more = Some(header);
        }
    }

    fn find(&self, path: &str) -> Option<Document> {
        let documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        documents.get(path).cloned()
    }
}

async fn answer(State(documents): State<Documents>, request: Request, next: Next) -> Response {
    match documents.find(request.uri().path()) {
        Some(document) => {
            let more = document.more.map(|header| [header]);
            let content_type = [(CONTENT_TYPE, document.content_type)];
            (content_type, more, document.text).into_response()
        }
        None => next.run(request).await,
    }
}
