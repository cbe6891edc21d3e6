//! `GET /.well-known/jwks.json`: the public keys with which tokens are verified (RFC 7517).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use portcullis::protocol::feed::JwkSet;

use super::page::failure::Failure;
use crate::service::Service;

// A new key is published for as long before it signs.
const CACHED: (HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=60");
const READABLE: (HeaderName, &str) = (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");

type Headers = [(HeaderName, &'static str); 2];

pub async fn jwks(State(service): State<Arc<Service>>) -> Result<(Headers, Json<JwkSet>), Failure> {
    Ok(([CACHED, READABLE], Json(service.keys().await?.jwks())))
}
