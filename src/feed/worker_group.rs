//! What the VMs of one host process share, so that one of them polls and all of them apply.
//!
//! The VM that holds the lease is the leader: it polls and publishes what it fetched. The others
//! are replicas and apply it. Sharing only saves polls and never decides anything: a VM that cannot
//! read what is shared polls for itself.

mod catch_up;
mod compaction;
mod layout;
mod leader;
mod lease;
mod log;
mod membership;
mod name;
mod publisher;
mod replica;
mod role;
mod shared_data;
mod store;
#[cfg(test)]
pub(crate) mod tests;
mod transitions;

use std::time::Duration;

use layout::INSTANCE;
use leader::Leader;
use lease::{LeaseHandle, Standing};
use membership::{Membership, Summary};
use name::SharedName;
use replica::Replica;
use role::{Cooldown, Role};
pub use shared_data::{Precondition, SharedData, SharedDataError, SharedValue};
pub(super) use store::AuthenticatedStore;
use store::PROCESS;
pub use store::Scope;

use super::poller::{Asks, GroupPoll, NodeProcess, PollRole, Poller, Received, Sender};
use super::state::{FeedSettings, Progress, State};
use super::timing::{self, COMPACTION_INTERVAL, RESYNC_INTERVAL, STANDALONE, Tick};
use crate::time::UnixMillis;

/// A VM's part in its worker group.
pub(super) struct WorkerGroup {
    store: AuthenticatedStore,
    lease: LeaseHandle,
    replica: Replica,
    membership: Membership,
    role: Role,
    resync: Cooldown,
    compaction: Cooldown,
    /// The name of the node, if it has one.
    node: Option<String>,
    instance: SharedName,
    process: SharedName,
}

impl WorkerGroup {
    /// The part of a VM with these settings on this node.
    pub fn new(store: AuthenticatedStore, settings: &FeedSettings, node: Option<String>) -> Self {
        let wait = timing::longest_wait(settings.when_stale.after);
        Self {
            store,
            lease: LeaseHandle::new(settings.instance.clone(), wait),
            replica: Replica::new(),
            membership: Membership::default(),
            role: Role::Replica,
            resync: Cooldown::new(RESYNC_INTERVAL),
            compaction: Cooldown::new(COMPACTION_INTERVAL),
            node,
            instance: SharedName::new(INSTANCE),
            process: SharedName::new(PROCESS),
        }
    }

    /// Applies what is shared, and nothing more: a VM that only tries out a configuration must not
    /// acquire the lease or take a member's slot.
    pub fn warm(&mut self, state: &mut State, poller: &mut Poller, now: UnixMillis) -> Progress {
        let followed = self.follow(state, poller, now);
        self.or_standalone(followed, state, poller, now)
            .unwrap_or(Progress::Unchanged)
    }

    /// Applies what is shared, sends a heartbeat, and acquires the lease if it is free.
    ///
    /// # Errors
    /// The host's shared data failed. The VM polls for itself for a while.
    pub fn look(
        &mut self,
        state: &mut State,
        poller: &mut Poller,
        tick: Tick,
    ) -> Result<Progress, SharedDataError> {
        if let Role::Standalone { until } = &mut self.role {
            // A clock that was set back does not extend it.
            *until = (*until).min(tick.now + STANDALONE);
            if tick.now < *until {
                return Ok(Progress::Unchanged);
            }
            self.role = Role::Replica;
        }
        let looked = self.try_look(state, poller, tick);
        self.or_standalone(looked, state, poller, tick.now)
    }

    fn try_look(
        &mut self,
        state: &mut State,
        poller: &mut Poller,
        tick: Tick,
    ) -> Result<Progress, SharedDataError> {
        if !self.lease.look(&self.store)? {
            // Another VM may have published more than this one has.
            self.step_down(state, poller, tick.now);
        }
        let progress = self.follow(state, poller, tick.now)?;
        if !matches!(self.role, Role::Left) {
            self.lead_if_free(state, poller, tick.now)?;
            let vm = self.lease.vm();
            self.membership
                .heartbeat(&self.store, vm, state, tick.now)?;
        }
        if let Role::Leader(leader) = &mut self.role
            && self.compaction.is_over(tick.now)
            && leader.compact(tick)
        {
            self.compaction.start(tick.now);
        }
        Ok(progress)
    }

    /// Applies what another VM has published.
    fn follow(
        &mut self,
        state: &mut State,
        poller: &mut Poller,
        now: UnixMillis,
    ) -> Result<Progress, SharedDataError> {
        if self
            .role
            .leader()
            .is_some_and(|leader| leader.publisher().is_some())
        {
            self.replica.clear_lag();
            return Ok(Progress::Unchanged);
        }
        let leader_success = match self.lease.standing(now) {
            Standing::Other { last_success } => Some(last_success),
            Standing::Free { .. } | Standing::Own { .. } => None,
        };
        let progress = self
            .replica
            .follow(&self.store, state, leader_success, now)?;
        if matches!(progress, Progress::Changed { .. }) && poller.is_fetching() {
            // What the poll asked for no longer fits what is in force.
            poller.abandon(now);
        }
        Ok(progress)
    }

    /// What this VM may poll for; `None` while it waits for another VM.
    pub fn poll_role(&mut self, state: &State, now: UnixMillis) -> Option<PollRole> {
        match &self.role {
            Role::Left => return None,
            Role::Standalone { .. } => return Some(PollRole::Standalone),
            _ if self.membership.is_full() => return Some(PollRole::Standalone),
            Role::Replica if !self.replica.lag_timed_out(now) => return None,
            Role::Leader(leader) if leader.is_catching_up() && self.replica.is_partway() => {
                return None;
            }
            Role::Replica | Role::Leader(_) => {}
        }
        match self.group_poll_role(state, now) {
            Ok(role) => role,
            Err(_) => Some(PollRole::Standalone),
        }
    }

    fn group_poll_role(
        &mut self,
        state: &State,
        now: UnixMillis,
    ) -> Result<Option<PollRole>, SharedDataError> {
        let all = self.membership.summary(&self.store, state, now)?;
        let version = state.version();
        let applied = all.applied.unwrap_or(version).min(version);
        let publisher = self.role.leader().and_then(Leader::publisher);
        if applied < version && publisher.is_some_and(|publisher| publisher.is_settling(now)) {
            return Ok(None);
        }
        let sender = self.sender()?;
        let own = state.settings().when_stale;
        let when_stale = all.when_stale.map_or(own, |all| all.and(own));
        if let Some(query) = self
            .role
            .leader()
            .and_then(|leader| leader.compaction_query(&sender, when_stale))
        {
            return Ok(Some(PollRole::Compaction(query)));
        }
        Ok(Some(PollRole::Group(GroupPoll {
            sender,
            applied,
            when_stale,
            asks: self.role.leader().map_or(Asks::Changes, Leader::asks),
        })))
    }

    fn sender(&mut self) -> Result<Sender, SharedDataError> {
        let (store, vm) = (&self.store, self.lease.vm());
        let process = match &self.node {
            Some(node) => Some(NodeProcess {
                node: node.clone(),
                process: self.process.read(store, vm)?,
            }),
            None => None,
        };
        Ok(Sender {
            instance: self.instance.read(store, vm)?,
            process,
        })
    }

    /// Publishes what a poll of this VM brought, if it is the leader. If that fails it steps down:
    /// another VM may succeed.
    pub fn publish(
        &mut self,
        received: Received<'_>,
        state: &State,
        poller: &mut Poller,
        tick: Tick,
    ) {
        if self.try_publish(received, state, tick).is_err() {
            self.step_down(state, poller, tick.now);
            let released = self.lease.release(&self.store, tick.now);
            let _ = self.or_standalone(released, state, poller, tick.now);
        }
    }

    fn try_publish(
        &mut self,
        received: Received<'_>,
        state: &State,
        tick: Tick,
    ) -> Result<(), SharedDataError> {
        let Role::Leader(leader) = &mut self.role else {
            return Ok(());
        };
        match received {
            Received::Stray => return Ok(()),
            Received::CompactionPage(_) => {}
            Received::NothingNew | Received::Delta(_) | Received::SnapshotPage(_) => {
                // The lease must still be this VM's, and last while it writes.
                if !self.lease.look(&self.store)? {
                    return Err(SharedDataError::Changed);
                }
                let success = state.last_success();
                self.lease.write(&self.store, success, tick.now)?;
            }
        }
        leader.publish(&self.store, received, self.replica.manifest(), tick)
    }

    /// What holds for all VMs, if this VM leads them.
    pub fn summary(&mut self, state: &State, now: UnixMillis) -> Option<Summary> {
        self.role.leader()?;
        self.membership.recent_summary(&self.store, state, now).ok()
    }

    /// Whether this VM polls for itself because the host's shared data failed.
    pub fn is_standalone(&self) -> bool {
        matches!(self.role, Role::Standalone { .. })
    }

    /// Whether a shared snapshot is being loaded.
    pub fn is_partway(&self) -> bool {
        self.replica.is_partway()
    }

    /// The clock was set back.
    pub fn set_back(&mut self, by: Duration) {
        self.replica.set_back(by);
    }
}
