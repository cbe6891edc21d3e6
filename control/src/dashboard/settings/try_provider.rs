//! `GET /dashboard/settings/providers/{id}/try`: leads to the provider, and back to a page that shows what it
//! says.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::super::allowed::Allowed;
use crate::service::Service;
use crate::team_domain::login::provider::trial;
use crate::team_domain::page::failure::Failure;

/// `GET /dashboard/settings/providers/{id}/try`.
pub async fn begin(
    State(service): State<Arc<Service>>,
    person: Allowed,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    trial::begin(&service, (person.session(), &headers), &id).await
}
