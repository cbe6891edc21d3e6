//! `POST /events/{id}`: a transmitter pushes a security event about a person of the provider (RFC
//! 8935).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};

use super::bearer;
use super::fault::ReportFault;
use super::incoming::Incoming;
use super::refusal::{InPush, Refusal};
use super::security_event::SecurityEvent;
use crate::audit::source::Source;
use crate::identity_providers::error::IdTokenFault;
use crate::identity_providers::transmitter::{Transmitter, unverified_issuer};
use crate::service::Service;
use crate::storage::ReportId;

const MEDIA_TYPE: &str = "application/secevent+jwt";

/// 202, also for an event that came before (section 2), that has no effect here, or whose person is not
/// known: the transmitter has nothing to repeat.
pub async fn receive(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    source: Source,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, InPush> {
    let incoming = Incoming::of(&service, &id, source).map_err(InPush)?;
    match take(&service, &incoming, &headers, body).await {
        Ok(()) | Err(Refusal::Fault(ReportFault::Repeated)) => Ok(StatusCode::ACCEPTED),
        Err(refusal) => Err(InPush(refusal)),
    }
}

async fn take(
    service: &Service,
    incoming: &Incoming<'_>,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(), Refusal> {
    if !incoming.provider.reporters().has_transmitters() {
        return Err(Refusal::NoEndpoint);
    }
    let body = body.map_err(|rejection| unreadable(&rejection))?;
    let is_event = headers.get(header::CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.to_str().unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case(MEDIA_TYPE)
    });
    let token = std::str::from_utf8(&body).ok().filter(|_| is_event);
    let token = token.map(str::trim).ok_or(Refusal::Body(
        "the body must be a security event token, and its type application/secevent+jwt",
    ))?;
    let transmitter = transmitter(incoming, token)?;
    if let Some(expected) = transmitter.token() {
        bearer::check(headers, expected)?;
    }
    let signed = transmitter.verify(token).await?;
    let event = SecurityEvent::read(&signed, service.now())?;
    let once = ReportId {
        issuer: &transmitter.settings().issuer,
        jti: &event.jti,
        expires_at: event.expires_at,
    };
    let Some((kind, named)) = &event.news else {
        incoming.accept_without_effect();
        return Ok(());
    };
    let report = incoming.report(kind.reason(), Some(once));
    match incoming.person(named) {
        Some(person) => {
            incoming.revoke(&report, &person, kind.effect()).await?;
        }
        None => incoming.accept_without_effect(),
    }
    Ok(())
}

/// The transmitter that the event names.
fn transmitter<'a>(incoming: &Incoming<'a>, token: &str) -> Result<&'a Transmitter, Refusal> {
    let issuer = unverified_issuer(token).ok_or(IdTokenFault::Malformed)?;
    let found = incoming.provider.reporters().transmitter(&issuer);
    found.ok_or_else(|| ReportFault::wrong("iss").into())
}

fn unreadable(rejection: &BytesRejection) -> Refusal {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge,
        _ => Refusal::Body("the body could not be read"),
    }
}
