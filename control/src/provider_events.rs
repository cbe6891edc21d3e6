//! Identity providers that say no: a person signed out there, was revoked, or may not sign in any
//! more.
//!
//! Providers report it at endpoints of the team domain. Each report that is verified takes effect in
//! one transaction, with a version of the feed, so that filters act on it as on any revocation. What
//! cannot be verified changes nothing, and counts as a failure of the address that it came from.

mod back_channel_logout;
mod bearer;
mod fault;
mod global_token_revocation;
mod incoming;
pub mod limits;
mod logout_token;
pub mod recheck;
mod refusal;
pub mod running_checks;
mod security_event;
mod security_events;
mod subject_id;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;

use crate::service::Service;

/// Reports have a few KB, with every claim that a provider may add.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The endpoints, each for the provider whose id is at the end of its path.
pub fn router() -> Router<Arc<Service>> {
    Router::new()
        .route(
            "/backchannel-logout/{id}",
            post(back_channel_logout::receive),
        )
        .route(
            "/global-token-revocation/{id}",
            post(global_token_revocation::receive),
        )
        .route("/events/{id}", post(security_events::receive))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}
