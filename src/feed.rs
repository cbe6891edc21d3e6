//! The feed of the control service: what is in force, and how it is kept up to date.
//!
//! [`Feed`] is one configuration's feed in one VM. Its parts, in reading order: a `poller` decides
//! when to poll and reads the answers; `state` holds what is in force and how old it is; the
//! `worker_group` shares pages between the VMs of a process, so that only one of them polls.

mod backoff;
mod error;
mod freshness;
mod limits;
mod node;
mod page;
mod poller;
mod snapshot;
mod state;
mod store;
mod timing;
pub(crate) mod worker_group;

#[cfg(test)]
mod tests;

pub use error::FeedError;
pub use freshness::StalePolicy;
pub use limits::MAX_REVOCATIONS;
pub use node::node_name;
pub use poller::{FeedAnswer, Poll};
pub use state::{FeedSettings, Progress};
pub use store::Store;
pub use worker_group::{Precondition, Scope, SharedData, SharedDataError, SharedValue};

use poller::{PollRole, Poller, Received};
use state::State;
use timing::{OUT_OF_TOUCH, Tick};
use worker_group::{AuthenticatedStore, WorkerGroup};

use crate::session::revocations::Fingerprints;
use crate::time::UnixMillis;

/// The feed of one configuration in one VM.
pub struct Feed {
    state: State,
    poller: Poller,
    group: Option<WorkerGroup>,
    /// When this VM last looked at the shared data.
    looked: UnixMillis,
}

/// Figures for the host's metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedGauges {
    /// The lowest version that a VM holds; 0 before the first snapshot.
    pub version: u64,
    /// Seconds since the least recent of the VMs' last successful polls.
    pub age_seconds: u64,
    /// The number of revocations held.
    pub entries: u64,
}

impl Feed {
    /// A feed that is not shared with other VMs.
    #[must_use]
    pub fn new(settings: FeedSettings) -> Self {
        Self {
            poller: Poller::new(settings.when_stale.after),
            state: State::new(settings, Fingerprints::default()),
            group: None,
            looked: UnixMillis::EPOCH,
        }
    }

    /// Shares the feed from now on with the other VMs of the process, and applies what they have.
    /// Polls for all of them report the node, a [`node_name`].
    pub fn share(
        &mut self,
        data: Box<dyn SharedData>,
        scope: &Scope<'_>,
        node: Option<String>,
        now: UnixMillis,
    ) -> Progress {
        let store = AuthenticatedStore::new(data, scope, self.state.settings());
        let fingerprints = Fingerprints::of_credential(scope.credential);
        self.join(store, fingerprints, node, now)
    }

    /// Starts over as a member of the group that uses a store.
    fn join(
        &mut self,
        store: AuthenticatedStore,
        fingerprints: Fingerprints,
        node: Option<String>,
        now: UnixMillis,
    ) -> Progress {
        let settings = self.state.settings().clone();
        let group = WorkerGroup::new(store, &settings, node);
        self.looked = now;
        self.poller = Poller::new(settings.when_stale.after);
        self.state = State::new(settings, fingerprints);
        let group = self.group.insert(group);
        group.warm(&mut self.state, &mut self.poller, now)
    }

    /// What is in force; `None` until the first snapshot is complete.
    #[must_use]
    pub fn store(&self) -> Option<&Store> {
        self.state.store()
    }

    /// Whether the last successful poll is too long ago.
    #[must_use]
    pub fn is_stale(&self, now: UnixMillis) -> bool {
        self.state.is_stale(now)
    }

    /// The number of polls that failed.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.poller.errors()
    }

    /// Whether nothing is in force yet, and a snapshot that another VM fetched is being loaded.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        let is_partway = self.group.as_ref().is_some_and(WorkerGroup::is_partway);
        is_partway && self.state.store().is_none()
    }

    /// Whether this VM has not looked at the shared data for so long that the others may soon
    /// count it as gone and report versions as applied that it does not have. It must then look
    /// before it judges a request.
    #[must_use]
    pub fn is_out_of_touch(&self, now: UnixMillis) -> bool {
        self.group.is_some() && now.abs_diff(self.looked) >= OUT_OF_TOUCH
    }

    /// Applies what other VMs have fetched.
    ///
    /// # Errors
    /// [`FeedError::Shared`]; the VM polls for itself for a while.
    pub fn look(&mut self, now: UnixMillis, random: u32) -> Result<Progress, FeedError> {
        self.looked = now;
        self.advance_clock(now);
        let Some(group) = &mut self.group else {
            return Ok(Progress::Unchanged);
        };
        let looked = group.look(&mut self.state, &mut self.poller, Tick { now, random });
        looked.map_err(FeedError::Shared)
    }

    /// The poll that is due, if one is and this VM is the one that polls.
    pub fn poll(&mut self, now: UnixMillis, random: u32) -> Option<Poll> {
        self.advance_clock(now);
        let tick = Tick { now, random };
        let lost = self.poller.expire(tick);
        if let (Some(PollRole::Compaction(_)), Some(group)) = (lost, &mut self.group) {
            let received = Received::CompactionPage(None);
            group.publish(received, &self.state, &mut self.poller, tick);
        }
        if self.poller.is_polling() {
            return None;
        }
        let role = match &mut self.group {
            Some(group) => group.poll_role(&self.state, now)?,
            None => PollRole::Standalone,
        };
        self.poller.poll(role, &self.state, now)
    }

    /// Takes the answer to a poll. An answer that came too late is ignored.
    ///
    /// # Errors
    /// The poll failed or its page was rejected; the next poll follows after a pause.
    pub fn answered(
        &mut self,
        now: UnixMillis,
        random: u32,
        answer: FeedAnswer<'_>,
    ) -> Result<Progress, FeedError> {
        self.advance_clock(now);
        let tick = Tick { now, random };
        let applied = self.poller.answered(&mut self.state, answer, tick)?;
        if let Some(group) = &mut self.group {
            group.publish(applied.received, &self.state, &mut self.poller, tick);
        }
        Ok(applied.progress)
    }

    /// Ends this VM's part in the group, because its configuration ends. Another VM polls at once.
    pub fn leave(&mut self, now: UnixMillis) {
        if let Some(group) = &mut self.group {
            group.leave(now);
        }
    }

    /// Figures of the whole group, from the one VM that reports them.
    pub fn gauges(&mut self, now: UnixMillis) -> Option<FeedGauges> {
        let store = self.state.store();
        let entries = store.map_or(0, |store| store.revocations().len());
        let own = FeedGauges {
            version: self.state.version(),
            age_seconds: store.map_or(0, |_| self.state.age(now).as_secs()),
            entries: u64::try_from(entries).unwrap_or(u64::MAX),
        };
        let group = match &mut self.group {
            Some(group) if !group.is_standalone() => group,
            _ => return Some(own),
        };
        let all = group.summary(&self.state, now)?;
        Some(FeedGauges {
            version: all.applied.filter(|_| !all.has_empty).unwrap_or(0),
            age_seconds: all
                .applied
                .map_or(0, |_| now.duration_since(all.oldest_success).as_secs()),
            ..own
        })
    }

    fn advance_clock(&mut self, now: UnixMillis) {
        let back = self.state.advance_clock(now);
        if let Some(group) = &mut self.group {
            group.set_back(back);
        }
    }
}
