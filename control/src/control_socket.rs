//! The control socket: HTTP over a Unix socket in the data directory, for the command
//! line. File permissions decide who may open it; there is no other check.
//!
//! The calls of the admin API are here as well.

use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Router, middleware};

use crate::api::administrator::Administrator;
use crate::api::command_error::CommandError;
use crate::api::{
    PATH, admin_tokens, applications, calls, filter_credentials, policies, proxies, revocations,
    sessions, users,
};
use crate::audit::Actor;
use crate::audit::source::Source;
use crate::health;
use crate::service::Service;
use crate::system::os_user::PeerUser;

/// All calls.
pub fn router(service: Arc<Service>) -> Router {
    let router = Router::new()
        .route("/users", get(users::list).post(users::add))
        .route("/users/disable", post(users::disable_by_email))
        .route("/users/enable", post(users::enabling::enable_by_email))
        .route("/users/password", post(users::password::set_by_email))
        .route("/users/role", post(users::role::set_by_email))
        .route("/users/remove", post(users::removal::remove_by_email))
        .route(
            "/applications",
            get(applications::list).post(applications::add),
        )
        .route("/applications/show", post(applications::show_by_name))
        .route("/applications/set", post(applications::set))
        .route(
            "/applications/remove",
            post(applications::removal::remove_by_name),
        )
        .route("/policies/test", post(policies::test_by_name))
        .route("/proxies", get(proxies::list))
        .route("/proxies/forget", post(proxies::forget))
        .route("/revocations", get(revocations::list))
        .route("/revocations/show", post(revocations::show))
        .route("/revocations/wait", post(revocations::wait))
        .route("/revocations/user", post(users::revoke_by_email))
        .route(
            "/revocations/application",
            post(applications::revocation::revoke_by_name),
        )
        .route("/revocations/session", post(sessions::end_by_id))
        .route(
            "/filter-credentials",
            get(filter_credentials::list).post(filter_credentials::add),
        )
        .route(
            "/filter-credentials/revoke",
            post(filter_credentials::revoke_by_id),
        )
        .route(
            "/admin-tokens",
            get(admin_tokens::list).post(admin_tokens::add),
        )
        .route("/admin-tokens/revoke", post(admin_tokens::revoke_by_id))
        .nest(PATH, calls::router());
    #[cfg(feature = "test-clock")]
    let router = router.route("/test/clock", post(crate::api::test_clock::shift));
    router
        .merge(health::router())
        .fallback(async || CommandError::NoSuchCall)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&service),
            identify,
        ))
        .with_state(service)
}

/// Whoever may open the socket may do everything. The audit log says which user of the operating
/// system it was.
async fn identify(source: Source, mut request: Request, next: Next) -> Response {
    let user = request.extensions().get::<PeerUser>();
    let initiator = source.by(Actor::command_line(user.map(|user| user.0)));
    let administrator = Administrator::Socket(initiator);
    request.extensions_mut().insert(administrator);
    next.run(request).await
}
