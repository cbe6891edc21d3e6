//! The UserInfo endpoint (OpenID Connect Core 1.0, section 5.3).

use reqwest::{StatusCode, Url};
use serde_json::{Map, Value};

use super::error::{Endpoint, ProviderError};
use super::http::{Http, HttpError};
use crate::tokens::secret::Plain;

/// The claims about `subject`.
///
/// # Errors
/// When there are none, or they are about somebody else (section 5.3.4).
pub async fn claims(
    http: &Http,
    url: &Url,
    access_token: &Plain,
    subject: &str,
) -> Result<Map<String, Value>, ProviderError> {
    let of = |error| ProviderError::of(Endpoint::UserInfo, error);
    let answer = http.get(url, access_token).await.map_err(of)?;
    if answer.status != StatusCode::OK {
        return Err(of(HttpError::Status(answer.status.as_u16())));
    }
    let claims: Map<String, Value> =
        serde_json::from_slice(&answer.body).map_err(|_| of(HttpError::Form))?;
    if claims.get("sub").and_then(Value::as_str) == Some(subject) {
        Ok(claims)
    } else {
        Err(ProviderError::UserInfoSubject)
    }
}
