//! The dashboard: the pages of administrators, below `/dashboard` of the team domain.
//!
//! Every page is a line of [`pages::pages`], with the scope that it needs. The router puts a
//! [guard](guard) before each of them, which judges the person at every request, and, before a form is
//! read, where it comes from. A handler takes an [`Allowed`](allowed::Allowed), which only the guard makes.

mod administrators;
pub mod allowed;
mod api;
mod applications;
pub(crate) mod assets;
mod audit;
mod bars;
mod choose_theme;
mod confirm;
mod content_policy;
mod done;
pub mod fields;
mod find;
mod form;
pub mod fresh;
mod guard;
mod home;
mod mistakes;
pub mod navigation;
mod once;
pub mod page;
mod pages;
pub(crate) mod path;
mod proxies;
mod refusal;
pub mod revocations;
mod secret;
mod sessions;
mod settings;
pub mod shell;
pub mod shown;
pub(crate) mod source;
pub(crate) mod theme;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::Response;
use axum::routing::get;

use crate::service::Service;
use crate::team_domain::page::redirect::redirect;
use content_policy::POLICY;
use page::Rule;
use path::PATH;

pub(crate) use assets::asset;

/// All pages; none if the dashboard is disabled.
pub(crate) fn router(service: &Arc<Service>) -> Router<Arc<Service>> {
    let mut router = Router::new();
    if !service.config.dashboard.enabled {
        return router;
    }
    let rules: Arc<[Rule]> = rules().into();
    for page in pages::pages() {
        let url = page.rule.url();
        let guarded = guard::guarded(page, (service, &rules));
        router = router.route(&url, guarded);
    }
    router
        .route(
            "/dashboard/",
            get(async || redirect(StatusCode::PERMANENT_REDIRECT, PATH)),
        )
        .layer(middleware::from_fn_with_state(
            Arc::clone(service),
            source::page,
        ))
        .layer(middleware::map_response(with_policy))
}

/// What every page needs.
#[must_use]
pub fn rules() -> Vec<Rule> {
    let pages = pages::pages().into_iter();
    pages.map(|page| page.rule).collect()
}

async fn with_policy(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(POLICY);
    response
}
