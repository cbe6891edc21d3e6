//! Which proxies have applied a version of the feed, and waiting for them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::feed::proxies::{AppliedAt, Coverage, Covering};
use crate::service::Service;
use crate::storage::{HistoryPage, PastRevocation, ProxyStep, StorageError};

/// How often the database is read for proxies that poll another replica.
const READ_EVERY: Duration = Duration::from_millis(100);
/// The pause between two reads: thousands of proxies may reach a version at the same moment.
const READ_PAUSE: Duration = Duration::from_millis(5);

/// The most steps of proxies that are read at once.
const MOST_STEPS: u32 = 20_000;

/// Which proxies are waited for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitFor {
    /// All that may admit users.
    #[default]
    All,
    /// Those that poll.
    Live,
}

/// Which proxies have applied a version.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = RevocationCoverage)]
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

/// Which proxies have applied a version now.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn of(
    service: &Service,
    version: u64,
    waited_for: WaitFor,
) -> Result<CoverageView, StorageError> {
    let storage = &service.storage;
    service.proxies.write(storage, &service.notifier).await?;
    let committed_ms = storage.committed_at(version).await?;
    // Without the beginning, the steps say nothing.
    let steps = match committed_ms {
        None => Vec::new(),
        Some(_) => match storage.steps_from(version, MOST_STEPS).await? {
            Some(steps) => steps,
            None => storage.first_steps(version).await?,
        },
    };
    let covering = read(service, steps).await?;
    let mut coverage = covering.of(version, committed_ms);
    let unwatched = service.proxies.crowded();
    coverage.complete &= unwatched.is_empty();
    coverage.live_complete &= unwatched.is_empty();
    Ok(CoverageView {
        coverage,
        waited_for,
        unwatched,
        items: covering.each(version, committed_ms),
        presumed_ended: covering.presumed_ended(version, committed_ms),
    })
}

/// The same, when the proxies that are waited for have applied it, or `limit` has passed.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn wait(
    service: &Service,
    version: u64,
    wait_for: WaitFor,
    limit: Duration,
) -> Result<CoverageView, StorageError> {
    let end = Instant::now() + limit;
    loop {
        let applied = service.proxies.applied();
        let view = of(service, version, wait_for).await?;
        let is_over = Instant::now() >= end || *service.stopping.borrow();
        if view.is_done() || is_over {
            return Ok(view);
        }
        let next = (Instant::now() + READ_EVERY).min(end);
        tokio::select! {
            () = applied => tokio::time::sleep(READ_PAUSE).await,
            () = tokio::time::sleep_until(next) => {}
        }
    }
}

/// The newest revocations in force, with what tells how far each has come. How long each took is known
/// only if few proxies have taken few steps since the oldest of them.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn history(
    service: &Service,
    page: HistoryPage,
) -> Result<(Vec<PastRevocation>, Covering), StorageError> {
    let storage = &service.storage;
    // Commit times are written with it, so that the newest revocations have theirs.
    service.proxies.write(storage, &service.notifier).await?;
    let revocations = storage.revocations(page).await?;
    let oldest = revocations
        .last()
        .map_or(u64::MAX, |last| last.revocation.version);
    let steps = storage.steps_from(oldest, MOST_STEPS).await?;
    let covering = read(service, steps.unwrap_or_default()).await?;
    Ok((revocations, covering))
}

/// What tells how far each version has come, but not how long each took.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn without_times(service: &Service) -> Result<Covering, StorageError> {
    let storage = &service.storage;
    service.proxies.write(storage, &service.notifier).await?;
    read(service, Vec::new()).await
}

/// All proxies, with steps that they took.
async fn read(service: &Service, steps: Vec<ProxyStep>) -> Result<Covering, StorageError> {
    let proxies = service.storage.proxies().await?;
    Ok(Covering::new(proxies, steps, service.clock.now()))
}
