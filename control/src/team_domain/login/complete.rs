//! The end of every sign-in, whichever method authenticated the user: the global session begins,
//! and the browser returns to the application with a code, or sees a page that explains why not.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use portcullis::protocol::login::CALLBACK_PATH;
use portcullis::time::UnixSeconds;

use super::super::client::Client;
use super::super::page::csrf::FormGuard;
use super::super::page::failure::Failure;
use super::super::page::message::{Message, Wait};
use super::super::page::redirect::redirect;
use super::attempt::LoginAttempt;
use super::demanded::demands_later;
use super::silent;
use crate::audit::source::Source;
use crate::audit::{Event, EventName, Subject};
use crate::eligibility::person_of;
use crate::metrics::refusals::Endpoint;
use crate::service::Service;
use crate::sessions::current;
use crate::sign_in::begin::{Authenticated, SignIn, SignInOutcome};
use crate::storage::Session;
use crate::tokens::exchange_codes::{self, CodeFor};

/// A sign-in whose user is authenticated.
pub struct CompletedSignIn<'a> {
    /// The user.
    pub user: Authenticated<'a>,
    /// The browser.
    pub client: &'a Client<'a>,
    /// The attempt, if an application sent the browser.
    pub attempt: Option<&'a LoginAttempt>,
    /// The page of the team domain to go to if no application sent the browser.
    pub own_page: &'a str,
    /// 302 after a GET, 303 after a POST.
    pub redirect: StatusCode,
    /// The path at which the sign-in begins again if the application demands a later one.
    pub again: &'a str,
}

/// A user with a global session, and how the browser leaves the login page.
pub struct SignedIn<'a> {
    /// The global session.
    pub session: &'a Session,
    /// 302 after a GET, 303 after a POST.
    pub redirect: StatusCode,
    /// The page of the team domain to go to if no application sent the browser.
    pub own_page: &'a str,
    /// Where the request came from.
    pub source: Source,
}

impl CompletedSignIn<'_> {
    /// Begins the session and answers the request that completed the sign-in. `None` if the session
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
            address: self.client.address(service),
            source: self.client.source(service),
            form: FormGuard::hashed(headers),
        };
        let session = match sign_in.begin(service).await? {
            SignInOutcome::SignedIn(session) => session,
            SignInOutcome::Blocked { until } => {
                return blocked(service, self.attempt, until).map(Some);
            }
            SignInOutcome::PasswordChanged => return Ok(None),
            SignInOutcome::RevokedMeanwhile => {
                let again = self.attempt.map(|attempt| attempt.to_path(self.again));
                return redirect(self.redirect, again.as_deref().unwrap_or(self.again)).map(Some);
            }
            SignInOutcome::Disabled => {
                return disabled(service, self.attempt, self.user.shown_email()).map(Some);
            }
        };
        let signed_in = SignedIn {
            session: &session,
            redirect: self.redirect,
            own_page: self.own_page,
            source: self.client.source(service),
        };
        let response = match self.attempt {
            Some(attempt) if demands_later(service, &session, attempt).await? => {
                Some(redirect(self.redirect, &attempt.to_path(self.again))?)
            }
            attempt => signed_in.go_back(service, attempt).await?,
        };
        let Some(mut response) = response else {
            return Ok(None);
        };
        let keys = service.keys().await?;
        if let Some(cookie) = current::cookie(service, &keys, &session)? {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        if let Authenticated::Password(user) = self.user {
            let (random, now) = (service.random.as_ref(), service.now());
            let known = &service.known_browsers;
            if let Some(cookie) = known.cookie(headers, &user.id, random, now)? {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
        }
        Ok(Some(response))
    }
}

impl SignedIn<'_> {
    /// The redirect to the application with a code, or to the team domain's own page. `None` if
    /// the session was ended at the same moment.
    ///
    /// If the browser may have forgotten the attempt, the application begins another, which needs
    /// no prompt.
    pub async fn go_back(
        &self,
        service: &Service,
        attempt: Option<&LoginAttempt>,
    ) -> Result<Option<Response>, Failure> {
        let Some(attempt) = attempt else {
            return redirect(self.redirect, self.own_page).map(Some);
        };
        let definition = &attempt.application.definition;
        let person = person_of(self.session);
        if definition.admit(&person).is_none() {
            let blocking = definition.policy.decide(&person).rule();
            let by = self.source.clone().by(self.session.actor());
            let subject = Subject::user(&self.session.user_id, &self.session.email);
            let told = Event::new(EventName::SignInRefused, &by, subject)
                .at(&definition.name)
                .rule(blocking.map_or("", |rule| &rule.id))
                .reason("policy_denied");
            service.tell_of_failure(told).await;
            if attempt.is_silent {
                return silent::back_with(attempt, silent::SilentError::AccessDenied).map(Some);
            }
            return denied(service, attempt, self.session).map(Some);
        }
        if attempt.is_over(service.now()) {
            return redirect(self.redirect, &attempt.begin_again()).map(Some);
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
    attempt: &LoginAttempt,
    session: &Session,
) -> Result<Response, Failure> {
    service
        .metrics
        .refusals
        .count(Endpoint::Page, "policy_denied");
    tracing::info!(
        user = session.user_id,
        email = session.email,
        application = attempt.application.definition.name,
        audience = attempt.application.audience,
        "the policy does not admit the user"
    );
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
        link: Some(other_account(Some(attempt))),
        second: Some(("/".to_owned(), "Your applications".to_owned())),
        ..Message::default()
    };
    message.refuse(StatusCode::FORBIDDEN)
}

/// The link that continues with another account.
fn other_account(attempt: Option<&LoginAttempt>) -> (String, String) {
    let path = attempt.map_or_else(
        || "/login?other_account=true".to_owned(),
        LoginAttempt::path_for_other_account,
    );
    (path, "Use another account".to_owned())
}

// A blocked or disabled user gets a page, never a redirect: the application would send the browser
// back here.

fn blocked(
    service: &Service,
    attempt: Option<&LoginAttempt>,
    until: UnixSeconds,
) -> Result<Response, Failure> {
    service
        .metrics
        .refusals
        .count(Endpoint::Page, "user_blocked");
    let now = service.now();
    let seconds = until.duration_since(now).as_secs().max(1);
    // Through the application: until then the filter's attempt may have run out.
    let again = attempt.map_or_else(
        || "/login".to_owned(),
        |attempt| format!("{}{}", attempt.origin, attempt.return_to),
    );
    let message = Message {
        demo: service.config.server.demo,
        title: "You cannot sign in right now".to_owned(),
        paragraphs: vec!["An administrator ended your sessions a moment ago.".to_owned()],
        wait: Some(Wait::from(now, seconds)),
        link: Some((again, "Try again".to_owned())),
        ..Message::default()
    };
    let mut response = message.refuse(StatusCode::FORBIDDEN)?;
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    Ok(response)
}

fn disabled(
    service: &Service,
    attempt: Option<&LoginAttempt>,
    email: &str,
) -> Result<Response, Failure> {
    service
        .metrics
        .refusals
        .count(Endpoint::Page, "user_disabled");
    let message = Message {
        demo: service.config.server.demo,
        title: "Your account is disabled".to_owned(),
        paragraphs: vec![
            format!("The account {email} cannot sign in."),
            "If this is a mistake, ask your administrator.".to_owned(),
        ],
        link: Some(other_account(attempt)),
        ..Message::default()
    };
    message.refuse(StatusCode::FORBIDDEN)
}
