//! `GET /`: the start page, which says who is signed in and lets them sign in or out.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::page::csrf::FormGuard;
use super::page::failure::Failure;
use super::page::message::render_form;
use crate::service::Service;
use crate::sessions::current;

#[derive(Template)]
#[template(path = "landing.html")]
struct LandingPageTemplate {
    demo: bool,
    email: Option<String>,
    csrf_token: String,
}

pub async fn landing(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let session = current::current(&service, &headers).await?;
    let guard = FormGuard::of(&headers, service.random.as_ref())?;
    let page = LandingPageTemplate {
        demo: service.config.server.demo,
        email: session.map(|session| session.email),
        csrf_token: guard.token(),
    };
    render_form(StatusCode::OK, &page, &guard)
}
