//! `GET /revocations`, `POST /revocations/show`, `POST /revocations/wait`: which proxies have
//! applied a revocation, and how long it took.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::input::Input;
use super::{Items, SocketError};
use crate::feed::proxies::{AppliedAt, Coverage, Covering};
use crate::service::Service;
use crate::storage::{HistoryPage, PastRevocation, StorageError};
use crate::system::clock::milliseconds;

/// How often proxies are looked at that poll another replica.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Between two looks: thousands of proxies may come to a version within a moment.
const LOOK_PAUSE: Duration = Duration::from_millis(5);
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
    /// Tokens below this version are refused.
    pub version: u64,
    /// `user`, `application`, `user_application` or `session`.
    pub scope: String,
    /// Whose: `sub`, audience or `sid`.
    pub subject: String,
    /// The e-mail address or name, of a user or application that is still there.
    pub name: Option<String>,
    /// Whether a sign-in after it is demanded.
    pub fresh: bool,
    /// When it was committed, seconds since 1970; not known for old ones.
    pub revoked_at: Option<u64>,
    /// When no token that it could refuse is alive any more, seconds since 1970.
    pub until: u64,
    /// How many proxies have applied it.
    pub applied: u64,
    /// Of how many.
    pub proxies: u64,
    /// How long the slowest of them took, in milliseconds, if that is known.
    pub slowest_ms: Option<u64>,
}

/// A version of the feed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionQuery {
    version: u64,
    #[serde(default)]
    timeout_ms: u64,
}

/// How far a version has come, proxy by proxy.
#[derive(Debug, Serialize, Deserialize)]
pub struct CoverageView {
    /// The figures.
    #[serde(flatten)]
    pub coverage: Coverage,
    /// Filter credentials that bring more proxies than are watched: what those have applied
    /// nobody knows.
    pub unwatched: Vec<String>,
    /// Each proxy.
    pub items: Vec<AppliedAt>,
}

/// The newest revocations.
pub async fn list(
    State(service): State<Arc<Service>>,
    Query(query): Query<RevocationQuery>,
) -> Result<Json<Items<RevocationView>>, SocketError> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, HIGHEST_LIMIT);
    let page = HistoryPage {
        below: query.below,
        limit,
    };
    // First, so that the newest have their times.
    let storage = &service.storage;
    service.proxies.write(storage, &service.news).await?;
    let revocations = storage.revocations(page).await?;
    let oldest = revocations.last().map_or(u64::MAX, |last| last.version);
    let covering = look(&service, oldest).await?;
    let view = |one| view(one, &covering);
    Ok(Json(Items {
        items: revocations.into_iter().map(view).collect(),
    }))
}

/// How far a version has come by now.
pub async fn show(
    State(service): State<Arc<Service>>,
    Input(query): Input<VersionQuery>,
) -> Result<Json<CoverageView>, SocketError> {
    let newest = service.storage.newest_version().await?;
    if query.version > newest {
        return Err(SocketError::Unknown {
            path: "version",
            value: query.version.to_string(),
            message: "the feed has not come to this version; `revocation list` shows the newest",
        });
    }
    Ok(Json(covered(&service, query.version).await?))
}

/// The same, as soon as every proxy has applied it, or after the given time.
pub async fn wait(
    State(service): State<Arc<Service>>,
    Input(query): Input<VersionQuery>,
) -> Result<Json<CoverageView>, SocketError> {
    let limit = Duration::from_millis(query.timeout_ms.min(LONGEST_WAIT_MS));
    let end = Instant::now() + limit;
    loop {
        let rose = service.proxies.rose();
        let view = covered(&service, query.version).await?;
        let is_over = Instant::now() >= end || *service.stopping.borrow();
        if view.coverage.complete || is_over {
            return Ok(Json(view));
        }
        let next = (Instant::now() + LOOK_EVERY).min(end);
        tokio::select! {
            () = rose => tokio::time::sleep(LOOK_PAUSE).await,
            () = tokio::time::sleep_until(next) => {}
        }
    }
}

async fn covered(service: &Service, version: u64) -> Result<CoverageView, StorageError> {
    let covering = look(service, version).await?;
    let committed_ms = service.storage.committed_at_ms(version).await?;
    let mut coverage = covering.of(version, committed_ms);
    let unwatched = service.proxies.crowded();
    coverage.complete &= unwatched.is_empty();
    Ok(CoverageView {
        coverage,
        unwatched,
        items: covering.each(version, committed_ms),
    })
}

/// All proxies, with what they came to from a version on.
async fn look(service: &Service, version: u64) -> Result<Covering, StorageError> {
    let storage = &service.storage;
    service.proxies.write(storage, &service.news).await?;
    let proxies = storage.proxies().await?;
    let steps = storage.steps_from(version).await?;
    let now_ms = milliseconds(service.clock.as_ref());
    Ok(Covering::new(proxies, steps, now_ms))
}

fn view(one: PastRevocation, covering: &Covering) -> RevocationView {
    let coverage = covering.of(one.version, one.revoked_at_ms);
    RevocationView {
        version: one.version,
        scope: one.scope,
        subject: one.subject,
        name: one.name,
        fresh: one.fresh,
        revoked_at: one.revoked_at_ms.map(|at_ms| at_ms / 1_000),
        until: one.until,
        applied: coverage.applied,
        proxies: coverage.proxies,
        slowest_ms: coverage.slowest_ms,
    }
}
