//! The global session of a browser.
//!
//! A valid token alone never suffices: the rows of session and user are read each time.

use axum::http::{HeaderMap, HeaderValue};
use portcullis::protocol::claims::SESSION_TYP;

use super::cookies;
use crate::service::Service;
use crate::storage::{Session, StorageError};
use crate::tokens::keys::{Keys, SignError};
use crate::tokens::session_claims::SessionClaims;

/// How many signatures are checked for one request.
const MAX_SIGNATURES: usize = 64;

/// The live session that the request's cookie proves.
///
/// # Errors
/// When the database cannot be read.
pub async fn current(
    service: &Service,
    headers: &HeaderMap,
) -> Result<Option<Session>, StorageError> {
    let team_domain = service.team_domain.to_string();
    let now = service.now();
    let mut tokens = cookies::values(headers, cookies::SESSION).peekable();
    if tokens.peek().is_none() {
        return Ok(None);
    }
    let keys = service.keys().await?;
    let tokens = tokens.filter(|token| keys.unverified_is_ours(SESSION_TYP, token));
    for token in tokens.take(MAX_SIGNATURES) {
        let claims: Option<SessionClaims> = keys.verify(SESSION_TYP, token);
        let Some(claims) = claims.filter(|claims| claims.are_valid(&team_domain, now)) else {
            continue;
        };
        // A sign-in that is newer than the database shows that the database went back.
        service.storage.check_shown(None, claims.auth_ver).await?;
        let session = service
            .storage
            .session(&claims.sid, keys.refusals(), now)
            .await?;
        if let Some(session) = session.filter(|session| session.user_id == claims.sub) {
            // A token proves the sign-in for which it was issued, not a later one: the thief of an
            // old cookie gains nothing when its owner signs in again.
            return Ok(Some(Session {
                auth_time: session.auth_time.min(claims.auth_time),
                auth_ver: session.auth_ver.min(claims.auth_ver),
                expires_at: session.expires_at.min(claims.exp),
                ..session
            }));
        }
    }
    Ok(None)
}

/// The session that admits the request's user to applications without a prompt.
///
/// # Errors
/// When the database cannot be read.
pub async fn without_prompt(
    service: &Service,
    headers: &HeaderMap,
) -> Result<Option<Session>, StorageError> {
    if service.single_sign_on() {
        current(service, headers).await
    } else {
        Ok(None)
    }
}

/// The `set-cookie` with the session's token, which `keys` sign.
///
/// # Errors
/// When the token was not signed.
pub fn cookie(
    service: &Service,
    keys: &Keys,
    session: &Session,
) -> Result<Option<HeaderValue>, SignError> {
    let claims = SessionClaims::of(session, &service.team_domain.to_string());
    let token = keys.sign(SESSION_TYP, &claims)?;
    let max_age = session.expires_at.duration_since(service.now());
    Ok(cookies::set(cookies::SESSION, &token, max_age))
}
