//! `GET /login` and `POST /login`: where a filter sends a browser without a session, and where
//! people sign in.
//!
//! With a live global session and a policy that admits the user, the browser returns to the
//! application at once. The query names the application and the way back; it comes through the
//! browser, so the POST checks it again.

mod attempt;
mod complete;
mod demanded;
mod form;
pub mod opener;
pub mod provider;
mod query;
mod restored;
mod silent;
pub mod waiting;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use portcullis::protocol::login::LOGIN_PATH;
use serde::Deserialize;

use super::client::Client;
use super::page::csrf;
use super::page::failure::Failure;
use crate::audit::source::Source;
use crate::service::Service;
use crate::sessions::current;
use crate::sign_in::begin::Authenticated;
use crate::sign_in::password::{self, Browser, Typed};
use crate::tokens::secret::Plain;
use attempt::LoginAttempt;
use complete::{CompletedSignIn, SignedIn};
use demanded::must_sign_in_again;
use form::{Complaint, LoginForm, Prompt};
use query::LoginQuery;

/// The form of the password method.
#[derive(Deserialize)]
pub struct PasswordForm {
    email: String,
    password: Plain,
    csrf_token: String,
}

/// `GET /login`.
pub async fn show(
    State(service): State<Arc<Service>>,
    source: Source,
    uri: Uri,
    headers: HeaderMap,
    query: Result<Query<LoginQuery>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(query) = query.map_err(|_| Failure::BadQuery)?;
    let attempt = attempt::check(&service, &query).await?;
    let asked = Asked {
        uri: &uri,
        headers: &headers,
        query: &query,
        source: &source,
    };
    let answer = answer(&service, asked, attempt.as_ref()).await;
    match attempt.filter(|attempt| attempt.is_silent) {
        Some(attempt) => answer.or_else(|failure| silent::instead_of(&failure, &attempt)),
        None => answer,
    }
}

/// A request for the sign-in.
#[derive(Clone, Copy)]
struct Asked<'a> {
    uri: &'a Uri,
    headers: &'a HeaderMap,
    query: &'a LoginQuery,
    source: &'a Source,
}

/// What a browser gets that wants to sign in: the way back, the way to the default provider, or the
/// form.
async fn answer(
    service: &Service,
    asked: Asked<'_>,
    attempt: Option<&LoginAttempt>,
) -> Result<Response, Failure> {
    let Asked { headers, query, .. } = asked;
    let mut form = LoginForm {
        query,
        attempt,
        email: "",
        complaint: None,
        prompt: Prompt::NotSignedIn,
        restored: false,
    };
    let session = current::without_prompt(service, headers).await?;
    if session.is_some() && query.wants_other_account() {
        form.prompt = Prompt::ByChoice;
    } else if let Some(session) = &session {
        let signed_in = SignedIn {
            session,
            redirect: StatusCode::FOUND,
            own_page: &query.own_page(),
            source: asked.source.clone(),
        };
        if must_sign_in_again(service, session, (query, attempt)).await? {
            form.prompt = Prompt::LaterSignIn;
            form.email = &session.email;
        } else if let Some(response) = signed_in.go_back(service, attempt).await? {
            return Ok(response);
        }
    }
    if let Some(attempt) = attempt.filter(|attempt| attempt.is_silent) {
        return silent::back_with(attempt, silent::SilentError::LoginRequired);
    }
    form.restored = session.is_none() && restored::ended_session(service, headers).await?;
    if !form.restored
        && let Some(start) = without_choice(service, asked, &form)
    {
        return start.respond(service, headers).await;
    }
    form.show(service, headers)
}

/// The sign-in with the default provider, which skips the page. A browser that keeps as many sign-ins
/// as it may gets the page: there the tab waits for another one to sign in, and no place is lost.
fn without_choice<'a>(
    service: &'a Service,
    asked: Asked<'a>,
    form: &LoginForm<'a>,
) -> Option<provider::Start<'a>> {
    let chooses = form.prompt == Prompt::ByChoice || asked.query.wants_choice();
    let provider = service.identity_providers.default_provider()?;
    let skips = !chooses && !provider::is_full(asked.headers);
    skips.then(|| provider::Start {
        provider,
        attempt: form.attempt,
        query: asked.query,
        fresh: form.prompt == Prompt::LaterSignIn,
        connected: opener::is_connected(asked.uri, asked.headers),
        source: asked.source,
    })
}

/// `POST /login`.
pub async fn sign_in(
    State(service): State<Arc<Service>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    query: Result<Query<LoginQuery>, QueryRejection>,
    form: Result<Form<PasswordForm>, FormRejection>,
) -> Result<Response, Failure> {
    let Query(query) = query.map_err(|_| Failure::BadQuery)?;
    let Form(input) = form.map_err(|_| Failure::BadForm)?;
    if !service.config.sign_in.passwords {
        return Err(Failure::NoSuchMethod);
    }
    let attempt = attempt::check(&service, &query).await?;
    let form_again = async |complaint| {
        let form = LoginForm {
            query: &query,
            attempt: attempt.as_ref(),
            email: &input.email,
            complaint: Some(complaint),
            prompt: prompt(&service, &headers, (&query, attempt.as_ref())).await?,
            restored: false,
        };
        form.show(&service, &headers)
    };
    let team_domain = service.team_domain.to_string();
    if csrf::check(&headers, &input.csrf_token, &team_domain).is_err() {
        return form_again(Complaint::ForeignForm).await;
    }
    let client = Client {
        peer,
        headers: &headers,
    };
    let source = client.source(&service);
    let application = attempt
        .as_ref()
        .map(|attempt| &attempt.application.definition.name);
    let typed = Typed {
        email: &input.email,
        password: &input.password,
        client: client.address(&service),
        source: &source,
        application: application.map_or("", String::as_str),
        browser: Browser::Cookies(&headers),
    };
    let user = password::authenticate(&service, typed).await?;
    let Some(user) = user else {
        return form_again(Complaint::WrongPassword).await;
    };
    let completed = CompletedSignIn {
        user: Authenticated::Password(&user),
        client: &client,
        attempt: attempt.as_ref(),
        own_page: &query.own_page(),
        redirect: StatusCode::SEE_OTHER,
        again: LOGIN_PATH,
    };
    match completed.respond(&service).await? {
        Some(response) => Ok(response),
        None => form_again(Complaint::SessionEnded).await,
    }
}

/// Why a form that was sent is shown again.
async fn prompt(
    service: &Service,
    headers: &HeaderMap,
    asked: (&LoginQuery, Option<&LoginAttempt>),
) -> Result<Prompt, Failure> {
    Ok(match current::without_prompt(service, headers).await? {
        None => Prompt::NotSignedIn,
        Some(session) if must_sign_in_again(service, &session, asked).await? => Prompt::LaterSignIn,
        Some(_) => Prompt::ByChoice,
    })
}
