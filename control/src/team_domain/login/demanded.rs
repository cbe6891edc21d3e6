//! Whether people have to prove once more who they are.

use super::super::page::failure::Failure;
use super::attempt::LoginAttempt;
use super::query::LoginQuery;
use crate::service::Service;
use crate::sessions::recent::{TO_OPEN, is_recent};
use crate::storage::Session;

/// Whether the application, or the page of our own, demands a later sign-in than the session's.
pub async fn must_sign_in_again(
    service: &Service,
    session: &Session,
    (query, attempt): (&LoginQuery, Option<&LoginAttempt>),
) -> Result<bool, Failure> {
    match attempt {
        Some(attempt) => demands_later(service, session, attempt).await,
        None => Ok(query.wants_recent() && !is_recent(session, service.now(), TO_OPEN)),
    }
}

/// Whether the application demands a later sign-in than the session's.
pub async fn demands_later(
    service: &Service,
    session: &Session,
    attempt: &LoginAttempt,
) -> Result<bool, Failure> {
    let audience = &attempt.application.audience;
    Ok(service.storage.login_required(session, audience).await?)
}
