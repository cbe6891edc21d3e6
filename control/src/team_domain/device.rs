//! `GET /device` and `POST /device`: a person confirms or refuses what a command line asks for.
//!
//! Anybody can start a request and send its link to somebody else (RFC 8628, section 5.4): so the
//! page says what was asked, from where and when, and what to look for before confirming.

mod pages;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::client_address::client_address;
use super::csrf;
use super::failure::Failure;
use super::session;
use super::tokens::sign_in_again;
use crate::applications::Application;
use crate::service::Service;
use crate::storage::{DeviceAnswer, Session, ShownSignIn, WaitingDeviceCode};
use crate::tokens::device_codes::UserCode;
use crate::tokens::header_tokens;
use pages::Pages;

#[derive(Deserialize)]
pub struct DeviceQuery {
    user_code: Option<String>,
}

#[derive(Deserialize)]
pub struct AnswerForm {
    user_code: String,
    csrf_token: String,
    answer: Answer,
}

#[derive(Debug, Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Confirm,
    Refuse,
}

/// A request that waits for an answer, and its application.
pub struct Waiting {
    pub code: UserCode,
    pub request: WaitingDeviceCode,
    pub application: Application,
}

/// `GET /device`.
pub async fn show(
    State(service): State<Arc<Service>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    query: Result<Query<DeviceQuery>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(query) = query.map_err(|_| Failure::BadQuery)?;
    let typed = query.user_code.unwrap_or_default();
    let Some(session) = session::current(&service, &headers).await? else {
        return session::sign_in_first(StatusCode::FOUND, &page_of(&typed));
    };
    let pages = Pages {
        service: &service,
        headers: &headers,
    };
    if typed.is_empty() {
        return pages.form(false);
    }
    let client = client(&service, peer, &headers);
    let Some(waiting) = find(&service, &session, client, &typed).await? else {
        return pages.form(true);
    };
    match header_tokens::longest(&waiting.application.definition, &session.email) {
        Some(longest) => pages.question(&session, &waiting, longest),
        None => pages.no_access(&session, &waiting),
    }
}

/// `POST /device`.
pub async fn answer(
    State(service): State<Arc<Service>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    form: Result<Form<AnswerForm>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = form.map_err(|_| Failure::BadForm)?;
    csrf::check(&headers, &form.csrf_token, &service.team_domain.to_string())?;
    let Some(session) = session::current(&service, &headers).await? else {
        return session::sign_in_first(StatusCode::SEE_OTHER, &page_of(&form.user_code));
    };
    let pages = Pages {
        service: &service,
        headers: &headers,
    };
    let client = client(&service, peer, &headers);
    let Some(waiting) = find(&service, &session, client, &form.user_code).await? else {
        return pages.form(true);
    };
    let confirmed = form.answer == Answer::Confirm;
    let definition = &waiting.application.definition;
    if confirmed && header_tokens::longest(definition, &session.email).is_none() {
        return pages.no_access(&session, &waiting);
    }
    let audience = &waiting.request.audience;
    if confirmed && service.storage.login_required(&session, audience).await? {
        return sign_in_again(&service);
    }
    if store(&service, &session, &waiting, form.answer).await? {
        pages.answered(&waiting, confirmed)
    } else {
        // Somebody else was faster, perhaps this person's other tab.
        pages.form(true)
    }
}

/// False: it has been answered, or is too old by now.
async fn store(
    service: &Service,
    session: &Session,
    waiting: &Waiting,
    answer: Answer,
) -> Result<bool, Failure> {
    let shown = ShownSignIn::from(session);
    let stored = match answer {
        Answer::Confirm => DeviceAnswer::Confirmed(&shown),
        Answer::Refuse => DeviceAnswer::Refused,
    };
    let (hash, now) = (waiting.code.hashed(), service.now());
    let counts = service.storage.answer_device_code(&hash, stored, now);
    let counts = counts.await?;
    tracing::info!(
        session = session.id,
        user = session.user_id,
        audience = waiting.request.audience,
        ?answer,
        counts,
        "request for a token answered"
    );
    Ok(counts)
}

fn client(service: &Service, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
    client_address(peer.ip(), headers, &service.config.server.trusted_proxies)
}

/// The request that waits under what was typed, which is counted unless it is right.
async fn find(
    service: &Service,
    session: &Session,
    client: IpAddr,
    typed: &str,
) -> Result<Option<Waiting>, Failure> {
    let guess = service
        .guess_limits
        .guess(&session.user_id, client, service.clock.now())
        .map_err(|too_many| Failure::TooManyCodes {
            retry_after: too_many.retry_after.as_secs() + 1,
        })?;
    let Some(code) = UserCode::typed(typed) else {
        return Ok(None);
    };
    let (hash, now) = (code.hashed(), service.now());
    let Some(request) = service.storage.waiting_device_code(&hash, now).await? else {
        return Ok(None);
    };
    service.guess_limits.was_right(&guess);
    let application = service.storage.application(&request.audience).await?;
    Ok(application.map(|application| Waiting {
        code,
        request,
        application,
    }))
}

/// The page's own path, with the code if what was typed can be one.
fn page_of(typed: &str) -> String {
    match UserCode::typed(typed) {
        Some(code) => format!("/device?user_code={code}"),
        None => "/device".to_owned(),
    }
}
