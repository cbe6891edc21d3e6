//! Which proxies follow the feed, and which version each has applied.
//!
//! A poll reports its proxy, what the proxy has applied, and what it does when its feed is stale.
//! Reports are collected here and written to the database in batches, because there may be thousands
//! of proxies. The database is authoritative: other replicas get other polls.

mod coverage;
mod known;
mod report;
mod standing;
mod state;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portcullis::time::UnixMillis;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::feed::notifier::Notifier;
use crate::storage::{Database, ProxyUpdate, StorageError};
use crate::system::clock::Clock;

use known::Known;

pub use coverage::{AppliedAt, Coverage, Covering};
pub use report::{Caller, Report, ReportError, StaleReport};
pub use standing::{Standing, standings};
pub use state::ProxyState;

/// How often new reports are written.
const WRITE_EVERY: Duration = Duration::from_millis(100);
/// The most proxies that one transaction writes. Revocations wait for the transaction.
const BATCH: usize = 500;
/// How long a proxy may pause between polls: its longest backoff is 5 s.
const PAUSE: Duration = Duration::from_secs(10);
/// How long a proxy is still listed after another one has replaced it.
const REPLACED_GRACE: Duration = Duration::from_secs(3600);
/// How much longer than its `wait` a poll may take.
const POLL_MARGIN: Duration = Duration::from_secs(15);

/// The proxies that poll here.
pub struct Proxies {
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
    applied: Notify,
    writing: tokio::sync::Mutex<()>,
}

/// A poll in progress. Dropped when it is answered, or when the proxy disconnects.
pub struct Polling<'a> {
    proxies: &'a Proxies,
    credential: String,
    instance: String,
    /// Whether the proxy was unknown here. It must be written to the database before it gets a page:
    /// if this process were killed, revocations would not wait for the proxy.
    pub is_new: bool,
    is_answered: bool,
}

impl Proxies {
    /// No proxies yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            known: Mutex::default(),
            applied: Notify::new(),
            writing: tokio::sync::Mutex::default(),
        }
    }

    /// Notes a poll that waits for up to `wait`.
    #[must_use]
    pub fn polls(&self, caller: Caller<'_>, report: &Report, wait: Duration) -> Polling<'_> {
        let now = self.clock.now();
        let mut known = self.known();
        let is_new = known.find(caller.credential, &report.instance).is_none();
        if let Some(entry) = known.entry(caller, report, now) {
            entry.note(caller, report, now);
            entry.polls += 1;
            // Another poll in progress may wait longer.
            let until = now + wait + POLL_MARGIN;
            entry.proxy.live_until = entry.proxy.live_until.max(until);
            if report.applied.is_some() {
                self.applied.notify_waiters();
            }
        }
        drop(known);
        Polling {
            proxies: self,
            credential: caller.credential.to_owned(),
            instance: report.instance.clone(),
            is_new,
            is_answered: false,
        }
    }

    /// The clock was set back: whatever was seen after `now` was seen now.
    pub fn begin_no_later(&self, now: UnixMillis) {
        self.known().begin_no_later(now);
    }

    /// Forgets the proxies with a name, of all filter credentials if none is given. If one polls again, it
    /// is new.
    pub fn forget(&self, instance: &str, credential: Option<&str>) {
        self.known().forget(instance, credential);
    }

    /// Waits until a proxy reports to this process what it has applied.
    pub fn applied(&self) -> Notified<'_> {
        self.applied.notified()
    }

    /// How many polls are in progress here.
    #[must_use]
    pub fn open_polls(&self) -> u64 {
        self.known().open_polls()
    }

    /// Credentials that recently had more proxies than are watched.
    #[must_use]
    pub fn crowded(&self) -> Vec<String> {
        self.known().crowded(self.clock.now())
    }

    /// Writes all new reports and commit times.
    ///
    /// # Errors
    /// When they were not written. Reports are kept for the next time.
    pub async fn write(&self, storage: &Database, notifier: &Notifier) -> Result<(), StorageError> {
        // One at a time: when this returns, everything that was new when it began is written.
        let _guard = self.writing.lock().await;
        let now = self.clock.now();
        let (polls, times) = (self.known().take(now), notifier.take_commits());
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

    /// Writes new reports again and again.
    pub async fn keep_writing(self: Arc<Self>, storage: Database, notifier: Arc<Notifier>) {
        let mut ticks = tokio::time::interval(WRITE_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.write(&storage, &notifier).await {
                tracing::warn!(error = ?error, "the reports of proxies cannot be written");
            }
        }
    }

    /// Notes which proxies share their nodes with other processes, and deletes those that were
    /// replaced long ago.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn tend(&self, storage: &Database) -> Result<(), StorageError> {
        let now = self.clock.now();
        let key = |one: &Standing| (one.proxy.credential.clone(), one.proxy.instance.clone());
        let standings = standings(storage.proxies().await?, now);
        let sharing: Vec<&Standing> = standings
            .iter()
            .filter(|one| one.shares_node && !one.proxy.shares_node)
            .collect();
        let replaced = standings.iter().filter(|one| {
            one.state == ProxyState::Replaced && one.proxy.last_seen + REPLACED_GRACE < now
        });
        let replaced: Vec<_> = replaced.map(key).collect();
        if !sharing.is_empty() {
            warn_of_shared_nodes(&sharing);
            let sharing: Vec<_> = sharing.into_iter().map(key).collect();
            storage.note_shared_nodes(&sharing).await?;
        }
        if !replaced.is_empty() {
            storage
                .delete_proxies(&replaced, now - REPLACED_GRACE)
                .await?;
        }
        Ok(())
    }

    fn note_crowded(&self, crowded: Vec<String>) {
        let now = self.clock.now();
        let mut known = self.known();
        for credential in crowded {
            known.note_crowded(credential, now);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Polling<'_> {
    /// Notes that the poll is answered. If it is dropped without, the proxy closed the connection.
    pub fn answered(&mut self) {
        self.is_answered = true;
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        let now = self.proxies.clock.now();
        let mut known = self.proxies.known();
        if let Some(entry) = known.find(&self.credential, &self.instance) {
            entry.is_new = true;
            entry.proxy.last_seen = now;
            entry.polls = entry.polls.saturating_sub(1);
            if entry.polls == 0 {
                entry.proxy.live_until = now + PAUSE;
                entry.proxy.hung_up = !self.is_answered;
            }
        }
    }
}

fn warn_of_shared_nodes(sharing: &[&Standing]) {
    let nodes: BTreeSet<(&str, &str)> = sharing
        .iter()
        .filter_map(|one| Some((&one.proxy.credential, one.proxy.process.as_ref()?)))
        .map(|(credential, process)| (credential.as_str(), process.node.as_str()))
        .collect();
    for (credential, node) in nodes {
        tracing::warn!(
            credential,
            node,
            "several Envoys with this node id poll at the same time; they are treated as separate \
             proxies. Give each Envoy a node id of its own (`--service-node`), unless one of them \
             is being replaced by a hot restart"
        );
    }
}

/// At least one batch, so that commit times are written even without reports.
struct Batches;

impl Batches {
    fn of(reports: &[ProxyUpdate]) -> impl Iterator<Item = &[ProxyUpdate]> {
        let first = reports.get(..BATCH).unwrap_or(reports);
        let rest = reports.get(BATCH..).unwrap_or_default();
        std::iter::once(first).chain(rest.chunks(BATCH))
    }
}
