//! `GET /`: who is signed in here, and the way in or out.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use super::csrf::FormGuard;
use super::failure::Failure;
use super::page::render;
use super::session;
use crate::service::Service;

#[derive(Template)]
#[template(path = "landing.html")]
struct Landing {
    demo: bool,
    email: Option<String>,
    csrf_token: String,
}

pub async fn landing(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let session = session::current(&service, &headers).await?;
    let guard = FormGuard::of(&headers, service.random.as_ref())?;
    let page = Landing {
        demo: service.config.server.demo,
        email: session.map(|session| session.email),
        csrf_token: guard.token(),
    };
    let mut response = render(StatusCode::OK, &page)?;
    if let Some(cookie) = guard.cookie() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
