//! How a VM changes its role: it acquires and renews the lease, resumes or resyncs what is shared,
//! steps down, and leaves.

use super::WorkerGroup;
use super::leader::Leader;
use super::lease::Standing;
use super::role::Role;
use super::shared_data::SharedDataError;
use crate::feed::poller::Poller;
use crate::feed::state::State;
use crate::feed::timing::{ACQUIRE_DELAY, STANDALONE};
use crate::time::UnixMillis;

impl WorkerGroup {
    /// Renews the lease, or acquires it if it is free; then leads.
    pub(super) fn lead_if_free(
        &mut self,
        state: &State,
        poller: &mut Poller,
        now: UnixMillis,
    ) -> Result<(), SharedDataError> {
        let is_leader = self.role.leader().is_some();
        if self.membership.is_full() {
            // This VM has no slot and polls only for itself.
            if is_leader {
                self.step_down(state, poller, now);
                self.lease.release(&self.store, now)?;
            }
            return Ok(());
        }
        match self.lease.standing(now) {
            Standing::Other { .. } => self.step_down(state, poller, now),
            Standing::Own { until, is_due } if is_leader => {
                if until <= now && !self.is_last_publisher()? {
                    // While the lease was free, another VM has led.
                    self.step_down(state, poller, now);
                } else if is_due {
                    self.renew(state, poller, now)?;
                }
            }
            Standing::Own { until: since, .. } | Standing::Free { since } => {
                self.step_down(state, poller, now);
                if !self.leaves_lease_to_others(since, now) {
                    self.acquire(state, poller, now)?;
                }
            }
        }
        if self.role.leader().is_some_and(Leader::is_catching_up) {
            self.resume_or_resync(state, poller, now)?;
        }
        Ok(())
    }

    /// Whether what is shared is what this VM has published, if it has published at all.
    fn is_last_publisher(&self) -> Result<bool, SharedDataError> {
        let Some(publisher) = self.role.leader().and_then(Leader::publisher) else {
            return Ok(true);
        };
        match publisher.precondition(&self.store) {
            Ok(_) => Ok(true),
            Err(SharedDataError::Changed) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether a VM that has more should acquire the lease instead.
    fn leaves_lease_to_others(&self, free_since: UnixMillis, now: UnixMillis) -> bool {
        let is_behind = !self.replica.is_caught_up() && self.replica.manifest().is_some();
        let is_recent =
            (now.checked_duration_since(free_since)).is_some_and(|since| since < ACQUIRE_DELAY);
        is_behind && is_recent
    }

    fn acquire(
        &mut self,
        state: &State,
        poller: &mut Poller,
        now: UnixMillis,
    ) -> Result<(), SharedDataError> {
        if self.write_lease(state, now)? {
            // The other VMs lack the pages fetched so far.
            poller.abandon_snapshot(now);
            self.role = Role::Leader(Box::default());
        }
        Ok(())
    }

    fn renew(
        &mut self,
        state: &State,
        poller: &mut Poller,
        now: UnixMillis,
    ) -> Result<(), SharedDataError> {
        if !self.write_lease(state, now)? {
            self.step_down(state, poller, now);
        }
        Ok(())
    }

    /// Returns whether the lease was written; otherwise another VM was faster.
    fn write_lease(&self, state: &State, now: UnixMillis) -> Result<bool, SharedDataError> {
        match self.lease.write(&self.store, state.last_success(), now) {
            Ok(()) => Ok(true),
            Err(SharedDataError::Changed) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Stops leading. A resync ends with it: this VM continues from what it has.
    pub(super) fn step_down(&mut self, state: &State, poller: &mut Poller, now: UnixMillis) {
        let Some(leader) = self.role.leader() else {
            return;
        };
        if leader.is_resyncing() && state.store().is_some() {
            poller.abandon_snapshot(now);
        }
        self.role = Role::Replica;
    }

    /// Continues where the last leader ended. Where that is impossible, fetches a snapshot.
    fn resume_or_resync(
        &mut self,
        state: &State,
        poller: &mut Poller,
        now: UnixMillis,
    ) -> Result<(), SharedDataError> {
        let Role::Leader(leader) = &mut self.role else {
            return Ok(());
        };
        if let Some(manifest) = self.replica.manifest_in_force(state) {
            leader.resume(&self.store, manifest)?;
            if leader.publisher().is_some() {
                return Ok(());
            }
        }
        let manifest = self.replica.manifest();
        let is_impossible =
            manifest.is_none() || self.replica.lag_timed_out(now) || self.replica.is_ahead(state);
        let is_allowed = self.resync.is_over(now) || state.store().is_none();
        if is_impossible && is_allowed {
            self.resync.start(now);
            leader.resync(manifest.cloned());
            poller.abandon(now);
        }
        Ok(())
    }

    /// Leaves the group. Another VM can acquire the lease at once.
    pub fn leave(&mut self, now: UnixMillis) {
        self.role = Role::Left;
        // If this fails, lease and heartbeat expire soon.
        let released = self.lease.release(&self.store, now);
        let _ = released.and_then(|()| self.membership.leave(&self.store));
    }

    /// Polls for itself for a while if the host failed.
    pub(super) fn or_standalone<T>(
        &mut self,
        result: Result<T, SharedDataError>,
        state: &State,
        poller: &mut Poller,
        now: UnixMillis,
    ) -> Result<T, SharedDataError> {
        if let Err(SharedDataError::Host(_)) = result
            && !matches!(self.role, Role::Left)
        {
            self.step_down(state, poller, now);
            self.role = Role::Standalone {
                until: now + STANDALONE,
            };
        }
        result
    }
}
