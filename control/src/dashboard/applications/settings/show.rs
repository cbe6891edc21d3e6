//! `GET /dashboard/applications/{audience}/settings`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::allowed::Allowed;
use super::super::super::revocations::progress;
use super::super::find;
use super::values::Values;
use super::view::{Said, page};
use crate::administration::coverage::{self, WaitFor};
use crate::service::Service;
use crate::storage::StorageError;
use crate::team_domain::page::failure::Failure;

/// How long the page waits for the proxies, so that it usually says the result.
const WAIT: Duration = Duration::from_secs(1);

/// What was saved just before.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Saved {
    /// The version of the feed that publishes it; 0: nothing differed.
    saved: Option<u64>,
    /// Whether somebody else's changes were merged.
    merged: bool,
}

/// `GET /dashboard/applications/{audience}/settings`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    Path(audience): Path<String>,
    saved: Result<Query<Saved>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(saved) = saved.map_err(|_| Failure::BadQuery)?;
    let application = find(&service, &audience).await?;
    let values = Values::of(&application.definition);
    let said = said(&service, saved).await?;
    page(
        (&person, StatusCode::OK),
        &application,
        (&values, &values),
        &said,
    )
}

async fn said(service: &Service, saved: Saved) -> Result<Said, StorageError> {
    let mut said = Said::default();
    let Some(version) = saved.saved else {
        return Ok(said);
    };
    if version == 0 {
        said.notice = Some("Nothing differed, so nothing was changed.".to_owned());
        return Ok(said);
    }
    if version > service.storage.newest_version().await? {
        return Ok(said);
    }
    let view = coverage::wait(service, version, WaitFor::All, WAIT).await?;
    let others = match saved.merged {
        true => " What somebody else changed meanwhile was kept.",
        false => "",
    };
    said.notice = Some(format!("Saved.{others} {}", progress::sentence(&view)));
    said.version = (!view.coverage.complete).then_some(version);
    Ok(said)
}
