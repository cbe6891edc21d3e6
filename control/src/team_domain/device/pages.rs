//! The pages of `/device`.

use std::time::Duration;

use askama::Template;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::super::page::csrf::FormGuard;
use super::super::page::failure::Failure;
use super::super::page::message::{Message, SignOut, render, render_form};
use super::super::page::time::ShownTime;
use super::waiting::WaitingRequest;
use crate::service::Service;
use crate::sessions::durations::to_text;
use crate::storage::Session;

/// Makes the pages for one request.
pub struct DevicePages<'a> {
    /// The service.
    pub service: &'a Service,
    /// The request's headers.
    pub headers: &'a HeaderMap,
}

#[derive(Template)]
#[template(path = "device_code.html")]
struct CodePageTemplate {
    demo: bool,
    wrong: bool,
}

#[derive(Template)]
#[template(path = "device.html")]
struct QuestionPageTemplate<'a> {
    demo: bool,
    code: String,
    application: &'a str,
    origins: Vec<String>,
    address: &'a str,
    ago: String,
    time: ShownTime,
    email: &'a str,
    duration: String,
    csrf_token: String,
}

impl DevicePages<'_> {
    /// Asks for a code. `wrong`: the previous one was wrong, expired or used.
    pub fn form(&self, wrong: bool) -> Result<Response, Failure> {
        let status = if wrong {
            StatusCode::NOT_FOUND
        } else {
            StatusCode::OK
        };
        let demo = self.service.config.server.demo;
        render(status, &CodePageTemplate { demo, wrong })
    }

    /// Asks the user to confirm or refuse.
    pub fn question(
        &self,
        session: &Session,
        waiting: &WaitingRequest,
        longest: Duration,
    ) -> Result<Response, Failure> {
        let definition = &waiting.application.definition;
        let guard = FormGuard::of(self.headers, self.service.random.as_ref())?;
        let (now, asked_at) = (self.service.now(), waiting.request.asked_at);
        let page = QuestionPageTemplate {
            demo: self.service.config.server.demo,
            code: waiting.code.to_string(),
            application: &definition.name,
            origins: definition.origins.iter().map(ToString::to_string).collect(),
            address: &waiting.request.client_address,
            ago: to_text(now.duration_since(asked_at)),
            time: ShownTime::at(asked_at),
            email: &session.email,
            duration: to_text(longest),
            csrf_token: guard.token(),
        };
        render_form(StatusCode::OK, &page, &guard)
    }

    /// Says that the user cannot make this token. The request keeps waiting, because the user may
    /// have another account.
    pub fn no_access(
        &self,
        session: &Session,
        waiting: &WaitingRequest,
    ) -> Result<Response, Failure> {
        let guard = FormGuard::of(self.headers, self.service.random.as_ref())?;
        let name = &waiting.application.definition.name;
        let message = Message {
            demo: self.service.config.server.demo,
            title: format!("You cannot make a token for {name}"),
            paragraphs: vec![
                format!(
                    "You are signed in as {}. This account has no access to {name}, or {name} no \
                     longer accepts tokens for scripts. Nothing was changed.",
                    session.email
                ),
                "If you have another account, sign out and sign in with that one.".to_owned(),
            ],
            sign_out: Some(SignOut {
                provider: None,
                csrf_token: guard.token(),
                query: String::new(),
            }),
            link: Some(("/".to_owned(), "Your applications".to_owned())),
            ..Message::default()
        };
        render_form(StatusCode::FORBIDDEN, &message, &guard)
    }

    /// Says what the answer did.
    pub fn answered(&self, waiting: &WaitingRequest, confirmed: bool) -> Result<Response, Failure> {
        let name = &waiting.application.definition.name;
        let (title, paragraph) = if confirmed {
            (
                "Confirmed".to_owned(),
                format!(
                    "The command line now gets its token for {name}. Return to your terminal. \
                     Signing out here ends the token."
                ),
            )
        } else {
            (
                "Refused".to_owned(),
                format!("No token for {name} was made. You can close this page."),
            )
        };
        let message = Message {
            demo: self.service.config.server.demo,
            title,
            paragraphs: vec![paragraph],
            link: Some(("/".to_owned(), "Your applications".to_owned())),
            ..Message::default()
        };
        render(StatusCode::OK, &message)
    }
}
