//! The checks of sessions with their providers that run.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many sessions are checked at once, of all providers.
const MOST: u32 = 32;

/// Counts the checks that run, so that each is carried through when the service stops.
pub struct RunningChecks(Arc<Semaphore>);

impl Default for RunningChecks {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST as usize)))
    }
}

impl RunningChecks {
    /// Waits until one more may run. It runs until what is returned is dropped.
    pub async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        Arc::clone(&self.0).acquire_owned().await.ok()
    }

    /// Waits until none runs.
    pub async fn finished(&self) {
        let _ = self.0.acquire_many(MOST).await;
    }
}
