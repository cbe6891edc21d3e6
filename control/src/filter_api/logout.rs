//! `POST logout`: ends the global session of a token, and with it the access to all applications.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use portcullis::protocol::calls::LogoutRequest;

use super::error::ApiError;
use super::identity::{Body, FilterIdentity};
use super::shown_token;
use super::told::told;
use crate::audit::EventName;
use crate::service::Service;

pub async fn logout(
    State(service): State<Arc<Service>>,
    identity: FilterIdentity,
    Body(request): Body<LogoutRequest>,
) -> Result<StatusCode, ApiError> {
    // An expired token suffices to sign out.
    let shown = shown_token::verified(&service, &identity, &request.token).await?;
    let claims = shown.claims;
    // A leaked token for scripts must not sign its owner out.
    if claims.usage.is_some() {
        return Err(ApiError::TokenInvalid);
    }
    shown_token::check_binding(&claims, request.binding_secret.as_deref())?;
    let event = told(EventName::SessionEnded, &identity, &claims)
        .reason("sign_out")
        .detail("token", claims.jti.as_str());
    if let Some(version) = service.storage.sign_out(&claims.sid, event).await? {
        service.notifier.committed(version);
        tracing::info!(
            session = claims.sid,
            user = claims.sub,
            email = claims.email,
            version,
            "global session ended by logout"
        );
    }
    Ok(StatusCode::NO_CONTENT)
}
