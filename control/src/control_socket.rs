//! What the CLI asks for, as HTTP over a Unix socket in the data directory. Whoever may open the
//! socket is the administrator; there is no other check.
//!
//! Requests and answers are the types that the CLI uses too. The calls of the admin API are here
//! as well.

pub mod admin_tokens;
pub mod applications;
pub mod coverage;
mod error;
pub mod filter_credentials;
mod input;
pub mod proxies;
pub mod revocations;
#[cfg(feature = "test-clock")]
pub mod test_clock;
pub mod users;

use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Extension, Router};
use serde::{Deserialize, Serialize};

use crate::admin_api;
use crate::administration::Administrator;
use crate::service::Service;

pub use error::{ErrorBody, SocketError};

/// A list, as every list is answered.
#[derive(Debug, Serialize, Deserialize)]
pub struct Items<T> {
    /// Its items.
    pub items: Vec<T>,
}

/// All that the socket offers.
pub fn router(service: Arc<Service>) -> Router {
    let router = Router::new()
        .route("/users", get(users::list).post(users::add))
        .route("/users/disable", post(users::disable))
        .route(
            "/applications",
            get(applications::list).post(applications::add),
        )
        .route("/applications/set", post(applications::set))
        .route("/proxies", get(proxies::list))
        .route("/proxies/forget", post(proxies::forget))
        .route("/revocations", get(coverage::list))
        .route("/revocations/show", post(coverage::show))
        .route("/revocations/wait", post(coverage::wait))
        .route("/revocations/user", post(revocations::user))
        .route("/revocations/application", post(revocations::application))
        .route("/revocations/session", post(revocations::session))
        .route("/filter-credentials", post(filter_credentials::add))
        .route(
            "/admin-tokens",
            get(admin_tokens::list).post(admin_tokens::add),
        )
        .route("/admin-tokens/delete", post(admin_tokens::delete))
        .nest(
            admin_api::PATH,
            admin_api::calls().layer(Extension(Administrator::Socket)),
        );
    #[cfg(feature = "test-clock")]
    let router = router.route("/test/clock", post(test_clock::shift));
    router
        .fallback(async || SocketError::NoSuchCall)
        .with_state(service)
}
