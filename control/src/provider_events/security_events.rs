//! `POST /events/{id}`: a transmitter pushes a security event about a person of the provider (RFC
//! 8935).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};

use super::bearer;
use super::fault::ReportFault;
use super::incoming::Incoming;
use super::refusal::{InPush, Refusal};
use super::security_event::SecurityEvent;
use crate::audit::source::Source;
use crate::identity_providers::documents::signing_keys::Asker;
use crate::identity_providers::error::IdTokenFault;
use crate::identity_providers::transmitter::{Transmitter, unverified_issuer};
use crate::service::Service;
use crate::storage::ReportId;
use crate::tokens::secret::Hashed;

const MEDIA_TYPE: &str = "application/secevent+jwt";

/// 202, also for an event that came before (section 2), that has no effect here, or whose person is not
/// known: the transmitter has nothing to repeat.
pub async fn receive(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    source: Source,
    request: Request,
) -> Result<StatusCode, InPush> {
    let incoming = Incoming::of(&service, &id, source).map_err(InPush)?;
    let taken = take(&incoming, request).await;
    match incoming.settle(taken) {
        Ok(()) | Err(Refusal::Fault(ReportFault::Repeated)) => Ok(StatusCode::ACCEPTED),
        Err(refusal) => Err(InPush(refusal)),
    }
}

async fn take(incoming: &Incoming<'_>, request: Request) -> Result<(), Refusal> {
    let service = incoming.service;
    let headers = request.headers().clone();
    check_some_bearer(incoming, &headers)?;
    let body = Bytes::from_request(request, &()).await;
    let body = body.map_err(|rejection| {
        Refusal::unreadable(rejection.status(), "the body could not be read")
    })?;
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
    let asker = match transmitter.token() {
        Some(expected) => {
            bearer::check(&headers, expected)?;
            Asker::Provider
        }
        None => Asker::Stranger(incoming.address),
    };
    let signed = transmitter.verify(token, asker).await?;
    let event = SecurityEvent::read(&signed, service.now())?;
    incoming.verified()?;
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
        None => incoming.accept_of_another_issuer(),
    }
    Ok(())
}

/// Checks what can be checked of the bearer token before the body is read, which names the transmitter:
/// that it is one of those that are configured, if every transmitter has one.
fn check_some_bearer(incoming: &Incoming<'_>, headers: &HeaderMap) -> Result<(), Refusal> {
    let transmitters = incoming.provider.reporters().transmitters();
    if transmitters.is_empty() {
        return Err(Refusal::NoEndpoint);
    }
    let tokens: Option<Vec<&Hashed>> = transmitters.iter().map(Transmitter::token).collect();
    match tokens {
        Some(tokens) => bearer::check_any(headers, tokens),
        None => Ok(()),
    }
}

/// The transmitter that the event names.
fn transmitter<'a>(incoming: &Incoming<'a>, token: &str) -> Result<&'a Transmitter, Refusal> {
    let issuer = unverified_issuer(token).ok_or(IdTokenFault::Malformed)?;
    let found = incoming.provider.reporters().transmitter(&issuer);
    found.ok_or_else(|| ReportFault::wrong("iss").into())
}
