//! The admin API, on the team domain, for programs that administer.
//!
//! Every call carries `authorization: Bearer <admin token>`. Cookies are ignored here, and every
//! error is a problem (RFC 9457). The control socket offers the same calls without a token.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{delete, get, post, put};

use crate::api::error::ApiError;
use crate::api::{
    access_groups, admin_tokens, applications, audit, filter_credentials, idempotency, keys,
    policies, proxies, reference, revocations, service_tokens, sessions, users,
};
use crate::audit::source::Source;
use crate::dashboard::source;
use crate::service::Service;
use crate::tokens::{admin_tokens as tokens, bearer};

/// The path of all calls.
pub const PATH: &str = "/api/admin/v1";

/// All calls, for callers with an admin token.
pub fn router(service: Arc<Service>) -> Router<Arc<Service>> {
    let authenticate = middleware::from_fn_with_state(Arc::clone(&service), authenticate);
    let once = middleware::from_fn_with_state(Arc::clone(&service), idempotency::once);
    let source = middleware::from_fn_with_state(service, source::call);
    let reference = middleware::from_fn(reference::refer);
    calls()
        .layer(once)
        .layer(authenticate)
        .layer(source)
        .layer(reference)
}

/// All calls. Each needs an [`Administrator`](crate::api::administrator::Administrator) as an
/// extension of the request, and is refused without one.
pub fn calls() -> Router<Arc<Service>> {
    Router::new()
        .merge(people())
        .merge(application_calls())
        .merge(secrets())
        .route("/proxies", get(proxies::list_page))
        .route(
            "/revocations",
            get(revocations::calls::list_page).post(revocations::calls::make),
        )
        .route("/revocations/{version}", get(revocations::calls::show))
        .route("/audit", get(audit::list))
        .fallback(async || ApiError::NoSuchCall)
        .method_not_allowed_fallback(async || ApiError::NoSuchMethod)
}

fn people() -> Router<Arc<Service>> {
    Router::new()
        .route("/sessions", get(sessions::list))
        .route("/sessions/{id}", get(sessions::show).delete(sessions::end))
        .route(
            "/users",
            get(users::listed::list_page).post(users::calls::add),
        )
        .route(
            "/users/{id}",
            get(users::calls::show).delete(users::removal::remove),
        )
        .route(
            "/users/revoke",
            post(users::several::revoke)
                .layer(DefaultBodyLimit::max(users::several::MAX_BODY_BYTES)),
        )
        .route("/users/{id}/revoke", post(users::revoke))
        .route("/users/{id}/disable", post(users::disable))
        .route("/users/{id}/enable", post(users::enabling::enable))
        .route("/users/{id}/password", post(users::password::set))
        .route("/users/{id}/role", put(users::role::set))
}

fn application_calls() -> Router<Arc<Service>> {
    Router::new()
        .route("/applications", get(applications::list_page))
        .route(
            "/applications/{name}",
            get(applications::show)
                .put(applications::write::put)
                .patch(applications::write::patch)
                .delete(applications::removal::remove)
                .layer(DefaultBodyLimit::max(applications::write::MAX_BODY_BYTES)),
        )
        .route(
            "/applications/{name}/revoke",
            post(applications::revocation::revoke),
        )
        .route("/applications/{name}/policy/test", post(policies::test))
        .route("/access-groups", get(access_groups::list))
        .route(
            "/access-groups/{name}",
            get(access_groups::show)
                .put(access_groups::set)
                .delete(access_groups::delete)
                .layer(DefaultBodyLimit::max(access_groups::MAX_BODY_BYTES)),
        )
}

fn secrets() -> Router<Arc<Service>> {
    Router::new()
        .route(
            "/filter-credentials",
            get(filter_credentials::list_page).post(filter_credentials::make),
        )
        .route(
            "/filter-credentials/{id}",
            delete(filter_credentials::revoke),
        )
        .route("/admin-tokens", get(admin_tokens::list_page))
        .route("/admin-tokens/{id}", delete(admin_tokens::revoke))
        .route(
            "/service-tokens",
            get(service_tokens::list).post(service_tokens::add),
        )
        .route("/service-tokens/{id}", delete(service_tokens::delete))
        .route("/service-tokens/{id}/rotate", post(service_tokens::rotate))
        .route(
            "/service-tokens/{id}/disable",
            post(service_tokens::disable),
        )
        .route("/service-tokens/{id}/enable", post(service_tokens::enable))
        .route("/keys", get(keys::list))
        .route("/keys/rotate", post(keys::rotate))
        .route("/keys/reseal", post(keys::reseal))
        .route("/keys/{kid}/refuse", post(keys::refuse))
}

async fn authenticate(
    State(service): State<Arc<Service>>,
    source: Source,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let token = bearer::token(request.headers()).ok_or(ApiError::TokenInvalid)?;
    let administrator = tokens::find(&service, token, source).await?;
    let administrator = administrator.ok_or(ApiError::TokenInvalid)?;
    request.extensions_mut().insert(administrator);
    Ok(next.run(request).await)
}
