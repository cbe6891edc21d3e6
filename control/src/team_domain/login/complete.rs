//! The end of every sign-in, whichever method authenticated the user: the global session begins,
//! and the browser returns to the application with a code, or sees a page that explains why not.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use portcullis::protocol::login::CALLBACK_PATH;
use portcullis::time::UnixSeconds;

use super::super::client::Client;
use super::super::page::csrf::FormGuard;
use super::super::page::failure::Failure;
use super::super::page::message::{Message, SignOut, render, render_form};
use super::super::page::redirect::redirect;
use super::attempt::LoginAttempt;
use super::silent;
use crate::metrics::refusals::Endpoint;
use crate::service::Service;
use crate::sessions::current;
use crate::sign_in::begin::{AuthenticatedUser, SignIn, SignInOutcome};
use crate::storage::Session;
use crate::tokens::exchange_codes::{self, CodeFor};

/// A sign-in whose user is authenticated.
pub struct CompletedSignIn<'a> {
    /// The user.
    pub user: &'a AuthenticatedUser,
    /// The browser.
    pub client: &'a Client<'a>,
    /// The attempt, if an application sent the browser.
    pub attempt: Option<&'a LoginAttempt>,
    /// The page of the team domain to go to if no application sent the browser.
    pub own_page: &'a str,
}

/// A user with a global session, and how the browser leaves the login page.
pub struct SignedIn<'a> {
    /// The global session.
    pub session: &'a Session,
    /// 302 after a GET, 303 after a POST.
    pub redirect: StatusCode,
    /// The page of the team domain to go to if no application sent the browser.
    pub own_page: &'a str,
}

impl CompletedSignIn<'_> {
    /// Begins the session and answers the POST that completed the sign-in. `None` if the session
    /// was ended, or the password changed, at the same moment.
    pub async fn respond(&self, service: &Service) -> Result<Option<Response>, Failure> {
        let headers = self.client.headers;
        let before = current::current(service, headers).await?;
        let application = self.attempt.map(|attempt| &attempt.application.definition);
        let sign_in = SignIn {
            user: self.user,
            application,
            before: before.as_ref(),
            client: self.client.description(service),
            form: FormGuard::hashed(headers),
        };
        let session = match sign_in.begin(service).await? {
            SignInOutcome::SignedIn(session) => session,
            SignInOutcome::Blocked { until } => return blocked(service, until).map(Some),
            SignInOutcome::PasswordChanged => return Ok(None),
            SignInOutcome::Disabled => return disabled(service).map(Some),
        };
        let signed_in = SignedIn {
            session: &session,
            redirect: StatusCode::SEE_OTHER,
            own_page: self.own_page,
        };
        let response = signed_in.go_back(service, headers, self.attempt).await?;
        let Some(mut response) = response else {
            return Ok(None);
        };
        if let Some(cookie) = current::cookie(service, &session)? {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(Some(response))
    }
}

impl SignedIn<'_> {
    /// The redirect to the application with a code, or to the team domain's own page. `None` if
    /// the session was ended at the same moment.
    pub async fn go_back(
        &self,
        service: &Service,
        headers: &HeaderMap,
        attempt: Option<&LoginAttempt>,
    ) -> Result<Option<Response>, Failure> {
        let Some(attempt) = attempt else {
            return redirect(self.redirect, self.own_page).map(Some);
        };
        let policy = &attempt.application.definition.policy;
        if !policy.admits(&self.session.email) {
            if attempt.is_silent {
                return silent::back_with(attempt, silent::SilentError::AccessDenied).map(Some);
            }
            return denied(service, headers, attempt, self.session).map(Some);
        }
        let origin = attempt.origin.to_string();
        let bound_to = CodeFor {
            audience: &attempt.application.audience,
            origin: &origin,
            challenge: &attempt.challenge,
            return_to: &attempt.return_to,
        };
        let code = exchange_codes::issue(service, self.session, &bound_to).await?;
        let Some(code) = code else {
            return Ok(None);
        };
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("code", code.reveal())
            .append_pair("state", &attempt.state)
            .finish();
        let callback = format!("{origin}{CALLBACK_PATH}?{query}");
        redirect(self.redirect, &callback).map(Some)
    }
}

fn denied(
    service: &Service,
    headers: &HeaderMap,
    attempt: &LoginAttempt,
    session: &Session,
) -> Result<Response, Failure> {
    service
        .metrics
        .refusals
        .count(Endpoint::Page, "policy_denied");
    tracing::info!(
        user = session.user_id,
        audience = attempt.application.audience,
        "the policy does not admit the user"
    );
    let guard = FormGuard::of(headers, service.random.as_ref())?;
    let name = &attempt.application.definition.name;
    let message = Message {
        demo: service.config.server.demo,
        title: format!("You have no access to {name}"),
        paragraphs: vec![
            format!(
                "You are signed in as {}. This account has no access to {name}.",
                session.email
            ),
            "If it should have access, ask your administrator. If you have another account, sign \
             in with that one."
                .to_owned(),
        ],
        link: Some((
            attempt.path_for_other_account(),
            "Sign in with another account".to_owned(),
        )),
        sign_out: Some(SignOut {
            csrf_token: guard.token(),
        }),
    };
    render_form(StatusCode::FORBIDDEN, &message, &guard)
}

// A blocked or disabled user gets a page, never a redirect: the application would send the browser
// back here.

fn blocked(service: &Service, until: UnixSeconds) -> Result<Response, Failure> {
    service
        .metrics
        .refusals
        .count(Endpoint::Page, "user_blocked");
    let seconds = until.duration_since(service.now()).as_secs().max(1);
    let message = Message {
        demo: service.config.server.demo,
        title: "You cannot sign in right now".to_owned(),
        paragraphs: vec![
            "An administrator ended your sessions a moment ago.".to_owned(),
            format!("Wait {seconds} seconds, then open the application again."),
        ],
        ..Message::default()
    };
    let mut response = render(StatusCode::FORBIDDEN, &message)?;
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    Ok(response)
}

fn disabled(service: &Service) -> Result<Response, Failure> {
    service
        .metrics
        .refusals
        .count(Endpoint::Page, "user_disabled");
    let message = Message {
        demo: service.config.server.demo,
        title: "Your account is disabled".to_owned(),
        paragraphs: vec!["If this is a mistake, ask your administrator.".to_owned()],
        ..Message::default()
    };
    render(StatusCode::FORBIDDEN, &message)
}
