//! `GET /login` and `POST /login`: where a filter sends a browser that has no session, and where
//! people sign in.
//!
//! With a live global session and a policy that admits the user, the browser goes back to the
//! application at once. The query says which application and where to; it is judged anew at the
//! POST, for it comes through the browser.

mod attempt;
mod begin;
mod finish;
mod form;
mod silent;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;

use super::client_address::client_address;
use super::csrf;
use super::failure::Failure;
use super::session;
use crate::service::Service;
use crate::sign_in::email;
use crate::storage::{Account, Session};
use crate::tokens::secret::Plain;
use attempt::{LoginAttempt, LoginQuery};
use begin::{SignIn, leave_other_users_session};
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
    let mut form = LoginForm {
        query: &query,
        attempt: attempt.as_ref(),
        email: "",
        complaint: None,
        again: false,
    };
    let session = session::without_prompt(&service, &headers).await?;
    let session = session.filter(|_| !query.wants_other_account());
    if let Some(session) = &session {
        form.again = must_sign_in_again(&service, session, attempt.as_ref()).await?;
        let signed_in = finish::SignedIn {
            session,
            redirect: StatusCode::FOUND,
            own_page: query.own_page(),
        };
        if form.again {
            form.email = &session.email;
        } else if let Some(response) =
            finish::finish(&service, &headers, attempt.as_ref(), &signed_in).await?
        {
            return Ok(response);
        }
    }
    if let Some(attempt) = attempt.as_ref().filter(|attempt| attempt.is_silent) {
        return silent::back_with(attempt, silent::Error::LoginRequired);
    }
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
        again: false,
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
        let mut form = refill(Complaint::WrongPassword);
        form.again = is_asked_again(&service, &headers, attempt.as_ref()).await?;
        return form.show(&service, &headers);
    };
    let before = session::current(&service, &headers).await?;
    let sign_in = SignIn {
        account: &account,
        attempt: attempt.as_ref(),
        before: before.as_ref(),
    };
    let session = match sign_in.begin(&service, &client).await? {
        Ok(session) => session,
        Err(refused) => return finish::refused(&service, refused),
    };
    leave_other_users_session(&service, before, &session).await?;
    let signed_in = finish::SignedIn {
        session: &session,
        redirect: StatusCode::SEE_OTHER,
        own_page: query.own_page(),
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

impl ClientOf<'_> {
    fn address(&self, service: &Service) -> IpAddr {
        let proxies = &service.config.server.trusted_proxies;
        client_address(self.peer.ip(), self.headers, proxies)
    }
}

/// Whether the form stands there although somebody is signed in, since the application wants a
/// later sign-in.
async fn is_asked_again(
    service: &Service,
    headers: &HeaderMap,
    attempt: Option<&LoginAttempt>,
) -> Result<bool, Failure> {
    match session::without_prompt(service, headers).await? {
        Some(session) => must_sign_in_again(service, &session, attempt).await,
        None => Ok(false),
    }
}

/// Whether the application wants a later sign-in than the one that made the session.
async fn must_sign_in_again(
    service: &Service,
    session: &Session,
    attempt: Option<&LoginAttempt>,
) -> Result<bool, Failure> {
    let Some(attempt) = attempt else {
        return Ok(false);
    };
    let audience = &attempt.application.audience;
    Ok(service.storage.login_required(session, audience).await?)
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
    let client = client.address(service);
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
