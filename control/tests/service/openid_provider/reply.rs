//! What an endpoint answers.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::{StreamExt as _, future, stream};
use serde_json::Value;

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    content: Content,
    after: Duration,
}

#[derive(Debug, Clone)]
enum Content {
    Whole(String),
    /// So many bytes, of which nobody says before how many.
    Huge(usize),
    /// A beginning, and nothing more.
    Endless,
    /// Not even a beginning.
    Nothing,
}

impl Reply {
    pub fn json(value: &Value) -> Self {
        Self::text(&value.to_string())
    }

    pub fn text(text: &str) -> Self {
        Self::of(Content::Whole(text.to_owned()))
    }

    pub fn huge(bytes: usize) -> Self {
        Self::of(Content::Huge(bytes))
    }

    pub fn endless() -> Self {
        Self::of(Content::Endless)
    }

    pub fn nothing() -> Self {
        Self::of(Content::Nothing)
    }

    pub fn redirect(to: &str) -> Self {
        Self::text("").status(302).header("location", to)
    }

    pub fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// Only after a while.
    pub fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn of(content: Content) -> Self {
        Self {
            status: 200,
            // So that a provider that goes away leaves no connection.
            headers: vec![("connection", "close".to_owned())],
            content,
            after: Duration::ZERO,
        }
    }

    pub async fn into_response(self) -> Response {
        const CHUNK: usize = 64 * 1024;
        tokio::time::sleep(self.after).await;
        let chunk = || Ok::<_, std::convert::Infallible>(Bytes::from_static(&[b' '; CHUNK]));
        let body = match self.content {
            Content::Whole(text) => Body::from(text),
            Content::Huge(bytes) => {
                let chunks = std::iter::repeat_with(chunk).take(bytes / CHUNK);
                Body::from_stream(stream::iter(chunks))
            }
            Content::Endless => {
                let beginning = stream::once(future::ready(chunk()));
                Body::from_stream(beginning.chain(stream::pending()))
            }
            Content::Nothing => future::pending().await,
        };
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response.body(body).unwrap()
    }
}
