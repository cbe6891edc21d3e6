//! `GET /dashboard/audit/export`: all events of the same filter as a file.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::super::allowed::Allowed;
use crate::administration::audit::asked::Asked;
use crate::administration::audit::export::{Format, export};
use crate::service::Service;
use crate::team_domain::page::failure::Failure;

/// Which events, and in which form.
#[derive(Deserialize)]
pub struct ExportQuery {
    #[serde(flatten)]
    asked: Asked,
    #[serde(default)]
    format: String,
}

/// `GET /dashboard/audit/export`.
pub async fn send(
    State(service): State<Arc<Service>>,
    _: Allowed,
    query: Result<Query<ExportQuery>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(query) = query.map_err(|_| Failure::BadQuery)?;
    let format = match query.format.as_str() {
        "" => Format::JsonLines,
        name => Format::parse(name).ok_or(Failure::BadQuery)?,
    };
    let filter = query.asked.filter().map_err(|_| Failure::BadQuery)?;
    Ok(export(&service, filter, format).await?)
}
