//! `GET /logout` asks for confirmation, `POST /logout` ends the global session and with it the access
//! to all applications.
//!
//! The query may name the application from which the user came, and to which a link leads back.

use std::sync::Arc;
use std::time::Duration;

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use portcullis::protocol::origin::Origin;
use serde::Deserialize;

use super::page::csrf::{self, FormGuard};
use super::page::failure::Failure;
use super::page::message::{Message, SignOut, render, render_form};
use crate::service::Service;
use crate::sessions::{cookies, current};
use crate::storage::StorageError;

#[derive(Deserialize)]
pub struct SignOutForm {
    csrf_token: String,
}

/// Where the user came from, unchecked. The form's action repeats it.
#[derive(Default, Deserialize)]
pub struct SignOutQuery {
    app: Option<String>,
    origin: Option<String>,
}

/// The application from which the user came.
struct CameFrom {
    name: String,
    url: String,
    /// `?` and the checked query.
    query: String,
}

/// `GET /logout`.
pub async fn ask(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Query(query): Query<SignOutQuery>,
) -> Result<Response, Failure> {
    let session = current::current(&service, &headers).await?;
    let from = CameFrom::of(&service, &query).await?;
    let Some(session) = session else {
        let message = Message {
            demo: service.config.server.demo,
            title: "You are not signed in".to_owned(),
            paragraphs: vec!["There is nothing to sign out of in this browser.".to_owned()],
            ..links_in(from)
        };
        return render(StatusCode::OK, &message);
    };
    let guard = FormGuard::of(&headers, service.random.as_ref())?;
    let (stay, query) = match from {
        Some(from) => (from.url, from.query),
        None => ("/".to_owned(), String::new()),
    };
    let message = Message {
        demo: service.config.server.demo,
        title: "Sign out?".to_owned(),
        paragraphs: vec![
            format!("You are signed in as {}.", session.email),
            "Signing out ends your access to all applications in this browser.".to_owned(),
        ],
        sign_out: Some(SignOut {
            csrf_token: guard.token(),
            query,
        }),
        link: Some((stay, "Stay signed in".to_owned())),
        ..Message::default()
    };
    render_form(StatusCode::OK, &message, &guard)
}

/// `POST /logout`.
pub async fn sign_out(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Query(query): Query<SignOutQuery>,
    form: Result<Form<SignOutForm>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = form.map_err(|_| Failure::BadForm)?;
    csrf::check(&headers, &form.csrf_token, &service.team_domain.to_string())?;
    if let Some(session) = current::current(&service, &headers).await? {
        if let Some(version) = service.storage.end_session(&session.id).await? {
            service.notifier.committed(version);
        }
        tracing::info!(
            session = session.id,
            user = session.user_id,
            email = session.email,
            "signed out"
        );
    }
    let from = CameFrom::of(&service, &query).await.unwrap_or_default();
    let message = Message {
        demo: service.config.server.demo,
        title: "You are signed out".to_owned(),
        paragraphs: vec!["Your access to all applications in this browser has ended.".to_owned()],
        ..links_in(from)
    };
    let mut response = render(StatusCode::OK, &message)?;
    if let Some(cookie) = cookies::set(cookies::SESSION, "", Duration::ZERO) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The ways back in: to the application from which the user came, or to the team domain.
fn links_in(from: Option<CameFrom>) -> Message {
    let (link, second) = match from {
        Some(from) => (
            (from.url, format!("Sign in to {}", from.name)),
            Some(("/".to_owned(), "Go to the start page".to_owned())),
        ),
        None => (("/login".to_owned(), "Sign in".to_owned()), None),
    };
    Message {
        link: Some(link),
        second,
        ..Message::default()
    }
}

impl CameFrom {
    /// The application in the query, if it exists and has that origin.
    async fn of(service: &Service, query: &SignOutQuery) -> Result<Option<Self>, StorageError> {
        let (Some(audience), Some(origin)) = (&query.app, &query.origin) else {
            return Ok(None);
        };
        let Ok(origin) = origin.parse::<Origin>() else {
            return Ok(None);
        };
        let storage = &service.storage;
        let mut there = storage
            .applications_reached_at(&origin, &service.team_domain)
            .await?
            .into_iter();
        Ok(there
            .find(|application| application.audience == *audience)
            .map(|application| {
                let query = form_urlencoded::Serializer::new(String::new())
                    .append_pair("app", audience)
                    .append_pair("origin", &origin.to_string())
                    .finish();
                Self {
                    url: application.definition.home_at(&origin),
                    name: application.definition.name,
                    query: format!("?{query}"),
                }
            }))
    }
}
