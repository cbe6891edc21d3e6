//! Notices that the clock was set back, so that no wait becomes longer than it is configured.

use std::sync::Arc;
use std::time::Duration;

use portcullis::time::UnixSeconds;

use crate::service::Service;
use crate::storage::{LongestLeft, StorageError};
use crate::tokens::exchange_codes;

const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Corrections that are smaller change nothing that matters.
const SMALLEST_STEP: Duration = Duration::from_secs(1);
/// By how much the clocks of several services on one database may differ.
const AGREEMENT: Duration = Duration::from_secs(5);

/// At the start: the clock may have been set back since the service last ran.
pub(super) async fn check(service: &Service) -> Result<(), StorageError> {
    begin_no_later(service, service.now(), AGREEMENT).await
}

/// Looks at the clock again and again.
pub(super) async fn keep(service: Arc<Service>) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    let mut latest = service.clock.now();
    loop {
        ticks.tick().await;
        let now = service.clock.now();
        let back = latest.duration_since(now);
        if back < SMALLEST_STEP {
            latest = latest.max(now);
            continue;
        }
        service.proxies.begin_no_later(now);
        match begin_no_later(&service, now.to_seconds(), Duration::ZERO).await {
            Ok(()) => {
                tracing::warn!(
                    seconds = back.as_secs(),
                    "the clock was set back: blocks, codes, sessions and waits keep their durations"
                );
                latest = now;
            }
            // Tried again with the next look.
            Err(error) => tracing::warn!(?error, "the clock was set back, and waits are too long"),
        }
    }
}

async fn begin_no_later(
    service: &Service,
    now: UnixSeconds,
    tolerance: Duration,
) -> Result<(), StorageError> {
    let longest = LongestLeft {
        login_block: service.config.sessions.login_block_after_revoke,
        exchange_code: exchange_codes::LIFE,
    };
    service
        .storage
        .begin_no_later(now, tolerance, longest)
        .await
}
