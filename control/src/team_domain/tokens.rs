//! `GET /tokens` and `POST /tokens`: a token for scripts, made in the browser and shown once.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::page::csrf::{self, FormGuard};
use super::page::failure::Failure;
use super::page::message::{Message, render_form};
use super::page::own::Own;
use super::page::redirect::sign_in_first;
use crate::applications::Application;
use crate::audit::source::Source;
use crate::service::Service;
use crate::sessions::current;
use crate::sessions::durations::to_text;
use crate::storage::{Session, ShownSignIn};
use crate::tokens::header_tokens::{self, HeaderToken, NoHeaderToken};

const PATH: &str = "/tokens";

#[derive(Deserialize)]
pub struct MakeTokenForm {
    application: String,
    csrf_token: String,
}

#[derive(Template)]
#[template(path = "tokens.html")]
struct TokensPageTemplate {
    own: Own,
    choices: Vec<Choice>,
}

/// An application for which the user can make tokens.
struct Choice {
    audience: String,
    name: String,
    duration: String,
}

#[derive(Template)]
#[template(path = "token_made.html")]
struct TokenMadeTemplate<'a> {
    own: Own,
    application: &'a str,
    token: &'a str,
    lasts: String,
    url: String,
}

/// `GET /tokens`.
pub async fn show(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let Some(session) = current::current(&service, &headers).await? else {
        return sign_in_first(StatusCode::FOUND, PATH);
    };
    let guard = FormGuard::of(&headers, service.random.as_ref())?;
    let page = TokensPageTemplate {
        own: Own::of(&service, (&headers, &guard), &session, PATH).await?,
        choices: choices(&service, &session).await?,
    };
    render_form(StatusCode::OK, &page, &guard)
}

/// `POST /tokens`.
pub async fn make(
    State(service): State<Arc<Service>>,
    source: Source,
    headers: HeaderMap,
    form: Result<Form<MakeTokenForm>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = form.map_err(|_| Failure::BadForm)?;
    csrf::check(&headers, &form.csrf_token, &service.team_domain.to_string())?;
    let Some(session) = current::current(&service, &headers).await? else {
        return sign_in_first(StatusCode::SEE_OTHER, PATH);
    };
    let shown = ShownSignIn::from(&session);
    match header_tokens::make(&service, &shown, &form.application, source).await {
        Ok(made) => shown_once(&service, (&headers, &session), &made).await,
        Err(NoHeaderToken::SessionEnded) => sign_in_first(StatusCode::SEE_OTHER, PATH),
        Err(NoHeaderToken::NotAllowed | NoHeaderToken::PolicyDenied) => none_for_you(&service),
        Err(NoHeaderToken::LoginRequired) => sign_in_again(&service),
        Err(NoHeaderToken::Storage(error)) => Err(error.into()),
        Err(NoHeaderToken::Randomness(error)) => Err(error.into()),
        Err(NoHeaderToken::Sign(error)) => Err(error.into()),
    }
}

async fn choices(service: &Service, session: &Session) -> Result<Vec<Choice>, Failure> {
    let applications = service.storage.applications().await?;
    let choice = |one: Application| {
        let longest = header_tokens::longest(&one.definition, session)?;
        Some(Choice {
            duration: to_text(longest),
            name: one.definition.name,
            audience: one.audience,
        })
    };
    Ok(applications.into_iter().filter_map(choice).collect())
}

async fn shown_once(
    service: &Service,
    (headers, session): (&HeaderMap, &Session),
    made: &HeaderToken,
) -> Result<Response, Failure> {
    let definition = &made.application.definition;
    let first = definition.origins.first();
    let lasts = made.expires_at.duration_since(service.now());
    let guard = FormGuard::of(headers, service.random.as_ref())?;
    let page = TokenMadeTemplate {
        own: Own::of(service, (headers, &guard), session, PATH).await?,
        application: &definition.name,
        token: made.token.reveal(),
        lasts: to_text(lasts),
        // A wildcard stands for hostnames of which none is known here.
        url: first
            .map(|place| format!("{place}/").replacen('*', "NAME", 1))
            .unwrap_or_default(),
    };
    render_form(StatusCode::OK, &page, &guard)
}

/// An administrator demanded a new sign-in.
pub fn sign_in_again(service: &Service) -> Result<Response, Failure> {
    let message = Message {
        demo: service.config.server.demo,
        title: "Sign in again first".to_owned(),
        paragraphs: vec![
            "An administrator requires a new sign-in to this application.".to_owned(),
            "Open the application, sign in, then come back here.".to_owned(),
        ],
        link: Some(("/".to_owned(), "Your applications".to_owned())),
        ..Message::default()
    };
    message.refuse(StatusCode::FORBIDDEN)
}

/// The application is unknown, takes no tokens in headers, or does not admit the user: the user is
/// not told which.
fn none_for_you(service: &Service) -> Result<Response, Failure> {
    let message = Message {
        demo: service.config.server.demo,
        title: "No token was made".to_owned(),
        paragraphs: vec![
            "The application does not accept tokens for scripts, or you have no access to it."
                .to_owned(),
        ],
        link: Some((PATH.to_owned(), "Choose another application".to_owned())),
        ..Message::default()
    };
    message.refuse(StatusCode::FORBIDDEN)
}
