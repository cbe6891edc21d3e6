//! `GET /logout` asks for confirmation, `POST /logout` ends the global session and with it the access
//! to all applications.
//!
//! The query may name the application from which the user came, and to which a link leads back.
//!
//! A user whom a provider signed in may sign out there, too (OpenID Connect RP-Initiated Logout 1.0):
//! their session here ends first, whatever becomes of the rest.

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
use super::page::redirect::redirect;
use super::page::security_headers::policy_for_sign_out;
use crate::audit::source::Source;
use crate::audit::{Event, EventName, Subject};
use crate::service::Service;
use crate::sessions::{cookies, current};
use crate::storage::{SealingError, Session, SignOutHint, StorageError};

#[derive(Deserialize)]
pub struct SignOutForm {
    csrf_token: String,
    /// Present if the user signs out at their provider, too.
    provider: Option<String>,
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
    let at_provider = match hint(&service, &session).await? {
        Some(hint) => at_provider(&service, &hint).await,
        None => None,
    };
    let message = Message {
        demo: service.config.server.demo,
        title: "Sign out?".to_owned(),
        paragraphs: vec![
            signed_in_as(&session),
            "Signing out ends your access to all applications in this browser.".to_owned(),
        ],
        sign_out: Some(SignOut {
            csrf_token: guard.token(),
            query,
            provider: at_provider.as_ref().map(|(name, _)| name.clone()),
        }),
        link: Some((stay, "Stay signed in".to_owned())),
        ..Message::default()
    };
    let mut response = render_form(StatusCode::OK, &message, &guard)?;
    let policy = at_provider.and_then(|(_, url)| policy_for_sign_out(&url));
    if let Some(policy) = policy {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

/// What is known of the session at the provider; `None` for a session that began with a password.
async fn hint(service: &Service, session: &Session) -> Result<Option<SignOutHint>, Failure> {
    if session.provided.is_none() {
        return Ok(None);
    }
    let hint = service.storage.sign_out_hint(&session.id, &service.seal);
    match hint.await {
        Ok(hint) => Ok(hint),
        Err(SealingError::Storage(error)) => Err(error.into()),
        // Then people sign out here alone.
        Err(SealingError::Seal(_)) => Ok(None),
    }
}

/// The name of the session's provider, and the address that signs the browser out there. `None` if
/// the provider has none, or is away: it may be called.
async fn at_provider(service: &Service, hint: &SignOutHint) -> Option<(String, String)> {
    let provider = service.identity_providers.by_id(&hint.provider_id)?;
    let settings = provider.settings();
    let back = settings.post_logout_redirect_uri(&service.team_domain);
    let id_token = hint.id_token.as_ref();
    let url = provider.end_session_url(id_token, &back).await?;
    Some((provider.name().to_owned(), url))
}

fn signed_in_as(session: &Session) -> String {
    if session.email.is_empty() {
        "You are signed in.".to_owned()
    } else {
        format!("You are signed in as {}.", session.email)
    }
}

/// `POST /logout`.
pub async fn sign_out(
    State(service): State<Arc<Service>>,
    source: Source,
    headers: HeaderMap,
    Query(query): Query<SignOutQuery>,
    form: Result<Form<SignOutForm>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = form.map_err(|_| Failure::BadForm)?;
    csrf::check(&headers, &form.csrf_token, &service.team_domain.to_string())?;
    let mut provider = None;
    if let Some(session) = current::current(&service, &headers).await? {
        if form.provider.is_some() {
            // It is deleted with the session.
            provider = hint(&service, &session).await?;
        }
        let by = source.by(session.actor());
        let event = Event::new(EventName::SessionEnded, &by, Subject::session(&session.id));
        let event = event.reason("sign_out");
        if let Some(version) = service.storage.sign_out(&session.id, event).await? {
            service.notifier.committed(version);
        }
        tracing::info!(
            session = session.id,
            user = session.user_id,
            email = session.email,
            "signed out"
        );
    }
    let elsewhere = match &provider {
        // After the session has ended: a provider that is slow, or away, must not delay that.
        Some(hint) => at_provider(&service, hint).await,
        None => None,
    };
    let from = CameFrom::of(&service, &query).await.unwrap_or_default();
    let message = Message {
        demo: service.config.server.demo,
        title: "You are signed out".to_owned(),
        paragraphs: vec!["Your access to all applications in this browser has ended.".to_owned()],
        ..links_in(from)
    };
    let mut response = match elsewhere {
        Some((_, url)) => redirect(StatusCode::SEE_OTHER, &url)?,
        None => render(StatusCode::OK, &message)?,
    };
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
