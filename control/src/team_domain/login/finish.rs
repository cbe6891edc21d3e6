//! The end of a sign-in: back to the application with a code, or a page that says why not.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use portcullis::protocol::login::CALLBACK_PATH;

use super::super::csrf::FormGuard;
use super::super::failure::Failure;
use super::super::page::{Message, SignOut, render};
use super::super::redirect::redirect;
use super::{LoginAttempt, silent};
use crate::service::Service;
use crate::storage::{BegunSession, Session};
use crate::tokens::exchange_codes::{self, CodeFor};

/// Who signed in, and with which status the browser is sent on.
pub struct SignedIn<'a> {
    /// The global session.
    pub session: &'a Session,
    /// 302 after a GET, 303 after a POST.
    pub redirect: StatusCode,
    /// The team domain's own page to go to if no application sent the browser.
    pub own_page: &'a str,
}

/// Back to the application, or to the team domain's own page if none sent the browser. `None`: the session
/// ended meanwhile.
///
/// # Errors
/// When there is no answer.
pub async fn finish(
    service: &Service,
    headers: &HeaderMap,
    attempt: Option<&LoginAttempt>,
    signed_in: &SignedIn<'_>,
) -> Result<Option<Response>, Failure> {
    let Some(attempt) = attempt else {
        return redirect(signed_in.redirect, signed_in.own_page).map(Some);
    };
    let policy = &attempt.application.definition.policy;
    if !policy.admits(&signed_in.session.email) {
        if attempt.is_silent {
            return silent::back_with(attempt, silent::Error::AccessDenied).map(Some);
        }
        return denied(service, headers, attempt, signed_in.session).map(Some);
    }
    let origin = attempt.origin.to_string();
    let bound_to = CodeFor {
        audience: &attempt.application.audience,
        origin: &origin,
        challenge: &attempt.challenge,
        return_to: &attempt.return_to,
    };
    let code = exchange_codes::issue(service, signed_in.session, &bound_to).await?;
    let Some(code) = code else {
        return Ok(None);
    };
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("code", code.reveal())
        .append_pair("state", &attempt.state)
        .finish();
    let callback = format!("{origin}{CALLBACK_PATH}?{query}");
    redirect(signed_in.redirect, &callback).map(Some)
}

/// The user is signed in, and not admitted to this application.
fn denied(
    service: &Service,
    headers: &HeaderMap,
    attempt: &LoginAttempt,
    session: &Session,
) -> Result<Response, Failure> {
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
                "You are signed in as {}, and this account is not admitted to {name}, or not \
                 any more.",
                session.email
            ),
            "If it should be, ask your administrator. If you have another account, sign in with \
             that one."
                .to_owned(),
        ],
        link: Some((
            attempt.path_for_other_account(),
            "Sign in as somebody else".to_owned(),
        )),
        sign_out: Some(SignOut {
            csrf_token: guard.token(),
        }),
    };
    let mut response = render(StatusCode::FORBIDDEN, &message)?;
    if let Some(cookie) = guard.cookie() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The password was right, and there is no session all the same. Never a redirect: the
/// application would send the browser back here.
pub fn refused(service: &Service, why: BegunSession) -> Result<Response, Failure> {
    let mut message = Message {
        demo: service.config.server.demo,
        ..Message::default()
    };
    let mut retry_after = None;
    if let BegunSession::Blocked { until } = why {
        let seconds = until.saturating_sub(service.now()).max(1);
        retry_after = Some(seconds);
        "You cannot sign in right now".clone_into(&mut message.title);
        message.paragraphs = vec![
            "An administrator ended your sessions a moment ago.".to_owned(),
            format!("Wait {seconds} seconds, then open the application again."),
        ];
    } else {
        "Your account is disabled".clone_into(&mut message.title);
        message.paragraphs = vec!["Ask your administrator if this is a mistake.".to_owned()];
    }
    let mut response = render(StatusCode::FORBIDDEN, &message)?;
    if let Some(seconds) = retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}
