//! Whether an application wants people to prove once more who they are.

use super::super::page::failure::Failure;
use super::attempt::LoginAttempt;
use crate::service::Service;
use crate::storage::Session;

/// Whether the application demands a later sign-in than the session's.
pub async fn must_sign_in_again(
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
