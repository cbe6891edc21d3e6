//! `POST /backchannel-logout/{id}`: somebody signed out at the provider (OpenID Connect Back-Channel
//! Logout 1.0, section 2.5). What began with that session at the provider ends here, too.

use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;

use super::incoming::{Effect, Incoming};
use super::logout_token::{LogoutTarget, LogoutToken};
use super::refusal::{InOAuth, Refusal};
use crate::audit::source::Source;
use crate::service::Service;
use crate::storage::{ReportId, ReportedPerson, ReportedSession};
use crate::tokens::secret::Plain;

const REASON: &str = "back_channel_logout";

#[derive(Deserialize)]
pub struct LogoutRequest {
    logout_token: Plain,
}

/// 200 also if nothing of the person was left to end: then the sign-out is complete (section 2.7).
pub async fn receive(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    source: Source,
    form: Result<Form<LogoutRequest>, FormRejection>,
) -> Result<StatusCode, InOAuth> {
    let incoming = Incoming::of(&service, &id, source).map_err(InOAuth)?;
    let form = form.map_err(|rejection| InOAuth(unreadable(&rejection)))?;
    let ended = end(&service, &incoming, form.0.logout_token).await;
    ended.map_err(InOAuth)?;
    Ok(StatusCode::OK)
}

async fn end(service: &Service, incoming: &Incoming<'_>, token: Plain) -> Result<(), Refusal> {
    let provider = incoming.provider;
    let event = provider.verify_signed_event(token.reveal()).await?;
    let token = LogoutToken::read(&event, service.now())?;
    let once = ReportId {
        issuer: &provider.settings().issuer,
        jti: &token.jti,
        expires_at: token.expires_at,
    };
    let report = incoming.report(REASON, Some(once));
    match token.target {
        LogoutTarget::Session { sid, subject } => {
            let session = ReportedSession {
                sid: &sid,
                subject: subject.as_deref(),
            };
            let outcome = service.storage.end_reported_session(&report, session);
            incoming.accept(&report, outcome.await?)?;
        }
        LogoutTarget::Person(subject) => {
            let person = ReportedPerson::Subject(subject);
            incoming.revoke(&report, &person, Effect::End).await?;
        }
    }
    Ok(())
}

fn unreadable(rejection: &FormRejection) -> Refusal {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge,
        _ => Refusal::Body("the body must be a form with one `logout_token`"),
    }
}
