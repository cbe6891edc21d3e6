//! `POST /token`: a command line polls for the answer to its request (RFC 8628, section 3.4). A
//! token is issued once. Session, user and policy are judged at that moment, not when the user
//! confirmed.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum::{Form, Json};
use serde::{Deserialize, Serialize};

use super::super::client::Client;
use super::error::OAuthError;
use crate::service::Service;
use crate::storage::Poll;
use crate::tokens::device_codes::{CLIENT_ID, GRANT_TYPE};
use crate::tokens::header_tokens;
use crate::tokens::secret::Plain;

#[derive(Deserialize)]
pub struct TokenRequest {
    grant_type: String,
    client_id: String,
    #[serde(default)]
    device_code: Plain,
}

/// RFC 6749, section 5.1.
#[derive(Serialize)]
pub struct TokenAnswer {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
}

pub async fn token(
    State(service): State<Arc<Service>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    form: Result<Form<TokenRequest>, FormRejection>,
) -> Result<Json<TokenAnswer>, OAuthError> {
    let client = Client {
        peer,
        headers: &headers,
    };
    let source = client.source(&service);
    let client = client.address(&service);
    service.request_limits.poll(client, service.clock.now())?;
    let Form(request) = form.map_err(|_| OAuthError::InvalidRequest)?;
    if request.grant_type != GRANT_TYPE {
        return Err(OAuthError::UnsupportedGrantType);
    }
    if request.client_id != CLIENT_ID {
        return Err(OAuthError::InvalidClient);
    }
    let hash = request.device_code.hashed();
    let poll = service.storage.poll_device_code(&hash, service.now());
    let (shown, audience) = match poll.await? {
        Poll::Unknown => return Err(OAuthError::InvalidGrant),
        Poll::Waiting => return Err(OAuthError::AuthorizationPending),
        Poll::TooSoon => return Err(OAuthError::SlowDown),
        Poll::Expired => return Err(OAuthError::ExpiredToken),
        Poll::Refused => return Err(OAuthError::Refused),
        Poll::Confirmed { shown, audience } => (shown, audience),
    };
    let made = header_tokens::make(&service, &shown, &audience, source).await?;
    Ok(Json(TokenAnswer {
        access_token: made.token.reveal().to_owned(),
        token_type: "Bearer",
        expires_in: made.expires_at.duration_since(service.now()).as_secs(),
    }))
}
