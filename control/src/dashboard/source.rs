//! From where dashboard and admin API answer: `dashboard.source_ranges`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::refusal;
use crate::api::error::ApiError;
use crate::audit::source::Source;
use crate::service::Service;
use crate::team_domain::page::failure::Failure;

/// Refuses pages of the dashboard to others.
pub async fn page(
    State(service): State<Arc<Service>>,
    source: Source,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    if answers(&service, &source) {
        Ok(next.run(request).await)
    } else {
        refusal::source(&service, &source)
    }
}

/// Refuses calls of the admin API to others.
pub(crate) async fn call(
    State(service): State<Arc<Service>>,
    source: Source,
    request: Request,
    next: Next,
) -> Response {
    if answers(&service, &source) {
        next.run(request).await
    } else {
        ApiError::SourceRefused.into_response()
    }
}

/// A request whose address is not known is refused where addresses are limited.
fn answers(service: &Service, source: &Source) -> bool {
    let dashboard = &service.config.dashboard;
    let address = source.address.map(|address| dashboard.answers(address));
    address.unwrap_or(dashboard.source_ranges.is_empty())
}
