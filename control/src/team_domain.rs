//! The team domain: pages for people, public keys, and the admin API.

mod assets;
pub(crate) mod client;
mod device;
mod jwks;
mod landing;
pub(crate) mod login;
mod logout;
mod oauth;
pub(crate) mod page;
mod password;
mod robots;
mod sessions;
mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{MethodRouter, get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::admin_api;
use crate::api::PATH;
use crate::dashboard;
use crate::health;
use crate::metrics::refusals::count_refusals;
use crate::provider_events;
use crate::service::Service;
use page::failure::Failure;
use page::{message, present, security_headers};

const MAX_BODY_BYTES: usize = 16 * 1024;

/// The page that a frame's window may show while it stays connected to the frame.
fn login_page() -> MethodRouter<Arc<Service>> {
    let page = get(login::show).post(login::sign_in);
    page.layer(middleware::from_fn(login::opener::keep))
}

/// The way to a provider, from that page or in its place.
fn provider_login() -> MethodRouter<Arc<Service>> {
    get(login::provider::begin).layer(middleware::from_fn(login::opener::keep))
}

/// All pages of the team domain. Needs the peer's address as `ConnectInfo`.
pub fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/", get(landing::landing))
        .route("/login", login_page())
        .route("/login/check", get(login::waiting::check))
        .route("/login/{provider}", provider_login())
        .route(
            "/callback/{provider}",
            get(login::provider::finish).post(login::provider::post),
        )
        .route("/logout", get(logout::ask).post(logout::sign_out))
        .route("/device", get(device::show).post(device::answer))
        .route("/device_authorization", post(oauth::authorize_device))
        .route("/token", post(oauth::token))
        .route("/tokens", get(tokens::show).post(tokens::make))
        .route("/.well-known/jwks.json", get(jwks::jwks))
        .route("/password", get(password::show).post(password::change))
        .route("/robots.txt", get(robots::robots))
        .route("/sessions", get(sessions::show).post(sessions::end))
        .nest(PATH, admin_api::router(Arc::clone(&service)))
        .merge(health::router())
        .merge(provider_events::router())
        .route("/assets/{name}", get(assets::asset))
        .route("/assets/{hash}/{name}", get(dashboard::asset))
        .merge(dashboard::router(&service))
        .fallback(async || Failure::NotFound)
        .method_not_allowed_fallback(async || Failure::NoSuchMethod)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(CatchPanicLayer::custom(present::after_panic))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&service),
            present::present_failures,
        ))
        .layer(middleware::from_fn_with_state(
            service.metrics.refusals.clone(),
            count_refusals,
        ))
        .layer(middleware::from_fn(message::refer))
        .layer(middleware::from_fn(security_headers::add))
        .with_state(service)
}
