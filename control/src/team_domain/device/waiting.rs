//! The request for a token that waits under a user code.

use std::net::IpAddr;

use super::super::page::failure::Failure;
use crate::applications::Application;
use crate::service::Service;
use crate::storage::{Session, WaitingDeviceCode};
use crate::tokens::device_codes::user_code::UserCode;

/// A request that waits for an answer, and its application.
pub struct WaitingRequest {
    pub code: UserCode,
    pub request: WaitingDeviceCode,
    pub application: Application,
}

/// The request that waits under what the user typed. Counts what was typed, unless a request
/// waits under it.
pub async fn find(
    service: &Service,
    session: &Session,
    client: IpAddr,
    typed: &str,
) -> Result<Option<WaitingRequest>, Failure> {
    let guess = service
        .guess_limits
        .guess(&session.user_id, client, service.clock.now())
        .map_err(|too_many| Failure::TooManyCodes {
            retry_after: too_many.retry_after_seconds(),
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
    Ok(application.map(|application| WaitingRequest {
        code,
        request,
        application,
    }))
}
