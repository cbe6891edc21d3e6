//! Reads how far a version has come, once for all its streams, until none is left.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::progress::Progress;
use super::streams::{Shown, States};
use crate::administration::coverage::{self, WaitFor};
use crate::service::Service;
use crate::team_domain::page::failure::Failure;

/// The shortest pause between two states.
const PAUSE: Duration = Duration::from_millis(100);
/// How often the database is read for proxies that poll another replica.
const READ_EVERY: Duration = Duration::from_millis(500);

/// The states of a version, the present one first.
///
/// # Errors
/// When the database cannot be read.
pub async fn states(
    service: &Arc<Service>,
    version: u64,
) -> Result<watch::Receiver<Arc<Shown>>, Failure> {
    if let Some(shown) = service.streams.shown(version) {
        return Ok(shown);
    }
    let first = read(service, version).await?;
    Ok(match service.streams.begin(version, first) {
        Err(shown) => shown,
        Ok(states) => {
            let shown = states.subscribe();
            tokio::spawn(watch_version(Arc::clone(service), version, states));
            shown
        }
    })
}

async fn watch_version(service: Arc<Service>, version: u64, states: Arc<States>) {
    loop {
        let next = Instant::now() + READ_EVERY;
        let applied = service.proxies.applied();
        tokio::select! {
            () = applied => tokio::time::sleep(PAUSE).await,
            () = tokio::time::sleep_until(next) => {}
            () = service.stopped() => return,
        }
        if service.streams.end_if_left(version, &states) {
            return;
        }
        match read(&service, version).await {
            Ok(now) => {
                states.send_if_modified(|shown| {
                    let differs = **shown != now;
                    *shown = Arc::new(now);
                    differs
                });
            }
            // The streams end by themselves, and browsers come back.
            Err(error) => tracing::debug!(?error, "how far a version has come cannot be read"),
        }
    }
}

async fn read(service: &Service, version: u64) -> Result<Shown, Failure> {
    let view = coverage::of(service, version, WaitFor::All).await?;
    let progress = Progress::of(&view, service.now());
    let json = serde_json::to_string(&progress);
    Ok(Shown {
        json: json.map_err(|_| Failure::Broken("progress is no JSON"))?,
        is_complete: view.coverage.complete,
    })
}
