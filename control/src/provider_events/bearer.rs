//! The bearer token with which a sender proves who it is.

use axum::http::{HeaderMap, header};

use super::refusal::Refusal;
use crate::tokens::secret::{Hashed, Plain};

/// Compares the request's bearer token (RFC 6750, section 2.1) with the one that is configured.
///
/// # Errors
/// When it is missing, wrong, or there are several.
pub fn check(headers: &HeaderMap, expected: &Hashed) -> Result<(), Refusal> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return Err(Refusal::Bearer);
    };
    let line = line.to_str().map_err(|_| Refusal::Bearer)?;
    // RFC 9110, section 11.1: schemes are case-insensitive.
    let (_, token) = line
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .ok_or(Refusal::Bearer)?;
    let token = Plain::new(token.trim().to_owned());
    match expected.is_of(&token) {
        true => Ok(()),
        false => Err(Refusal::Bearer),
    }
}
