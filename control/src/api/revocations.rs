//! Revocations, which proxies have applied them, and how long it took: on the control socket
//! `GET /revocations`, `POST /revocations/show`, `POST /revocations/wait`.

pub mod calls;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use portcullis::protocol::feed::Scope;
use portcullis::time::{UnixMillis, UnixSeconds};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::command_error::CommandError;
use super::input::Input;
use super::list::Items;
use crate::administration::coverage::{self, CoverageView, WaitFor};
use crate::feed::proxies::Covering;
use crate::service::Service;
use crate::storage::{HistoryPage, PastRevocation};

const LONGEST_WAIT_MS: u64 = 600_000;
const DEFAULT_LIMIT: u32 = 50;
const HIGHEST_LIMIT: u32 = 1_000;

/// Which revocations to list.
#[derive(Debug, Default, Deserialize)]
pub struct RevocationQuery {
    limit: Option<u32>,
    below: Option<u64>,
}

/// A revocation, in a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Revocation)]
pub struct RevocationView {
    /// Its tokens below this version are refused.
    pub version: u64,
    /// What it revokes.
    #[schema(value_type = String)]
    pub scope: Scope,
    /// The `sub`, audience or `sid` of what is revoked.
    pub subject: String,
    /// The e-mail address or name of the subject, if it still exists.
    pub name: Option<String>,
    /// Whether it demands a new sign-in.
    pub fresh: bool,
    /// When it was committed; unknown for old ones.
    #[schema(value_type = Option<u64>, format = "unixtime")]
    pub revoked_at: Option<UnixSeconds>,
    /// When the last token that it refuses has expired.
    #[schema(value_type = u64, format = "unixtime")]
    pub until: UnixSeconds,
    /// How many proxies have applied it.
    pub applied: u64,
    /// How many proxies there are.
    pub proxies: u64,
    /// How long the slowest of them took, in milliseconds, if known.
    pub slowest_ms: Option<u64>,
}

/// A version of the feed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionQuery {
    version: u64,
    #[serde(default)]
    timeout_ms: u64,
    #[serde(default)]
    wait_for: WaitFor,
}

/// Lists the newest revocations.
pub async fn list(
    State(service): State<Arc<Service>>,
    Query(query): Query<RevocationQuery>,
) -> Result<Json<Items<RevocationView>>, CommandError> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, HIGHEST_LIMIT);
    let page = HistoryPage {
        below: query.below,
        limit,
    };
    let (revocations, covering) = coverage::history(&service, page).await?;
    let view = |one| view(one, &covering);
    Ok(Json(Items {
        items: revocations.into_iter().map(view).collect(),
    }))
}

/// Shows which proxies have applied a version.
pub async fn show(
    State(service): State<Arc<Service>>,
    Input(query): Input<VersionQuery>,
) -> Result<Json<CoverageView>, CommandError> {
    let newest = service.storage.newest_version().await?;
    if query.version > newest {
        return Err(CommandError::Unknown {
            path: "version",
            value: query.version.to_string(),
            message: "the feed has not reached this version; `revocation list` shows the newest",
        });
    }
    Ok(Json(
        coverage::of(&service, query.version, query.wait_for).await?,
    ))
}

/// The same, when the proxies that are waited for have applied it or the given time has passed.
pub async fn wait(
    State(service): State<Arc<Service>>,
    Input(query): Input<VersionQuery>,
) -> Result<Json<CoverageView>, CommandError> {
    let limit = Duration::from_millis(query.timeout_ms.min(LONGEST_WAIT_MS));
    let view = coverage::wait(&service, query.version, query.wait_for, limit).await?;
    Ok(Json(view))
}

fn view(one: PastRevocation, covering: &Covering) -> RevocationView {
    let revocation = one.revocation;
    let coverage = covering.of(revocation.version, one.revoked_at);
    let (subject, _) = revocation.subject.ids();
    RevocationView {
        version: revocation.version,
        scope: revocation.subject.scope(),
        subject: subject.clone(),
        name: one.name,
        fresh: revocation.fresh,
        revoked_at: one.revoked_at.map(UnixMillis::to_seconds),
        until: revocation.until,
        applied: coverage.applied,
        proxies: coverage.proxies,
        slowest_ms: coverage.slowest_ms,
    }
}
