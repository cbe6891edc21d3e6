//! After a restore from a backup all sessions have ended. The sign-in page says so once to a browser
//! that still has the cookie of one, and deletes the cookie.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use portcullis::protocol::base64url;
use portcullis::time::UnixSeconds;
use serde::Deserialize;

use crate::service::Service;
use crate::sessions::cookies;
use crate::storage::StorageError;

/// Whether a restore ended the session whose cookie the browser shows. `headers` prove no session that
/// lives. The cookie's key is refused, so what the cookie says is not verified; it only decides
/// whether the page has one more line.
///
/// # Errors
/// When the database cannot be read.
pub async fn ended_session(service: &Service, headers: &HeaderMap) -> Result<bool, StorageError> {
    let issued: Vec<UnixSeconds> = cookies::values(headers, cookies::SESSION)
        .filter_map(unverified_issue)
        .collect();
    if issued.is_empty() {
        return Ok(false);
    }
    let restored = service.storage.last_restore().await?;
    Ok(restored.is_some_and(|restored| issued.iter().any(|issued| *issued <= restored)))
}

/// The `set-cookie` that deletes the cookie.
pub fn delete_cookie() -> Option<HeaderValue> {
    cookies::set(cookies::SESSION, "", Duration::ZERO)
}

#[derive(Deserialize)]
struct Issued {
    iat: UnixSeconds,
}

fn unverified_issue(token: &str) -> Option<UnixSeconds> {
    let claims = token.split('.').nth(1)?;
    let issued: Issued = serde_json::from_slice(&base64url::decode(claims.as_bytes())?).ok()?;
    Some(issued.iat)
}
