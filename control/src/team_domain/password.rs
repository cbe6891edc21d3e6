//! `GET /password` and `POST /password`: people change their own password. This browser stays signed
//! in; the others are signed out unless the user says otherwise.

use std::net::SocketAddr;
use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::client::Client;
use super::page::csrf::{self, FormGuard};
use super::page::failure::Failure;
use super::page::message::{Message, render, render_form};
use super::page::own::Own;
use super::page::redirect::sign_in_first;
use crate::service::Service;
use crate::sessions::current;
use crate::sign_in::new_password::FEWEST_CHARACTERS;
use crate::sign_in::own_password::{self, ChangeOutcome, OwnPasswordChange};
use crate::storage::Session;
use crate::tokens::secret::Plain;

const PATH: &str = "/password";

#[derive(Deserialize)]
pub struct PasswordForm {
    csrf_token: String,
    old_password: Plain,
    new_password: Plain,
    new_password_again: Plain,
    /// Present if the checkbox is checked.
    end_others: Option<String>,
}

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPageTemplate {
    own: Own,
    complaint: Option<String>,
    fewest_characters: usize,
    end_others: bool,
}

/// What the form shows.
struct PasswordPage {
    complaint: Option<(StatusCode, String)>,
    end_others: bool,
}

/// `GET /password`.
pub async fn show(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let Some(session) = current::current(&service, &headers).await? else {
        return sign_in_first(StatusCode::FOUND, PATH);
    };
    if let Some(provided) = &session.provided {
        return at_provider(&service, &provided.provider_id, StatusCode::OK);
    }
    let page = PasswordPage {
        complaint: None,
        end_others: true,
    };
    page.show(&service, &headers, &session).await
}

/// `POST /password`.
pub async fn change(
    State(service): State<Arc<Service>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    form: Result<Form<PasswordForm>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = form.map_err(|_| Failure::BadForm)?;
    csrf::check(&headers, &form.csrf_token, &service.team_domain.to_string())?;
    let Some(session) = current::current(&service, &headers).await? else {
        return sign_in_first(StatusCode::SEE_OTHER, PATH);
    };
    if let Some(provided) = &session.provided {
        return at_provider(&service, &provided.provider_id, StatusCode::FORBIDDEN);
    }
    let client = Client {
        peer,
        headers: &headers,
    };
    let end_others = form.end_others.is_some();
    let change = OwnPasswordChange {
        old: form.old_password,
        new: form.new_password,
        again: form.new_password_again,
        end_others,
    };
    let address = client.address(&service);
    let source = client.source(&service);
    let outcome = own_password::change(&service, &session, change, address, source).await?;
    let complaint = match outcome {
        ChangeOutcome::Done {
            session,
            sessions_ended,
        } => return done(&service, &session, sessions_ended).await,
        ChangeOutcome::SessionEnded => return sign_in_first(StatusCode::SEE_OTHER, PATH),
        ChangeOutcome::WrongPassword => (
            StatusCode::UNAUTHORIZED,
            "The current password is wrong.".to_owned(),
        ),
        ChangeOutcome::Different => invalid("The two new passwords are not the same."),
        ChangeOutcome::Unchanged => invalid("The new password is the current one."),
        ChangeOutcome::Invalid(fault) => invalid(&format!("The new password {fault}.")),
    };
    let page = PasswordPage {
        complaint: Some(complaint),
        end_others,
    };
    page.show(&service, &headers, &session).await
}

/// The page for a user whom a provider signs in, and who has no password here.
fn at_provider(
    service: &Service,
    provider_id: &str,
    status: StatusCode,
) -> Result<Response, Failure> {
    let provider = service.identity_providers.by_id(provider_id);
    let name = provider.map_or("an identity provider", |provider| provider.name());
    let message = Message {
        demo: service.config.server.demo,
        title: "You have no password here".to_owned(),
        paragraphs: vec![format!(
            "You sign in with {name}. Change your password there."
        )],
        link: Some(("/".to_owned(), "Go to the start page".to_owned())),
        ..Message::default()
    };
    render(status, &message)
}

impl PasswordPage {
    async fn show(
        self,
        service: &Service,
        headers: &HeaderMap,
        session: &Session,
    ) -> Result<Response, Failure> {
        let guard = FormGuard::of(headers, service.random.as_ref())?;
        let (status, complaint) = match self.complaint {
            Some((status, text)) => (status, Some(text)),
            None => (StatusCode::OK, None),
        };
        let page = PasswordPageTemplate {
            own: Own::of(service, (headers, &guard), session, PATH).await?,
            complaint,
            fewest_characters: FEWEST_CHARACTERS,
            end_others: self.end_others,
        };
        render_form(status, &page, &guard)
    }
}

fn invalid(text: &str) -> (StatusCode, String) {
    (StatusCode::UNPROCESSABLE_ENTITY, text.to_owned())
}

async fn done(
    service: &Service,
    session: &Session,
    sessions_ended: u64,
) -> Result<Response, Failure> {
    let ended = match sessions_ended {
        0 => "No other session was ended.".to_owned(),
        1 => "1 other session has ended.".to_owned(),
        count => format!("{count} other sessions have ended."),
    };
    let others = format!("You stay signed in in this browser. {ended}");
    let message = Message {
        demo: service.config.server.demo,
        title: "Your password has been changed".to_owned(),
        paragraphs: vec![others],
        link: Some(("/sessions".to_owned(), "Your sessions".to_owned())),
        ..Message::default()
    };
    let mut response = render(StatusCode::OK, &message)?;
    let cookie = current::cookie(service, &*service.keys().await?, session)?;
    response
        .headers_mut()
        .extend(cookie.map(|value| (SET_COOKIE, value)));
    Ok(response)
}
