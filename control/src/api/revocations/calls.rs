//! Revocations, for programs: `GET revocations`, `GET revocations/{version}?wait=`, `POST revocations`.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::administrator::Administrator;
use super::super::error::ApiError;
use super::super::input::{OptionalBody, required};
use super::super::list::{ListPage, ListQuery, QueryResult};
use super::{RevocationView, view};
use crate::administration::coverage::{self, CoverageView, WaitFor};
use crate::administration::sessions::{End, end_every};
use crate::feed::proxies::Covering;
use crate::problems::InputProblems;
use crate::service::Service;
use crate::storage::{HistoryPage, PastRevocation};

/// Envoy ends every request of the team domain after a while.
const LONGEST_WAIT_SECONDS: u64 = 10;

/// How long to wait for the proxies.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct WaitQuery {
    /// How many seconds to wait at most until the proxies have applied the version.
    #[serde(default)]
    #[param(maximum = 10)]
    wait: u64,
    /// Which proxies to wait for.
    #[serde(default)]
    #[param(inline)]
    wait_for: WaitFor,
}

/// What to revoke.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRevocation {
    /// Must be true: ends every session of everybody.
    every_session: bool,
}

/// Every session has ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct EverySessionEnded {
    /// The version of the feed below which tokens are refused.
    version: u64,
    /// How many global sessions ended.
    sessions_ended: u64,
}

/// A revocation and what tells how far it has come.
struct Seen<'a>(PastRevocation, &'a Covering);

impl From<Seen<'_>> for RevocationView {
    fn from(Seen(one, covering): Seen<'_>) -> Self {
        view(one, covering)
    }
}

/// Lists revocations in force, newest first. One version may have several.
#[utoipa::path(
    get,
    path = "/revocations",
    operation_id = "list_revocations",
    params(ListQuery),
    responses((status = OK, body = ListPage<RevocationView>)),
)]
pub async fn list_page(
    State(service): State<Arc<Service>>,
    query: QueryResult,
) -> Result<Json<ListPage<RevocationView>>, ApiError> {
    let query = ListQuery::checked(query)?;
    // The version of the last one, and how many of that version were listed.
    let after = query.after::<(u64, u32)>()?;
    let listed = after.map_or(0, |(_, listed)| listed);
    let page = HistoryPage {
        below: after.map(|(version, _)| version.saturating_add(1)),
        limit: listed.saturating_add(query.limit_and_one()),
    };
    let (revocations, covering) = coverage::history(&service, page).await?;
    let versions = revocations.iter().map(|one| one.revocation.version);
    let versions: Vec<u64> = versions.collect();
    let rest = revocations.into_iter().skip(listed as usize);
    let rest: Vec<_> = rest.map(|one| Seen(one, &covering)).collect();
    let shown = versions.len().min(listed as usize + query.limit());
    let position = |last: &Seen<'_>| {
        let version = last.0.revocation.version;
        let shown = versions.iter().take(shown);
        (version, shown.filter(|one| **one == version).count())
    };
    Ok(Json(query.page(rest, position)))
}

/// Shows which proxies have applied a version.
///
/// With `wait` it answers when all have, or when the time is over.
#[utoipa::path(
    get,
    path = "/revocations/{version}",
    operation_id = "show_revocation",
    params(("version" = u64, Path, description = "A version of the feed."), WaitQuery),
    responses((status = OK, body = CoverageView)),
)]
pub async fn show(
    State(service): State<Arc<Service>>,
    Path(version): Path<String>,
    query: Result<Query<WaitQuery>, QueryRejection>,
) -> Result<Json<CoverageView>, ApiError> {
    let Query(query) = query.map_err(|error| ApiError::RequestInvalid(error.body_text()))?;
    let mut problems = InputProblems::default();
    if query.wait > LONGEST_WAIT_SECONDS {
        let message = format!("must be at most {LONGEST_WAIT_SECONDS} seconds");
        problems.add("wait", query.wait, message);
    }
    problems.finish()?;
    let newest = service.storage.newest_version().await?;
    let version: Option<u64> = version.parse().ok();
    let version = version.filter(|version| *version <= newest);
    let version = version.ok_or(ApiError::NotFound("the feed has not reached this version"))?;
    let limit = Duration::from_secs(query.wait);
    Ok(Json(
        coverage::wait(&service, version, query.wait_for, limit).await?,
    ))
}

/// Ends every session of everybody.
#[utoipa::path(
    post,
    path = "/revocations",
    operation_id = "revoke_everything",
    request_body(content = NewRevocation, example = json!({ "every_session": true })),
    responses((status = OK, body = EverySessionEnded)),
)]
pub async fn make(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    body: OptionalBody,
) -> Result<Json<EverySessionEnded>, ApiError> {
    let request: NewRevocation = required(body)?;
    let mut problems = InputProblems::default();
    if !request.every_session {
        let message =
            "must be true; single sessions, users and applications have calls of their own";
        problems.add("every_session", false, message);
    }
    problems.finish()?;
    let ended = end_every(&service, &administrator, End::All).await?;
    Ok(Json(EverySessionEnded {
        version: ended.version,
        sessions_ended: ended.sessions,
    }))
}
