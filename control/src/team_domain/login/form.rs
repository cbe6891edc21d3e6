//! The sign-in form.

use askama::Template;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use super::super::page::csrf::FormGuard;
use super::super::page::failure::Failure;
use super::super::page::message::render_form;
use super::super::page::security_headers::policy_for_form_to;
use super::attempt::{LoginAttempt, LoginQuery};
use super::restored;
use crate::service::Service;

/// What the form shows.
pub struct LoginForm<'a> {
    /// The query, which the form's action repeats.
    pub query: &'a LoginQuery,
    /// The attempt, if an application sent the browser.
    pub attempt: Option<&'a LoginAttempt>,
    /// The e-mail address to begin with.
    pub email: &'a str,
    /// Why the form is shown again.
    pub complaint: Option<Complaint>,
    /// Whether the user is signed in, and the application demands a new sign-in.
    pub again: bool,
    /// Whether the session has ended because the service was restored from a backup.
    pub restored: bool,
}

/// Why the form is shown again.
#[derive(Debug, Clone, Copy)]
pub enum Complaint {
    /// Unknown address or wrong password; the user is not told which.
    WrongPassword,
    /// The form is not from this browser's page, or too old.
    ForeignForm,
    /// The session ended as soon as it began.
    SessionEnded,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPageTemplate<'a> {
    demo: bool,
    action: String,
    application: Option<&'a str>,
    email: &'a str,
    complaint: Option<&'static str>,
    again: bool,
    restored: bool,
    csrf_token: String,
}

impl LoginForm<'_> {
    /// The form as a response.
    pub fn show(&self, service: &Service, headers: &HeaderMap) -> Result<Response, Failure> {
        let guard = FormGuard::of(headers, service.random.as_ref())?;
        let page = LoginPageTemplate {
            demo: service.config.server.demo,
            action: self.query.to_path(),
            application: self
                .attempt
                .map(|attempt| attempt.application.definition.name.as_str()),
            email: self.email,
            complaint: self.complaint.map(Complaint::text),
            again: self.again,
            restored: self.restored,
            csrf_token: guard.token(),
        };
        let status = self.complaint.map_or(StatusCode::OK, Complaint::status);
        let mut response = render_form(status, &page, &guard)?;
        if let Some(cookie) = restored::delete_cookie().filter(|_| self.restored) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        let policy = self
            .attempt
            .and_then(|attempt| policy_for_form_to(&attempt.origin.to_string()));
        if let Some(policy) = policy {
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        Ok(response)
    }
}

impl Complaint {
    fn status(self) -> StatusCode {
        match self {
            Self::WrongPassword => StatusCode::UNAUTHORIZED,
            Self::ForeignForm | Self::SessionEnded => StatusCode::FORBIDDEN,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::WrongPassword => "Wrong e-mail address or password.",
            Self::ForeignForm => {
                "This page was open for too long, or cookies are blocked. Please try again."
            }
            Self::SessionEnded => "Your session was ended. Please sign in again.",
        }
    }
}
