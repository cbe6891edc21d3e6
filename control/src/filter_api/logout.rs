//! `POST logout`: ends the global session of a token, and so access everywhere.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use portcullis::protocol::calls::LogoutRequest;
use portcullis::protocol::claims::{
    APPLICATION_TYP, APPLICATION_TYPE, ApplicationClaims, Confirmation,
};

use super::ApiError;
use super::identity::{Body, FilterIdentity};
use crate::secret::same;
use crate::service::Service;

pub async fn logout(
    State(service): State<Arc<Service>>,
    identity: FilterIdentity,
    Body(request): Body<LogoutRequest>,
) -> Result<StatusCode, ApiError> {
    // An expired token is good enough to leave with.
    let claims: ApplicationClaims = service
        .keys
        .verify(APPLICATION_TYP, &request.token)
        .ok_or(ApiError::TokenInvalid)?;
    let ours = claims.kind == APPLICATION_TYPE
        && claims.iss == service.team_domain.to_string()
        && claims.aud.iter().any(|audience| identity.sees(audience));
    if !ours {
        return Err(ApiError::TokenInvalid);
    }
    check_binding(&claims, request.binding_secret.as_deref())?;
    if let Some(version) = service.storage.end_session(&claims.sid).await? {
        service.news.tell(version);
        tracing::info!(
            session = claims.sid,
            version,
            "global session ended by logout"
        );
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Whoever stole a bound token must not even be able to sign its owner out.
fn check_binding(claims: &ApplicationClaims, secret: Option<&str>) -> Result<(), ApiError> {
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
