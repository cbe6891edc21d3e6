//! Who watches a version of the feed come to the proxies. One task reads for all streams of a version, and
//! streams are few: each holds a connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::progress::Progress;
use crate::administration::coverage::{self, WaitFor};
use crate::service::Service;
use crate::storage::StorageError;

/// The most streams of a process.
const MOST_STREAMS: usize = 64;
/// The most streams of one session.
const MOST_OF_A_SESSION: usize = 4;
/// The shortest pause between two states.
const PAUSE: Duration = Duration::from_millis(100);
/// How often the database is read for proxies that poll another replica.
const READ_EVERY: Duration = Duration::from_millis(500);

/// The watched versions, and the streams that show them.
#[derive(Default)]
pub struct Watchers {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    streams: usize,
    of_sessions: HashMap<String, usize>,
    versions: HashMap<u64, Weak<States>>,
}

type States = watch::Sender<Arc<Progress>>;

/// A stream's place; it is given back when the stream ends.
pub struct Place {
    inner: Arc<Mutex<Inner>>,
    session_id: String,
}

impl Watchers {
    /// A place for a stream of a session; `None` if there are too many.
    pub fn place(&self, session_id: &str) -> Option<Place> {
        let mut inner = locked(&self.inner);
        let of_session = inner.of_sessions.get(session_id).copied();
        let of_session = of_session.unwrap_or_default();
        if inner.streams >= MOST_STREAMS || of_session >= MOST_OF_A_SESSION {
            return None;
        }
        inner.streams += 1;
        let session_id = session_id.to_owned();
        inner.of_sessions.insert(session_id.clone(), of_session + 1);
        Some(Place {
            inner: Arc::clone(&self.inner),
            session_id,
        })
    }

    /// The states of a version, the present one first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn states(
        &self,
        service: &Arc<Service>,
        version: u64,
    ) -> Result<watch::Receiver<Arc<Progress>>, StorageError> {
        if let Some(states) = self.watched(version) {
            return Ok(states);
        }
        let first = Arc::new(read(service, version).await?);
        let mut inner = locked(&self.inner);
        // Another stream may have begun meanwhile.
        if let Some(states) = subscribed(&inner, version) {
            return Ok(states);
        }
        let states = Arc::new(States::new(first));
        let receiver = states.subscribe();
        inner.versions.insert(version, Arc::downgrade(&states));
        drop(inner);
        let watcher = Watcher {
            inner: Arc::clone(&self.inner),
            version,
            states,
        };
        tokio::spawn(watcher.run(Arc::clone(service)));
        Ok(receiver)
    }

    fn watched(&self, version: u64) -> Option<watch::Receiver<Arc<Progress>>> {
        subscribed(&locked(&self.inner), version)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inner = locked(&self.inner);
        inner.streams = inner.streams.saturating_sub(1);
        if let Some(count) = inner.of_sessions.get_mut(&self.session_id) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                inner.of_sessions.remove(&self.session_id);
            }
        }
    }
}

/// Reads for all streams of a version, until none is left.
struct Watcher {
    inner: Arc<Mutex<Inner>>,
    version: u64,
    states: Arc<States>,
}

impl Watcher {
    async fn run(self, service: Arc<Service>) {
        loop {
            let next = Instant::now() + READ_EVERY;
            let applied = service.proxies.applied();
            tokio::select! {
                () = applied => tokio::time::sleep(PAUSE).await,
                () = tokio::time::sleep_until(next) => {}
                () = service.stopped() => return,
            }
            if self.is_left() {
                return;
            }
            match read(&service, self.version).await {
                Ok(now) => {
                    self.states.send_if_modified(|shown| {
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

    /// Whether no stream is left. Then the next one begins with another watcher.
    fn is_left(&self) -> bool {
        let mut inner = locked(&self.inner);
        let is_left = self.states.receiver_count() == 0;
        if is_left {
            inner.versions.remove(&self.version);
        }
        is_left
    }
}

async fn read(service: &Service, version: u64) -> Result<Progress, StorageError> {
    let view = coverage::of(service, version, WaitFor::All).await?;
    Ok(Progress::of(&view, service.now()))
}

fn subscribed(inner: &Inner, version: u64) -> Option<watch::Receiver<Arc<Progress>>> {
    let states = inner.versions.get(&version)?.upgrade()?;
    Some(states.subscribe())
}

fn locked(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}
