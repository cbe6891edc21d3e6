//! The global session of a browser.
//!
//! A valid token is never enough: the rows of session and user are read each time.

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use portcullis::protocol::claims::SESSION_TYP;

use super::failure::Failure;
use super::redirect::redirect;
use crate::service::Service;
use crate::sessions::cookies;
use crate::storage::{Session, StorageError};
use crate::tokens::session_claims::SessionClaims;

/// The session that the request's cookie names, if it lives.
///
/// # Errors
/// When the database cannot be read.
pub async fn current(
    service: &Service,
    headers: &HeaderMap,
) -> Result<Option<Session>, StorageError> {
    let team_domain = service.team_domain.to_string();
    let now = service.now();
    for token in cookies::values(headers, cookies::SESSION) {
        let claims: Option<SessionClaims> = service.keys.verify(SESSION_TYP, token);
        let Some(claims) = claims.filter(|claims| claims.hold(&team_domain, now)) else {
            continue;
        };
        let session = service.storage.session(&claims.sid, now).await?;
        if let Some(session) = session.filter(|session| session.user_id == claims.sub) {
            // A token from before the last sign-in proves the sign-in before only: whoever copied
            // it must not gain by what its owner does.
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

/// The session that lets the request's user into applications without a prompt.
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

/// A redirect to the sign-in, which leads back to a page of the team domain. As the answer to a
/// POST it needs a [`StatusCode::SEE_OTHER`].
///
/// # Errors
/// When the page's path is no header.
pub fn sign_in_first(status: StatusCode, page: &str) -> Result<Response, Failure> {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("return_to", page)
        .finish();
    redirect(status, &format!("/login?{query}"))
}

/// The `set-cookie` that hands a session to the browser.
///
/// # Errors
/// When the token cannot be written.
pub fn cookie(service: &Service, session: &Session) -> Result<Option<HeaderValue>, Failure> {
    let claims = SessionClaims::of(session, &service.team_domain.to_string());
    let token = service.keys.sign(SESSION_TYP, &claims)?;
    let max_age = session.expires_at.saturating_sub(service.now());
    Ok(cookies::set(cookies::SESSION, &token, max_age))
}
