//! The filter API, on its own listener. Every call carries
//! `authorization: Bearer <filter credential>`, and every error is a problem (RFC 9457). Health
//! needs no credential.

mod error;
mod exchange;
mod feed;
mod identity;
mod logout;
mod refresh;
mod service;
mod shown_token;
mod told;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};

use crate::health;
use crate::metrics::refusals::count_refusals;
use crate::service::Service;
use error::ApiError;

const MAX_BODY_BYTES: usize = 16 * 1024;

/// All calls.
pub fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/api/filter/v1/exchange", post(exchange::exchange))
        .route("/api/filter/v1/refresh", post(refresh::refresh))
        .route("/api/filter/v1/service", post(service::service))
        .route("/api/filter/v1/logout", post(logout::logout))
        .route("/api/filter/v1/feed", get(feed::feed))
        .merge(health::router())
        .fallback(async || ApiError::NoSuchCall)
        .method_not_allowed_fallback(async || ApiError::NoSuchCall)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn_with_state(
            service.metrics.refusals.clone(),
            count_refusals,
        ))
        .with_state(service)
}
