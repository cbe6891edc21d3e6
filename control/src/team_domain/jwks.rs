//! `GET /.well-known/jwks.json`: the public keys with which tokens are verified (RFC 7517).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use portcullis::protocol::feed::JwkSet;

use crate::service::Service;

const CACHED: (HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=60");
const READABLE: (HeaderName, &str) = (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");

pub async fn jwks(
    State(service): State<Arc<Service>>,
) -> ([(HeaderName, &'static str); 2], Json<JwkSet>) {
    ([CACHED, READABLE], Json(service.keys.jwks()))
}
