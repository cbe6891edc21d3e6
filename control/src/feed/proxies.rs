//! Which proxies follow the feed, and how far each has come.
//!
//! A poll says which proxy makes it, what the proxy has applied, and what it does when it hears
//! nothing for long. That is kept here for a moment and written down in batches, since there may
//! be thousands of proxies. The database is what counts: other replicas hear of other polls.

mod coverage;
mod known;
mod report;
mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::feed::notifier::Notifier;
use crate::storage::{Database, ProxyNews, StorageError};
use crate::system::clock::{Clock, milliseconds};

use known::Known;

pub use coverage::{AppliedAt, Coverage, Covering};
pub use report::{Caller, Report, ReportError, StaleReport};
pub use state::{ProxyState, state_of};

/// How often what is new is written down.
const WRITE_EVERY: Duration = Duration::from_millis(100);
/// Proxies that one transaction writes down: whoever wants to revoke somebody waits for it.
const BATCH: usize = 500;
/// How long a proxy may be silent between polls: its longest pause after a failure is 5 s.
const PAUSE_MS: u64 = 10_000;
/// How much longer than it asked for a poll may take.
const POLL_MARGIN_MS: u64 = 15_000;

/// The proxies that poll here.
pub struct Proxies {
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
    rose: Notify,
    writing: tokio::sync::Mutex<()>,
}

/// A poll under way. Dropped when it is answered, or when the proxy is gone.
pub struct Polling<'a> {
    proxies: &'a Proxies,
    credential: String,
    instance: String,
    /// Whether nobody had heard of the proxy here. It must be written down before it is given
    /// anything: were this process killed, nobody would know that it has to be waited for.
    pub is_unheard_of: bool,
}

impl Proxies {
    /// Knows nobody yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            known: Mutex::default(),
            rose: Notify::new(),
            writing: tokio::sync::Mutex::default(),
        }
    }

    /// A proxy polls, and would wait for so many seconds.
    #[must_use]
    pub fn polls(&self, caller: Caller<'_>, report: &Report, wait: u64) -> Polling<'_> {
        let now_ms = milliseconds(self.clock.as_ref());
        let mut known = self.known();
        let is_unheard_of = known.find(caller.credential, &report.instance).is_none();
        if let Some(entry) = known.entry(caller, report, now_ms) {
            entry.heard(caller, report, now_ms);
            entry.under_way += 1;
            // Another poll under way may wait longer.
            let until_ms = now_ms + wait * 1_000 + POLL_MARGIN_MS;
            entry.proxy.live_until_ms = entry.proxy.live_until_ms.max(until_ms);
            if report.applied.is_some() {
                self.rose.notify_waiters();
            }
        }
        drop(known);
        Polling {
            proxies: self,
            credential: caller.credential.to_owned(),
            instance: report.instance.clone(),
            is_unheard_of,
        }
    }

    /// No longer remembers proxies of a name. One that polls is new.
    pub fn forget(&self, instance: &str) {
        self.known().forget(instance);
    }

    /// Waits, from now on, until a proxy here says what it has applied.
    pub fn rose(&self) -> Notified<'_> {
        self.rose.notified()
    }

    /// Credentials that lately brought more proxies than are watched.
    #[must_use]
    pub fn crowded(&self) -> Vec<String> {
        self.known().crowded(milliseconds(self.clock.as_ref()))
    }

    /// Writes down all that is new.
    ///
    /// # Errors
    /// It is kept for the next time.
    pub async fn write(&self, storage: &Database, notifier: &Notifier) -> Result<(), StorageError> {
        // One after the other: when this returns, what was new at its beginning is written.
        let _turn = self.writing.lock().await;
        let now_ms = milliseconds(self.clock.as_ref());
        let (polls, times) = (self.known().take(now_ms), notifier.take_commits());
        if polls.is_empty() && times.is_empty() {
            return Ok(());
        }
        let mut times = times.as_slice();
        for batch in Batches::of(&polls) {
            match storage.record_proxies(batch, times).await {
                Ok(crowded) => self.note_crowded(crowded),
                Err(error) => {
                    self.known().put_back(&polls);
                    return Err(error);
                }
            }
            times = &[];
        }
        Ok(())
    }

    /// Goes on writing down what is new.
    pub async fn keep_writing(self: Arc<Self>, storage: Database, notifier: Arc<Notifier>) {
        let mut ticks = tokio::time::interval(WRITE_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.write(&storage, &notifier).await {
                tracing::warn!(error = ?error, "what proxies have applied cannot be written down");
            }
        }
    }

    fn note_crowded(&self, crowded: Vec<String>) {
        let now_ms = milliseconds(self.clock.as_ref());
        let mut known = self.known();
        for credential in crowded {
            known.note_crowded(credential, now_ms);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        let now_ms = milliseconds(self.proxies.clock.as_ref());
        let mut known = self.proxies.known();
        if let Some(entry) = known.find(&self.credential, &self.instance) {
            entry.is_new = true;
            entry.proxy.last_seen_ms = now_ms;
            entry.under_way = entry.under_way.saturating_sub(1);
            if entry.under_way == 0 {
                entry.proxy.live_until_ms = now_ms + PAUSE_MS;
            }
        }
    }
}

/// At least one, so that times are written down without any report.
struct Batches;

impl Batches {
    fn of(reports: &[ProxyNews]) -> impl Iterator<Item = &[ProxyNews]> {
        let first = reports.get(..BATCH).unwrap_or(reports);
        let rest = reports.get(BATCH..).unwrap_or_default();
        std::iter::once(first).chain(rest.chunks(BATCH))
    }
}
