//! Revocations, which proxies have applied them, and how long it took: `GET /revocations`,
//! `POST /revocations/show`, `POST /revocations/wait`, on the control socket.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use portcullis::protocol::feed::Scope;
use portcullis::time::{UnixMillis, UnixSeconds};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::command_error::CommandError;
use super::input::Input;
use super::list::Items;
use crate::feed::proxies::{AppliedAt, Coverage, Covering};
use crate::service::Service;
use crate::storage::{HistoryPage, PastRevocation, StorageError};

/// How often the database is read for proxies that poll another replica.
const READ_EVERY: Duration = Duration::from_millis(100);
/// The pause between two reads: thousands of proxies may reach a version at the same moment.
const READ_PAUSE: Duration = Duration::from_millis(5);
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
#[derive(Debug, Serialize, Deserialize)]
pub struct RevocationView {
    /// Its tokens below this version are refused.
    pub version: u64,
    /// Its scope.
    pub scope: Scope,
    /// The `sub`, audience or `sid` of what is revoked.
    pub subject: String,
    /// The e-mail address or name of the subject, if it still exists.
    pub name: Option<String>,
    /// Whether it demands a new sign-in.
    pub fresh: bool,
    /// When it was committed; unknown for old ones.
    pub revoked_at: Option<UnixSeconds>,
    /// When the last token that it refuses has expired.
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

/// Which proxies are waited for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitFor {
    /// All that may admit users.
    #[default]
    All,
    /// Those that poll.
    Live,
}

/// Which proxies have applied a version.
#[derive(Debug, Serialize, Deserialize)]
pub struct CoverageView {
    /// The figures.
    #[serde(flatten)]
    pub coverage: Coverage,
    /// Which proxies were waited for.
    pub waited_for: WaitFor,
    /// Filter credentials with more proxies than are watched; what the others have applied is
    /// unknown.
    pub unwatched: Vec<String>,
    /// Each proxy.
    pub items: Vec<AppliedAt>,
    /// Proxies that were not waited for, since another process of their node took their place. If one
    /// still runs, it admits users without this version until it denies every request.
    pub presumed_ended: Vec<AppliedAt>,
}

impl CoverageView {
    /// Whether all proxies that were waited for have applied it.
    #[must_use]
    pub fn is_done(&self) -> bool {
        match self.waited_for {
            WaitFor::All => self.coverage.complete,
            WaitFor::Live => self.coverage.live_complete,
        }
    }
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
    // Commit times are written with it, so that the newest revocations have theirs.
    let storage = &service.storage;
    service.proxies.write(storage, &service.notifier).await?;
    let revocations = storage.revocations(page).await?;
    let oldest = revocations
        .last()
        .map_or(u64::MAX, |last| last.revocation.version);
    let covering = read_coverage(&service, oldest).await?;
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
    Ok(Json(covered(&service, &query).await?))
}

/// The same, when the proxies that are waited for have applied it or the given time has passed.
pub async fn wait(
    State(service): State<Arc<Service>>,
    Input(query): Input<VersionQuery>,
) -> Result<Json<CoverageView>, CommandError> {
    let limit = Duration::from_millis(query.timeout_ms.min(LONGEST_WAIT_MS));
    let end = Instant::now() + limit;
    loop {
        let applied = service.proxies.applied();
        let view = covered(&service, &query).await?;
        let is_over = Instant::now() >= end || *service.stopping.borrow();
        if view.is_done() || is_over {
            return Ok(Json(view));
        }
        let next = (Instant::now() + READ_EVERY).min(end);
        tokio::select! {
            () = applied => tokio::time::sleep(READ_PAUSE).await,
            () = tokio::time::sleep_until(next) => {}
        }
    }
}

async fn covered(service: &Service, query: &VersionQuery) -> Result<CoverageView, StorageError> {
    let version = query.version;
    let covering = read_coverage(service, version).await?;
    let committed_ms = service.storage.committed_at(version).await?;
    let mut coverage = covering.of(version, committed_ms);
    let unwatched = service.proxies.crowded();
    coverage.complete &= unwatched.is_empty();
    coverage.live_complete &= unwatched.is_empty();
    Ok(CoverageView {
        coverage,
        waited_for: query.wait_for,
        unwatched,
        items: covering.each(version, committed_ms),
        presumed_ended: covering.presumed_ended(version, committed_ms),
    })
}

/// All proxies, with the times at which they reached versions from `version` on.
async fn read_coverage(service: &Service, version: u64) -> Result<Covering, StorageError> {
    let storage = &service.storage;
    service.proxies.write(storage, &service.notifier).await?;
    let proxies = storage.proxies().await?;
    let steps = storage.steps_from(version).await?;
    let now = service.clock.now();
    Ok(Covering::new(proxies, steps, now))
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
