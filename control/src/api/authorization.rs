//! Whether the caller may make a call.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::administrator::{Administrator, Scope};
use super::error::ApiError;

/// The administrator that the admin API or the control socket put into the request's extensions. A
/// request without one is refused.
impl<S: Sync> FromRequestParts<S> for Administrator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let administrator = parts.extensions.get::<Self>();
        administrator.cloned().ok_or(ApiError::TokenInvalid)
    }
}

/// Refuses an administrator who lacks a scope.
pub fn require(administrator: &Administrator, scope: Scope) -> Result<(), ApiError> {
    if administrator.may(scope) {
        Ok(())
    } else {
        Err(ApiError::ScopeMissing(scope))
    }
}
