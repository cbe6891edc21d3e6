//! `GET /logout` asks for confirmation, `POST /logout` ends the global session and with it the access
//! to all applications.

use std::sync::Arc;
use std::time::Duration;

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;

use super::page::csrf::{self, FormGuard};
use super::page::failure::Failure;
use super::page::message::{Message, SignOut, render, render_form};
use crate::service::Service;
use crate::sessions::{cookies, current};

#[derive(Deserialize)]
pub struct SignOutForm {
    csrf_token: String,
}

pub async fn ask(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let session = current::current(&service, &headers).await?;
    let guard = FormGuard::of(&headers, service.random.as_ref())?;
    let mut message = Message {
        demo: service.config.server.demo,
        ..Message::default()
    };
    match session {
        None => "You are not signed in".clone_into(&mut message.title),
        Some(session) => {
            "Sign out?".clone_into(&mut message.title);
            message.paragraphs = vec![
                format!("You are signed in as {}.", session.email),
                "Signing out ends your access to all applications in this browser.".to_owned(),
            ];
            message.sign_out = Some(SignOut {
                csrf_token: guard.token(),
            });
        }
    }
    render_form(StatusCode::OK, &message, &guard)
}

pub async fn sign_out(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    form: Result<Form<SignOutForm>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = form.map_err(|_| Failure::BadForm)?;
    csrf::check(&headers, &form.csrf_token, &service.team_domain.to_string())?;
    if let Some(session) = current::current(&service, &headers).await? {
        if let Some(version) = service.storage.end_session(&session.id).await? {
            service.notifier.committed(version);
        }
        tracing::info!(session = session.id, user = session.user_id, "signed out");
    }
    let message = Message {
        demo: service.config.server.demo,
        title: "You are signed out".to_owned(),
        paragraphs: vec!["Your access to all applications in this browser has ended.".to_owned()],
        link: Some(("/login".to_owned(), "Sign in again".to_owned())),
        sign_out: None,
    };
    let mut response = render(StatusCode::OK, &message)?;
    if let Some(cookie) = cookies::set(cookies::SESSION, "", Duration::ZERO) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
