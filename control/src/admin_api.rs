//! The admin API, on the team domain. Every call carries `authorization: Bearer <admin token>`,
//! and cookies count for nothing here; every error is a problem (RFC 9457).
//!
//! The control socket offers the same calls to whoever may open it.

mod applications;
mod identity;
mod list;
mod problem;
mod sessions;
mod users;

use std::sync::Arc;

use axum::routing::{delete, get, post};
use axum::{Router, middleware};

use crate::service::Service;
use problem::ApiError;

pub use list::Page;

/// Below which path.
pub const PATH: &str = "/api/admin/v1";

/// All calls, for whoever has an admin token.
pub fn router(service: Arc<Service>) -> Router<Arc<Service>> {
    calls().layer(middleware::from_fn_with_state(
        service,
        identity::authenticate,
    ))
}

/// All calls. Needs an [`crate::administration::Administrator`] as an extension; without one,
/// nothing is done.
pub fn calls() -> Router<Arc<Service>> {
    Router::new()
        .route("/sessions", get(sessions::list))
        .route("/sessions/{id}", delete(sessions::end))
        .route("/users", get(users::list))
        .route("/users/{id}/revoke", post(users::revoke))
        .route("/applications", get(applications::list))
        .route("/applications/{name}/revoke", post(applications::revoke))
        .fallback(async || ApiError::NoSuchCall)
        .method_not_allowed_fallback(async || ApiError::NoSuchMethod)
}
