//! What `/device` shows.

use std::time::{Duration, UNIX_EPOCH};

use askama::Template;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use super::super::csrf::FormGuard;
use super::super::failure::Failure;
use super::super::page::{Message, SignOut, render};
use super::Waiting;
use crate::service::Service;
use crate::sessions::durations::to_text;
use crate::storage::Session;

/// Makes the pages for one request.
pub struct Pages<'a> {
    /// The service.
    pub service: &'a Service,
    /// The request's headers.
    pub headers: &'a HeaderMap,
}

#[derive(Template)]
#[template(path = "device_code.html")]
struct CodeForm {
    demo: bool,
    wrong: bool,
}

#[derive(Template)]
#[template(path = "device.html")]
struct Question<'a> {
    demo: bool,
    code: String,
    application: &'a str,
    origins: Vec<String>,
    address: &'a str,
    ago: String,
    time: String,
    email: &'a str,
    duration: String,
    csrf_token: String,
}

impl Pages<'_> {
    /// Asks for a code; again, if the one before was wrong, too old or used.
    pub fn form(&self, wrong: bool) -> Result<Response, Failure> {
        let status = if wrong {
            StatusCode::NOT_FOUND
        } else {
            StatusCode::OK
        };
        let demo = self.service.config.server.demo;
        render(status, &CodeForm { demo, wrong })
    }

    /// Asks whether the token may be made.
    pub fn question(
        &self,
        session: &Session,
        waiting: &Waiting,
        longest: Duration,
    ) -> Result<Response, Failure> {
        let definition = &waiting.application.definition;
        let guard = FormGuard::of(self.headers, self.service.random.as_ref())?;
        let (now, asked_at) = (self.service.now(), waiting.request.asked_at);
        let time = UNIX_EPOCH + Duration::from_secs(asked_at);
        let page = Question {
            demo: self.service.config.server.demo,
            code: waiting.code.to_string(),
            application: &definition.name,
            origins: definition.origins.iter().map(ToString::to_string).collect(),
            address: &waiting.request.client_address,
            ago: to_text(Duration::from_secs(now.saturating_sub(asked_at))),
            time: humantime::format_rfc3339_seconds(time)
                .to_string()
                .replace('T', " ")
                .replace('Z', " UTC"),
            email: &session.email,
            duration: to_text(longest),
            csrf_token: guard.token(),
        };
        Ok(with_guard(render(StatusCode::OK, &page)?, &guard))
    }

    /// The policy does not admit whoever is signed in. The request goes on waiting: they may
    /// have another account.
    pub fn no_access(&self, session: &Session, waiting: &Waiting) -> Result<Response, Failure> {
        let guard = FormGuard::of(self.headers, self.service.random.as_ref())?;
        let name = &waiting.application.definition.name;
        let message = Message {
            demo: self.service.config.server.demo,
            title: format!("You cannot make a token for {name}"),
            paragraphs: vec![
                format!(
                    "You are signed in as {}, and {name} does not admit you, or takes no tokens \
                     of scripts any more. Nothing was done.",
                    session.email
                ),
                "If you have another account, sign out and use that one.".to_owned(),
            ],
            link: None,
            sign_out: Some(SignOut {
                csrf_token: guard.token(),
            }),
        };
        Ok(with_guard(render(StatusCode::FORBIDDEN, &message)?, &guard))
    }

    /// Says what was done.
    pub fn answered(&self, waiting: &Waiting, confirmed: bool) -> Result<Response, Failure> {
        let name = &waiting.application.definition.name;
        let (title, paragraph) = if confirmed {
            (
                "Confirmed".to_owned(),
                format!(
                    "The command line now gets its token for {name}. Go back to it. Signing out \
                     here ends the token."
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
            link: None,
            sign_out: None,
        };
        render(StatusCode::OK, &message)
    }
}

fn with_guard(mut response: Response, guard: &FormGuard) -> Response {
    if let Some(cookie) = guard.cookie() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
