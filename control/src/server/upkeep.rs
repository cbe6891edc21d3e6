//! Deletes what has ended, every minute.

use std::sync::Arc;
use std::time::Duration;

use portcullis::time::settled::Settled;

use crate::service::Service;

const DELETE_EXPIRED_EVERY: Duration = Duration::from_secs(60);

/// Goes on for as long as the service runs.
pub(super) async fn keep(service: Arc<Service>) {
    let mut ticks = tokio::time::interval(DELETE_EXPIRED_EVERY);
    let mut ended = Settled::default();
    loop {
        ticks.tick().await;
        let now = service.now();
        // Ticks do not go by the clock that says what has ended.
        let settled = ended.look(now, DELETE_EXPIRED_EVERY);
        if let Err(error) = service.proxies.tend(&service.storage).await {
            tracing::warn!(error = ?error, "the proxies could not be compared");
        }
        if let Err(error) = service.storage.tidy(now, settled).await {
            tracing::warn!(error = ?error, "expired rows could not be deleted");
        }
        // What a clock shows for a moment must not delete the log.
        if let Some(retention) = service.config.audit.retention
            && let Err(error) = service.storage.forget_events(settled - retention).await
        {
            tracing::warn!(?error, "old events of the audit log could not be deleted");
        }
    }
}
