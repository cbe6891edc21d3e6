//! The bearer token with which a sender proves who it is.

use axum::http::HeaderMap;

use super::refusal::Refusal;
use crate::tokens::bearer;
use crate::tokens::secret::{Hashed, Plain};

/// Compares the request's bearer token with the one that is configured.
///
/// # Errors
/// When it is missing, wrong, or there are several.
pub fn check(headers: &HeaderMap, expected: &Hashed) -> Result<(), Refusal> {
    check_any(headers, [expected])
}

/// Compares the request's bearer token with several.
///
/// # Errors
/// When it is missing, none of them, or there are several.
pub fn check_any<'a>(
    headers: &HeaderMap,
    expected: impl IntoIterator<Item = &'a Hashed>,
) -> Result<(), Refusal> {
    let token = bearer::token(headers).ok_or(Refusal::Bearer)?;
    let token = Plain::new(token.to_owned());
    match expected.into_iter().any(|expected| expected.is_of(&token)) {
        true => Ok(()),
        false => Err(Refusal::Bearer),
    }
}
