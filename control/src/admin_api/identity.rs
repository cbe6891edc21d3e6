//! Who is calling.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;

use super::ApiError;
use crate::administration::{Administrator, Scope};
use crate::service::Service;
use crate::tokens::admin_tokens;

/// Lets calls with a good admin token through.
pub async fn authenticate(
    State(service): State<Arc<Service>>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let token = bearer(request.headers()).ok_or(ApiError::TokenInvalid)?;
    let administrator = admin_tokens::find(&service, token).await?;
    let administrator = administrator.ok_or(ApiError::TokenInvalid)?;
    request.extensions_mut().insert(administrator);
    Ok(next.run(request).await)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (scheme, token) = values.next()?.to_str().ok()?.split_once(' ')?;
    // RFC 9110, section 11.1: schemes are case-insensitive. Of two values nobody knows which one
    // a proxy has looked at.
    let good = values.next().is_none() && scheme.eq_ignore_ascii_case("bearer");
    good.then(|| token.trim())
}

impl<S: Sync> FromRequestParts<S> for Administrator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let administrator = parts.extensions.get::<Self>();
        administrator.cloned().ok_or(ApiError::TokenInvalid)
    }
}

/// Refuses whoever lacks a scope. Comes before anything else is looked at.
pub fn require(administrator: &Administrator, scope: Scope) -> Result<(), ApiError> {
    if administrator.may(scope) {
        Ok(())
    } else {
        Err(ApiError::ScopeMissing(scope))
    }
}
