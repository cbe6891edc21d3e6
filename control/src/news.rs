//! Wakes the long polls of filters when the feed has a new version.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::storage::Storage;

/// How often the database is asked for versions that another process committed.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// The newest version of the feed that this process knows of.
#[derive(Debug)]
pub struct News {
    newest: watch::Sender<u64>,
}

impl News {
    /// Begins at a version.
    #[must_use]
    pub fn new(version: u64) -> Self {
        Self {
            newest: watch::Sender::new(version),
        }
    }

    /// Tells of a version that was committed.
    pub fn tell(&self, version: u64) {
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
    pub async fn follow(self: Arc<Self>, storage: Arc<dyn Storage>) {
        let mut ticks = tokio::time::interval(ASK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match storage.position().await {
                Ok(position) => self.tell(position.version),
                Err(error) => tracing::warn!(error = ?error, "the feed's version cannot be read"),
            }
        }
    }
}
