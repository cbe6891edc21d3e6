//! `GET /login` and `POST /login`: where a filter sends a browser that has no session, and where
//! people sign in.
//!
//! With a live global session and a policy that admits the user, the browser goes back to the
//! application at once. The query says which application and where to; it is judged anew at the
//! POST, for it comes through the browser.

mod attempt;
mod finish;
mod form;
mod silent;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::client_address::client_address;
use super::csrf;
use super::failure::Failure;
use super::session;
use crate::email;
use crate::secret::Plain;
use crate::service::Service;
use crate::storage::{Account, BegunSession, NewSession, Session};
use attempt::{LoginAttempt, LoginQuery};
use form::{Complaint, LoginForm};

#[derive(Deserialize)]
pub struct SignInForm {
    email: String,
    password: Plain,
    csrf_token: String,
}

/// `GET /login`.
pub async fn show(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    query: Result<Query<LoginQuery>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(query) = query.map_err(|_| Failure::BadQuery)?;
    let attempt = attempt::check(&service, &query).await?;
    let session = session::without_prompt(&service, &headers).await?;
    if let Some(session) = session.filter(|_| !query.wants_other_account()) {
        let signed_in = finish::SignedIn {
            session: &session,
            redirect: StatusCode::FOUND,
        };
        if let Some(response) =
            finish::finish(&service, &headers, attempt.as_ref(), &signed_in).await?
        {
            return Ok(response);
        }
    }
    if let Some(attempt) = attempt.as_ref().filter(|attempt| attempt.is_silent) {
        return silent::back_with(attempt, silent::Error::LoginRequired);
    }
    let form = LoginForm {
        query: &query,
        attempt: attempt.as_ref(),
        email: "",
        complaint: None,
    };
    form.show(&service, &headers)
}

/// `POST /login`.
pub async fn sign_in(
    State(service): State<Arc<Service>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    query: Result<Query<LoginQuery>, QueryRejection>,
    form: Result<Form<SignInForm>, FormRejection>,
) -> Result<Response, Failure> {
    let Query(query) = query.map_err(|_| Failure::BadQuery)?;
    let Form(input) = form.map_err(|_| Failure::BadForm)?;
    let attempt = attempt::check(&service, &query).await?;
    let refill = |complaint| LoginForm {
        query: &query,
        attempt: attempt.as_ref(),
        email: &input.email,
        complaint: Some(complaint),
    };
    if csrf::check(
        &headers,
        &input.csrf_token,
        &service.team_domain.to_string(),
    )
    .is_err()
    {
        return refill(Complaint::ForeignForm).show(&service, &headers);
    }
    let client = ClientOf {
        peer,
        headers: &headers,
    };
    let Some(account) = authenticate(&service, &client, &input).await? else {
        return refill(Complaint::WrongPassword).show(&service, &headers);
    };
    let session = match begin(&service, &account, attempt.as_ref()).await? {
        Ok(session) => session,
        Err(refused) => return finish::refused(&service, refused),
    };
    leave_other_users_session(&service, &headers, &session).await?;
    let signed_in = finish::SignedIn {
        session: &session,
        redirect: StatusCode::SEE_OTHER,
    };
    let finished = finish::finish(&service, &headers, attempt.as_ref(), &signed_in).await?;
    let Some(mut response) = finished else {
        // Revoked in the moment between.
        return refill(Complaint::SessionEnded).show(&service, &headers);
    };
    if let Some(cookie) = session::cookie(&service, &session)? {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

struct ClientOf<'a> {
    peer: SocketAddr,
    headers: &'a HeaderMap,
}

/// The account whose password was typed, if any; takes as long for an unknown address.
///
/// The attempt is counted before the password is looked at, so that guesses at the same time
/// count too.
async fn authenticate(
    service: &Service,
    client: &ClientOf<'_>,
    input: &SignInForm,
) -> Result<Option<Account>, Failure> {
    let proxies = &service.config.server.trusted_proxies;
    let client = client_address(client.peer.ip(), client.headers, proxies);
    let email = email::normal(&input.email).unwrap_or_default();
    let counted = service
        .limits
        .attempt(&email, client, service.clock.now())
        .map_err(|too_many| Failure::TooManyAttempts {
            retry_after: too_many.retry_after.as_secs() + 1,
        })?;
    let account = service.storage.account(&email).await?;
    let stored = account
        .as_ref()
        .map(|account| account.password_hash.clone());
    let password = input.password.clone();
    if service.passwords.check(password, stored).await? {
        service.limits.succeeded(&counted);
        Ok(account)
    } else {
        tracing::info!(%client, "sign-in failed");
        Ok(None)
    }
}

/// A new global session, or why there is none.
async fn begin(
    service: &Service,
    account: &Account,
    attempt: Option<&LoginAttempt>,
) -> Result<Result<Session, BegunSession>, Failure> {
    let now = service.now();
    let through = attempt.map(|attempt| {
        let definition = &attempt.application.definition;
        definition
            .admit(&account.email)
            .map_or_else(|| definition.session_duration(), |by| by.session_duration)
    });
    let new = NewSession {
        id: service.random.id()?,
        user_id: account.id.clone(),
        now,
        expires_at: now + service.global_duration(through).as_secs(),
    };
    Ok(match service.storage.begin_session(&new).await? {
        BegunSession::Begun { auth_ver } => {
            tracing::info!(user = account.id, session = new.id, "signed in");
            Ok(Session {
                id: new.id,
                user_id: new.user_id,
                email: account.email.clone(),
                auth_time: now,
                auth_ver,
                expires_at: new.expires_at,
            })
        }
        refused => {
            tracing::info!(user = account.id, ?refused, "sign-in refused");
            Err(refused)
        }
    })
}

/// Whoever signs in as somebody else leaves as who they were.
async fn leave_other_users_session(
    service: &Service,
    headers: &HeaderMap,
    now: &Session,
) -> Result<(), Failure> {
    let before = session::current(service, headers).await?;
    if let Some(before) = before.filter(|before| before.user_id != now.user_id)
        && let Some(version) = service.storage.end_session(&before.id).await?
    {
        service.news.tell(version);
    }
    Ok(())
}

/// A redirect; 303 after a POST, so that it becomes a GET (RFC 9110, section 15.4.4).
fn redirect(status: StatusCode, to: &str) -> Result<Response, Failure> {
    let location =
        HeaderValue::from_str(to).map_err(|_| Failure::Broken("a redirect is no header"))?;
    Ok((status, [(header::LOCATION, location)]).into_response())
}
