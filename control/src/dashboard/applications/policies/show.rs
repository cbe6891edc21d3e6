//! `GET /dashboard/applications/{audience}/policies`: Edit › Policies.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::super::find;
use super::page::PoliciesPage;
use crate::administration::coverage::{self, WaitFor};
use crate::dashboard::allowed::Allowed;
use crate::dashboard::revocations::progress;
use crate::service::Service;
use crate::storage::StorageError;
use crate::team_domain::page::failure::Failure;

/// How long the page waits for the proxies after a save.
const WAIT: Duration = Duration::from_secs(1);

/// What was done before the page was asked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Done {
    /// The version of a save, or `same`.
    saved: String,
}

/// `GET /dashboard/applications/{audience}/policies`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    Path(audience): Path<String>,
    done: Result<Query<Done>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(done) = done.unwrap_or_default();
    let application = find(&service, &audience).await?;
    let mut page = PoliciesPage::stored(&person, &application);
    page.saved = saved(&service, &done.saved).await?;
    page.respond(&person, StatusCode::OK)
}

/// What a save did, and its version.
async fn saved(
    service: &Service,
    saved: &str,
) -> Result<Option<(String, Option<u64>)>, StorageError> {
    if saved == "same" {
        return Ok(Some((
            "Nothing was changed: the policy is so already.".to_owned(),
            None,
        )));
    }
    let Ok(version) = saved.parse::<u64>() else {
        return Ok(None);
    };
    let newest = service.storage.newest_version().await?;
    if !(1..=newest).contains(&version) {
        return Ok(None);
    }
    let view = coverage::wait(service, version, WaitFor::All, WAIT).await?;
    let sentence = format!("Saved. {}", progress::sentence(&view));
    Ok(Some((sentence, Some(version))))
}
