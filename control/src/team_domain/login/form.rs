//! The sign-in form.

use askama::Template;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use portcullis::protocol::login::LOGIN_PATH;

use super::super::page::csrf::FormGuard;
use super::super::page::failure::Failure;
use super::super::page::message::render_form;
use super::super::page::security_headers::policy_for_sign_in;
use super::attempt::LoginAttempt;
use super::provider::login_path;
use super::query::LoginQuery;
use super::restored;
use crate::service::Service;

/// Answers whether another tab has signed in.
pub const CHECK_PATH: &str = "/login/check";

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
    /// Why the user has to fill it in.
    pub prompt: Prompt,
    /// Whether the session has ended because the service was restored from a backup.
    pub restored: bool,
}

/// Why a user has to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// The user is not signed in.
    NotSignedIn,
    /// The application demands a later sign-in than the user's.
    LaterSignIn,
    /// The user is signed in, and chose the form.
    ByChoice,
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
    providers: Vec<Choice<'a>>,
    /// Whether people sign in with passwords, too.
    passwords: bool,
    application: Option<&'a str>,
    email: &'a str,
    complaint: Option<&'static str>,
    again: bool,
    restored: bool,
    is_too_long: bool,
    /// What the page asks to learn whether another tab has signed in.
    check: Option<String>,
    csrf_token: String,
}

/// A provider to sign in with.
struct Choice<'a> {
    name: &'a str,
    path: String,
}

impl LoginForm<'_> {
    fn choices<'s>(&self, service: &'s Service) -> Vec<Choice<'s>> {
        let shown = self.query.shown(service.now());
        let path = |id: &str| {
            let path = self.query.to_path(&login_path(id), shown);
            match self.prompt {
                // The provider, too, must not sign in the account that they did not choose.
                Prompt::ByChoice => path + "&other_account=true",
                Prompt::NotSignedIn | Prompt::LaterSignIn => path,
            }
        };
        let providers = service.identity_providers.all();
        providers
            .map(|provider| Choice {
                name: provider.name(),
                path: path(provider.id()),
            })
            .collect()
    }

    /// The form as a response.
    pub fn show(&self, service: &Service, headers: &HeaderMap) -> Result<Response, Failure> {
        let guard = FormGuard::of(headers, service.random.as_ref())?;
        let shown = self.query.shown(service.now());
        // Who chose the form would be led on with the account that they did not choose.
        let waits = self.prompt != Prompt::ByChoice;
        let page = LoginPageTemplate {
            demo: service.config.server.demo,
            providers: self.choices(service),
            passwords: service.config.sign_in.passwords,
            action: self.query.to_path(LOGIN_PATH, shown),
            check: waits.then(|| self.query.to_path(CHECK_PATH, shown)),
            is_too_long: self.attempt.is_some_and(|attempt| attempt.is_too_long),
            application: self
                .attempt
                .map(|attempt| attempt.application.definition.name.as_str()),
            email: self.email,
            complaint: self.complaint.map(Complaint::text),
            again: self.prompt == Prompt::LaterSignIn,
            restored: self.restored,
            csrf_token: guard.token(),
        };
        let status = self.complaint.map_or(StatusCode::OK, Complaint::status);
        let mut response = render_form(status, &page, &guard)?;
        if let Some(cookie) = restored::delete_cookie().filter(|_| self.restored) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        let origin = self.attempt.map(|attempt| attempt.origin.to_string());
        if let Some(policy) = policy_for_sign_in(origin.as_deref().unwrap_or_default()) {
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
