//! Verifying an application token that a filter sends, and its binding. The token may have expired.

use portcullis::protocol::claims::{
    APPLICATION_TYP, APPLICATION_TYPE, ApplicationClaims, Confirmation,
};

use super::error::ApiError;
use super::identity::FilterIdentity;
use crate::service::Service;
use crate::tokens::secret::same;

/// A token that this service signed for an application of the credential.
pub struct ShownToken {
    /// Its claims.
    pub claims: ApplicationClaims,
    /// How many signing keys had been refused when it was verified.
    pub key_refusals: u64,
}

/// Verifies a token that this service signed for an application of the credential. A token that is
/// newer than the database shows that the database went back.
pub async fn verified(
    service: &Service,
    identity: &FilterIdentity,
    token: &str,
) -> Result<ShownToken, ApiError> {
    let keys = service.keys().await?;
    let claims: ApplicationClaims = keys
        .verify(APPLICATION_TYP, token)
        .ok_or(ApiError::TokenInvalid)?;
    let valid = claims.kind == APPLICATION_TYPE
        && claims.iss == service.team_domain.to_string()
        && matches!(claims.aud.as_slice(), [audience] if identity.sees(audience));
    if valid {
        service.storage.check_shown(None, claims.ver).await?;
        Ok(ShownToken {
            claims,
            key_refusals: keys.refusals(),
        })
    } else {
        Err(ApiError::TokenInvalid)
    }
}

/// Checks the binding: without it, a stolen bound token could sign its owner out.
pub fn check_binding(claims: &ApplicationClaims, secret: Option<&str>) -> Result<(), ApiError> {
    let Some(bound) = &claims.cnf else {
        return Ok(());
    };
    let shown = secret.and_then(|secret| Confirmation::of_cookie(secret.as_bytes()));
    if shown.is_some_and(|shown| same(&shown.cookie_s256, &bound.cookie_s256)) {
        Ok(())
    } else {
        Err(ApiError::BindingMismatch)
    }
}
