//! `POST /device_authorization`: a command line requests a token (RFC 8628, section 3.1). The
//! parameter `application` is the application's name or one of its origins.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum::{Form, Json};
use serde::{Deserialize, Serialize};

use super::super::client::Client;
use super::error::OAuthError;
use crate::applications::{Application, Location};
use crate::service::Service;
use crate::storage::StorageError;
use crate::tokens::device_codes::issue::issue;
use crate::tokens::device_codes::{CLIENT_ID, LIFE, POLL_INTERVAL};

#[derive(Deserialize)]
pub struct AuthorizeDevice {
    client_id: String,
    application: String,
}

/// RFC 8628, section 3.2.
#[derive(Serialize)]
pub struct DeviceAuthorization {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: u64,
    interval: u64,
}

pub async fn authorize_device(
    State(service): State<Arc<Service>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    form: Result<Form<AuthorizeDevice>, FormRejection>,
) -> Result<Json<DeviceAuthorization>, OAuthError> {
    let client = Client {
        peer,
        headers: &headers,
    };
    let client = client.address(&service);
    service
        .request_limits
        .request(client, service.clock.now())?;
    let Form(request) = form.map_err(|_| OAuthError::InvalidRequest)?;
    if request.client_id != CLIENT_ID {
        return Err(OAuthError::InvalidClient);
    }
    let application = find(&service, &request.application)
        .await?
        .filter(|application| application.definition.header_tokens)
        .ok_or(OAuthError::InvalidTarget)?;
    let codes = issue(&service, &application.audience, client).await?;
    tracing::info!(
        %client,
        application = application.definition.name,
        audience = application.audience,
        "token for scripts requested"
    );
    let page = format!("{}/device", service.team_domain);
    Ok(Json(DeviceAuthorization {
        device_code: codes.device_code.reveal().to_owned(),
        verification_uri_complete: format!("{page}?user_code={}", codes.user_code),
        user_code: codes.user_code.to_string(),
        verification_uri: page,
        expires_in: LIFE.as_secs(),
        interval: POLL_INTERVAL.as_secs(),
    }))
}

/// The application with this name, or at this origin.
async fn find(service: &Service, text: &str) -> Result<Option<Application>, StorageError> {
    if let Some(named) = service.storage.application_named(text).await? {
        return Ok(Some(named));
    }
    let Ok(location) = text.parse::<Location>() else {
        return Ok(None);
    };
    let hostname = location.origin().hostname();
    let there = service.storage.applications_at(hostname).await?;
    let is_there = |one: &Application| {
        let mut places = one.definition.origins.iter();
        places.any(|place| place.covers(&location))
    };
    Ok(there.into_iter().find(is_there))
}
