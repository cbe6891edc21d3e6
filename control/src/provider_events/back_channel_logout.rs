//! `POST /backchannel-logout/{id}`: somebody signed out at the provider (OpenID Connect Back-Channel
//! Logout 1.0, section 2.5). What began with that session at the provider ends here, too.

use std::sync::Arc;

use axum::Form;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::StatusCode;
use serde::Deserialize;

use super::incoming::{Effect, Incoming};
use super::logout_token::{LogoutTarget, LogoutToken};
use super::refusal::{InOAuth, Refusal};
use crate::audit::source::Source;
use crate::identity_providers::documents::signing_keys::Asker;
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
    request: Request,
) -> Result<StatusCode, InOAuth> {
    let incoming = Incoming::of(&service, &id, source).map_err(InOAuth)?;
    let ended = end(&incoming, request).await;
    incoming.settle(ended).map_err(InOAuth)?;
    Ok(StatusCode::OK)
}

async fn end(incoming: &Incoming<'_>, request: Request) -> Result<(), Refusal> {
    const EXPECTED: &str = "the body must be a form with one `logout_token`";
    let form = Form::<LogoutRequest>::from_request(request, &()).await;
    let form = form.map_err(|rejection| Refusal::unreadable(rejection.status(), EXPECTED))?;
    let (service, provider) = (incoming.service, incoming.provider);
    let token = form.0.logout_token;
    let asker = Asker::Stranger(incoming.address);
    let event = provider.verify_signed_event(token.reveal(), asker).await?;
    let token = LogoutToken::read(&event, service.now())?;
    incoming.verified()?;
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
