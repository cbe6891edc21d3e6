//! The streams that show versions of the feed on their way, and what is shown. They are few: each holds a
//! connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::watch;

/// The most streams of a process.
const MOST_STREAMS: usize = 64;
/// The most streams of one session.
const MOST_OF_A_SESSION: usize = 4;

/// How far a version has come.
#[derive(Debug, PartialEq, Eq)]
pub struct Shown {
    /// As JSON.
    pub json: String,
    /// Whether nothing is waited for any more.
    pub is_complete: bool,
}

/// What the streams of a version show.
pub type States = watch::Sender<Arc<Shown>>;

/// The streams, and the versions that they show.
#[derive(Default)]
pub struct Streams {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    streams: usize,
    of_sessions: HashMap<String, usize>,
    versions: HashMap<u64, Weak<States>>,
}

/// A stream's place; it is given back when the stream ends.
pub struct Place {
    inner: Arc<Mutex<Inner>>,
    session_id: String,
}

impl Streams {
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

    /// The states of a version that is read for other streams already, the present one first.
    pub fn shown(&self, version: u64) -> Option<watch::Receiver<Arc<Shown>>> {
        locked(&self.inner).shown(version)
    }

    /// Begins to show a version; `Err` if that was begun meanwhile.
    pub fn begin(
        &self,
        version: u64,
        first: Shown,
    ) -> Result<Arc<States>, watch::Receiver<Arc<Shown>>> {
        let mut inner = locked(&self.inner);
        if let Some(shown) = inner.shown(version) {
            return Err(shown);
        }
        let states = Arc::new(States::new(Arc::new(first)));
        inner.versions.insert(version, Arc::downgrade(&states));
        Ok(states)
    }

    /// Whether no stream of a version is left. Then the next one begins to show it again.
    pub fn end_if_left(&self, version: u64, states: &States) -> bool {
        let mut inner = locked(&self.inner);
        let is_left = states.receiver_count() == 0;
        if is_left {
            inner.versions.remove(&version);
        }
        is_left
    }
}

impl Inner {
    fn shown(&self, version: u64) -> Option<watch::Receiver<Arc<Shown>>> {
        let states = self.versions.get(&version)?.upgrade()?;
        Some(states.subscribe())
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

fn locked(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}
