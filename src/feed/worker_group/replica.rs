//! Follows what the leader publishes, and notices when it cannot.

use super::catch_up::{CatchUp, Reached};
use super::layout::{MANIFEST, Manifest};
use super::shared_data::{Precondition, SharedDataError};
use super::store::{AuthenticatedStore, Watched};
use crate::feed::state::{Progress, State};
use crate::feed::timing::{LAG_TIMEOUT, TIMESTAMP_SLACK};
use crate::time::UnixMillis;
use std::time::Duration;

/// What this VM has seen and applied of what is shared.
#[derive(Debug)]
pub struct Replica {
    manifest: Watched<Manifest>,
    accepted: Accepted,
    catch_up: CatchUp,
    reached: Reached,
    lag: Lag,
}

/// The manifest that was accepted last. An older one has been replayed.
#[derive(Debug)]
struct Accepted {
    value: Precondition,
    fetched: UnixMillis,
}

/// Since when this VM knows of pages that it cannot read.
#[derive(Debug, Default)]
struct Lag {
    since: Option<UnixMillis>,
}

impl Replica {
    /// Nothing has been seen yet.
    pub fn new() -> Self {
        Self {
            manifest: Watched::new(MANIFEST),
            accepted: Accepted {
                value: Precondition::None,
                fetched: UnixMillis::EPOCH,
            },
            catch_up: CatchUp::default(),
            reached: Reached::Nothing,
            lag: Lag::default(),
        }
    }

    /// Applies what is shared. `leader_success` is the last success of another VM that holds the
    /// lease.
    pub fn follow(
        &mut self,
        store: &AuthenticatedStore,
        state: &mut State,
        leader_success: Option<UnixMillis>,
        now: UnixMillis,
    ) -> Result<Progress, SharedDataError> {
        self.manifest.look(store)?;
        let value = self.manifest.precondition();
        let is_new = value != self.accepted.value;
        let accepted = self.accepted.fetched;
        let manifest = self.manifest.seen().filter(|manifest| {
            let is_replayed = is_new && manifest.fetched < accepted;
            !is_replayed && !leads_back(manifest, state)
        });
        let progress = match manifest {
            None => {
                self.reached = Reached::Nothing;
                Progress::Unchanged
            }
            Some(manifest) => {
                if is_new {
                    // A time in the future is of a clock that was ahead and says nothing.
                    let is_ahead = manifest.fetched > now + TIMESTAMP_SLACK;
                    let fetched = if is_ahead { accepted } else { manifest.fetched };
                    self.accepted = Accepted {
                        value,
                        fetched: fetched.min(now),
                    };
                }
                let (progress, reached) = self.catch_up.step(store, state, manifest, now)?;
                if reached == Reached::Manifest {
                    state.succeed(self.accepted.fetched);
                }
                self.reached = reached;
                progress
            }
        };
        let is_blocked = self.reached == Reached::Nothing && self.manifest.seen().is_some();
        let is_outdated = self.reached != Reached::Partway
            && leader_success.is_some_and(|at| at > state.last_success() + TIMESTAMP_SLACK);
        self.lag.note(is_blocked || is_outdated, now);
        Ok(progress)
    }

    /// The manifest as last seen.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.seen()
    }

    /// The manifest, if exactly its version is in force.
    pub fn manifest_in_force(&self, state: &State) -> Option<&Manifest> {
        self.manifest().filter(|manifest| {
            self.is_caught_up()
                && (state.epoch(), state.version()) == (&*manifest.epoch, manifest.version)
        })
    }

    /// Whether this VM has more than what is shared, because it has polled for itself.
    pub fn is_ahead(&self, state: &State) -> bool {
        self.is_caught_up()
            && (self.manifest()).is_some_and(|manifest| state.version() != manifest.version)
    }

    /// Whether everything that is shared is in force.
    pub fn is_caught_up(&self) -> bool {
        self.reached == Reached::Manifest
    }

    /// Whether a shared snapshot is being loaded.
    pub fn is_partway(&self) -> bool {
        self.reached == Reached::Partway
    }

    /// Whether this VM has known for too long of pages that it cannot read.
    pub fn lag_timed_out(&self, now: UnixMillis) -> bool {
        self.lag.timed_out(now)
    }

    /// Nothing can be missing: this VM publishes.
    pub fn clear_lag(&mut self) {
        self.lag = Lag::default();
    }

    /// The clock was set back: what was accepted is as old as before.
    pub fn set_back(&mut self, by: Duration) {
        self.accepted.fetched = self.accepted.fetched - by;
    }
}

impl Lag {
    fn note(&mut self, is_lagging: bool, now: UnixMillis) {
        self.since = is_lagging.then(|| self.since.unwrap_or(now));
    }

    fn timed_out(&self, now: UnixMillis) -> bool {
        self.since
            .is_some_and(|since| now.abs_diff(since) >= LAG_TIMEOUT)
    }
}

/// Whether a manifest is of another epoch than what is in force, and older. Within an epoch the
/// version tells what is newer; between two epochs only time does.
fn leads_back(manifest: &Manifest, state: &State) -> bool {
    state.store().is_some()
        && state.epoch() != manifest.epoch
        && manifest.fetched < state.last_success()
}
