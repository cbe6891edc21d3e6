//! Wakes the long polls of filters when the feed has a new version, and remembers when that was.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::storage::{Database, Step};
use crate::system::clock::Clock;

/// How often the database is asked for versions that another process committed. A tenth of what
/// a revocation may take until every worker acts by it.
const ASK_EVERY: Duration = Duration::from_millis(25);

/// Versions whose times wait to be written down; more than come between two writings.
const MOST_TIMES: usize = 10_000;

/// The newest version of the feed that this process knows of.
pub struct News {
    newest: watch::Sender<u64>,
    clock: Arc<dyn Clock>,
    times: Mutex<Vec<Step>>,
}

impl News {
    /// Begins at a version.
    #[must_use]
    pub fn new(version: u64, clock: Arc<dyn Clock>) -> Self {
        Self {
            newest: watch::Sender::new(version),
            clock,
            times: Mutex::default(),
        }
    }

    /// Tells of a version that this process has just committed.
    pub fn tell(&self, version: u64) {
        let at_ms = crate::system::clock::milliseconds(self.clock.as_ref());
        let mut times = self.times();
        if times.len() < MOST_TIMES {
            times.push(Step { version, at_ms });
        }
        drop(times);
        self.notice(version);
    }

    /// Tells of a version that was committed at some time, by whomever.
    pub fn notice(&self, version: u64) {
        self.newest.send_if_modified(|newest| {
            let newer = version > *newest;
            *newest = version.max(*newest);
            newer
        });
    }

    /// Waits for a version above `version`.
    pub async fn above(&self, version: u64) {
        let mut newest = self.newest.subscribe();
        // Cannot fail while `self` lives, for it holds the sender.
        let _ = newest.wait_for(|newest| *newest > version).await;
    }

    /// Goes on asking the database for versions that other processes committed.
    pub async fn follow(self: Arc<Self>, storage: Database) {
        let mut ticks = tokio::time::interval(ASK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut is_away = false;
        loop {
            ticks.tick().await;
            match storage.newest_version().await {
                Ok(version) => {
                    is_away = false;
                    self.notice(version);
                }
                // Said once: it may be away for hours.
                Err(error) if !is_away => {
                    is_away = true;
                    tracing::warn!(error = ?error, "the feed's version cannot be read");
                }
                Err(_) => {}
            }
        }
    }

    /// When versions were committed that were told since this was last asked.
    #[must_use]
    pub fn take_times(&self) -> Vec<Step> {
        std::mem::take(&mut *self.times())
    }

    fn times(&self) -> MutexGuard<'_, Vec<Step>> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
