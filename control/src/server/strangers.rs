//! Stores how often strangers failed, once a second.

use std::sync::Arc;
use std::time::Duration;

use crate::service::Service;

const STORE_EVERY: Duration = Duration::from_secs(1);

/// Goes on for as long as the service runs.
pub(super) async fn keep(service: Arc<Service>) {
    let mut ticks = tokio::time::interval(STORE_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        ticks.tick().await;
        let stored = service.store_counts().await;
        if let Err(error) = &stored
            && !failing
        {
            tracing::warn!(?error, "counts of the audit log are not stored");
        }
        failing = stored.is_err();
    }
}
