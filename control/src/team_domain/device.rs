//! `GET /device` and `POST /device`: a user confirms or refuses a command line's request for a
//! token.
//!
//! Anybody can start a request and send its link to somebody else (RFC 8628, section 5.4). So the
//! page says what was requested, from where and when, and what to check before confirming.

mod pages;
mod waiting;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::client::Client;
use super::page::csrf;
use super::page::failure::Failure;
use super::page::redirect::sign_in_first;
use super::tokens::sign_in_again;
use crate::service::Service;
use crate::sessions::current;
use crate::storage::{DeviceAnswer, Session, ShownSignIn};
use crate::tokens::device_codes::user_code::UserCode;
use crate::tokens::header_tokens;
use pages::DevicePages;
use waiting::{WaitingRequest, find};

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

/// `GET /device`.
pub async fn show(
    State(service): State<Arc<Service>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    query: Result<Query<DeviceQuery>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(query) = query.map_err(|_| Failure::BadQuery)?;
    let typed = query.user_code.unwrap_or_default();
    let Some(session) = current::current(&service, &headers).await? else {
        return sign_in_first(StatusCode::FOUND, &page_of(&typed));
    };
    let pages = DevicePages {
        service: &service,
        headers: &headers,
    };
    if typed.is_empty() {
        return pages.form(false);
    }
    let client = Client {
        peer,
        headers: &headers,
    };
    let client = client.address(&service);
    let Some(waiting) = find(&service, &session, client, &typed).await? else {
        return pages.form(true);
    };
    match header_tokens::longest(&waiting.application.definition, &session) {
        Some(longest) => {
            let (hash, now) = (waiting.code.hashed(), service.now());
            let looked = service
                .storage
                .look_at_device_code(&hash, &session.user_id, now);
            looked.await?;
            pages.question(&session, &waiting, longest)
        }
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
    let Some(session) = current::current(&service, &headers).await? else {
        return sign_in_first(StatusCode::SEE_OTHER, &page_of(&form.user_code));
    };
    let pages = DevicePages {
        service: &service,
        headers: &headers,
    };
    let client = Client {
        peer,
        headers: &headers,
    };
    let client = client.address(&service);
    let Some(waiting) = find(&service, &session, client, &form.user_code).await? else {
        return pages.form(true);
    };
    let confirmed = form.answer == Answer::Confirm;
    let definition = &waiting.application.definition;
    if confirmed && header_tokens::longest(definition, &session).is_none() {
        return pages.no_access(&session, &waiting);
    }
    let audience = &waiting.request.audience;
    if confirmed && service.storage.login_required(&session, audience).await? {
        return sign_in_again(&service);
    }
    if store(&service, &session, &waiting, form.answer).await? {
        pages.answered(&waiting, confirmed)
    } else {
        // Answered at the same moment, perhaps in another tab.
        pages.form(true)
    }
}

/// Whether the answer was stored; not if the request has been answered or has expired.
async fn store(
    service: &Service,
    session: &Session,
    waiting: &WaitingRequest,
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
        email = session.email,
        application = waiting.application.definition.name,
        audience = waiting.request.audience,
        ?answer,
        counts,
        "token request answered"
    );
    Ok(counts)
}

/// The path of this page, with the code if it can be one.
fn page_of(typed: &str) -> String {
    match UserCode::typed(typed) {
        Some(code) => format!("/device?user_code={code}"),
        None => "/device".to_owned(),
    }
}
