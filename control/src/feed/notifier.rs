//! Wakes the long polls of filters when the feed has a new version, and remembers when this
//! process committed which version.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::storage::{Database, Step, StorageError};
use crate::system::clock::Clock;

/// How often the database is read for versions that another process committed. A tenth of the
/// time that a revocation may take until every worker acts on it.
const READ_EVERY: Duration = Duration::from_millis(25);

/// The most commit times kept until they are written; more than come between two writes.
const MAX_COMMITS: usize = 10_000;

/// Knows the newest version of the feed and wakes those who wait for a newer one.
pub struct Notifier {
    newest: watch::Sender<u64>,
    clock: Arc<dyn Clock>,
    commits: Mutex<Vec<Step>>,
}

impl Notifier {
    /// A notifier that begins at a version.
    #[must_use]
    pub fn new(version: u64, clock: Arc<dyn Clock>) -> Self {
        Self {
            newest: watch::Sender::new(version),
            clock,
            commits: Mutex::default(),
        }
    }

    /// Notifies of a version that this process has just committed.
    pub fn committed(&self, version: u64) {
        let at = self.clock.now();
        let mut commits = self.commits();
        if commits.len() < MAX_COMMITS {
            commits.push(Step { version, at });
        }
        drop(commits);
        self.observed(version);
    }

    /// Notifies of a version that any process committed at an unknown time.
    pub fn observed(&self, version: u64) {
        self.newest.send_if_modified(|newest| {
            let newer = version > *newest;
            *newest = version.max(*newest);
            newer
        });
    }

    /// The newest version that this process knows.
    #[must_use]
    pub fn newest(&self) -> u64 {
        *self.newest.borrow()
    }

    /// Waits for a version above `version`.
    pub async fn wait_above(&self, version: u64) {
        let mut newest = self.newest.subscribe();
        // Cannot fail: `self` holds the sender.
        let _ = newest.wait_for(|newest| *newest > version).await;
    }

    /// Reads the database again and again for versions that other processes committed.
    pub async fn follow(self: Arc<Self>, storage: Database) {
        let mut ticks = tokio::time::interval(READ_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            ticks.tick().await;
            match storage.follow_version().await {
                Ok(version) => {
                    failing = false;
                    self.observed(version);
                }
                // It was logged, and the service stops.
                Err(StorageError::WentBack) => return,
                // Logged once for each outage, which may last for hours.
                Err(error) if !failing => {
                    failing = true;
                    tracing::warn!(?error, "the feed's version cannot be read");
                }
                Err(_) => {}
            }
        }
    }

    /// The commit times since the last call.
    #[must_use]
    pub fn take_commits(&self) -> Vec<Step> {
        std::mem::take(&mut *self.commits())
    }

    fn commits(&self) -> MutexGuard<'_, Vec<Step>> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
