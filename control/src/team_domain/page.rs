//! Pages: templates filled, and what a failed request shows.
//!
//! A handler only says what failed; [`present_failures`] makes the page, so that no handler can
//! show what belongs into the log.

use std::any::Any;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use super::failure::Failure;
use crate::service::Service;

/// A page that says something and may offer a way on.
#[derive(Template, Default)]
#[template(path = "message.html")]
pub struct Message {
    /// Whether every page must say that this is a demo.
    pub demo: bool,
    /// What it is about.
    pub title: String,
    /// Paragraphs.
    pub paragraphs: Vec<String>,
    /// Where one can go, and what the link says.
    pub link: Option<(String, String)>,
    /// Offers to sign out.
    pub sign_out: Option<SignOut>,
}

/// A form that signs out.
pub struct SignOut {
    /// For [`super::csrf`].
    pub csrf_token: String,
}

/// A template as a response.
///
/// # Errors
/// When the template cannot be filled.
pub fn render(status: StatusCode, template: &impl Template) -> Result<Response, Failure> {
    Ok((status, Html(template.render()?)).into_response())
}

/// Makes the pages of failed requests.
pub async fn present_failures(
    State(service): State<Arc<Service>>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    let Some(failure) = response.extensions().get::<Failure>().cloned() else {
        return response;
    };
    let status = failure.status();
    if status.is_server_error() {
        tracing::error!(%failure, "a page could not be shown");
    } else {
        tracing::debug!(%failure, "a request of a page was refused");
    }
    let (title, paragraphs) = failure.message();
    let message = Message {
        demo: service.config.server.demo,
        title: title.to_owned(),
        paragraphs,
        link: Some(("/".to_owned(), "To the start page".to_owned())),
        sign_out: None,
    };
    let mut page = render(status, &message).unwrap_or_else(|_| status.into_response());
    if let Some(seconds) = failure.retry_after() {
        page.headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    page
}

/// What a request gets whose handler panicked.
pub fn after_panic(_: Box<dyn Any + Send>) -> Response {
    Failure::Broken("a handler panicked").into_response()
}
