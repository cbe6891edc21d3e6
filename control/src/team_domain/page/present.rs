//! Pages of failed requests.
//!
//! A handler only returns the [`Failure`]; the page is made here, so that no handler can show what
//! belongs in the log.

use std::any::Any;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::failure::Failure;
use super::message::{Message, Wait};
use crate::metrics::refusals::Endpoint;
use crate::service::Service;

/// Makes the pages of failed requests.
pub async fn present_failures(
    State(service): State<Arc<Service>>,
    request: Request,
    next: Next,
) -> Response {
    let can_load_again = matches!(*request.method(), Method::GET | Method::HEAD);
    let response = next.run(request).await;
    let Some(failure) = response.extensions().get::<Failure>().cloned() else {
        return response;
    };
    service
        .metrics
        .refusals
        .count(Endpoint::Page, failure.reason());
    let status = failure.status();
    if status.is_server_error() {
        tracing::error!(%failure, "page request failed");
    } else if matches!(failure, Failure::BadLink { .. }) {
        // The page does not say what is wrong.
        tracing::info!(%failure, "page request refused");
    } else {
        tracing::debug!(%failure, "page request refused");
    }
    let wait = failure.retry_after().map(|seconds| {
        if can_load_again && matches!(failure, Failure::Unavailable(_)) {
            Wait::automatic(seconds)
        } else {
            Wait::from(service.now(), seconds)
        }
    });
    let (title, paragraphs) = failure.message();
    let message = Message {
        demo: service.config.server.demo,
        title: title.to_owned(),
        paragraphs,
        wait,
        link: Some(failure.link()),
        reason: failure.shown_reason(),
        ..Message::default()
    };
    // The policy of the pages among which it is.
    let policy = response.headers().get(header::CONTENT_SECURITY_POLICY);
    let mut page = message
        .refuse(status)
        .unwrap_or_else(|_| status.into_response());
    if let Some(seconds) = failure.retry_after() {
        page.headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(policy) = policy {
        page.headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy.clone());
    }
    page
}

/// The response to a request whose handler panicked.
pub fn after_panic(_: Box<dyn Any + Send>) -> Response {
    Failure::Broken("a handler panicked").into_response()
}
