//! The members of the group: each VM writes into a slot of its own which version it has applied,
//! and a heartbeat. The lowest version of all members is what the process as a whole has applied.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::shared_data::{Precondition, SharedDataError};
use super::store::{AuthenticatedStore, Found};
use crate::feed::freshness::StalePolicy;
use crate::feed::state::State;
use crate::feed::store::Store;
use crate::feed::timing::{EXPIRY, HEARTBEAT, SUMMARY_AGE};
use crate::time::UnixMillis;

/// Slots: more than a process has workers, times listeners, times two during an update.
const SLOTS: u32 = 1_024;

/// A VM's slot, and what the members said last.
#[derive(Debug, Default)]
pub struct Membership {
    slot: Option<u32>,
    written: Option<Member>,
    is_full: bool,
    summary: Summary,
    summarised: UnixMillis,
    /// The latest heartbeat seen in each slot. An earlier one was replayed.
    heartbeats: BTreeMap<u32, UnixMillis>,
}

/// What a VM says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Member {
    /// Its name; empty when it has left.
    vm: String,
    /// The version that it has applied; `None` if it has nothing and lets no request through.
    applied: Option<u64>,
    /// The epoch of that version; empty if it has nothing.
    epoch: String,
    /// When the last successful poll was answered whose result it has applied.
    last_success: UnixMillis,
    /// When it wrote this.
    heartbeat: UnixMillis,
    /// Its stale policy.
    when_stale: StalePolicy,
}

/// What holds for all live members together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// The lowest version of those that have one. A version of another epoch counts as 0, because
    /// it says nothing about this one.
    pub applied: Option<u64>,
    /// Whether a member has nothing yet.
    pub has_empty: bool,
    /// The least recent of their last successes.
    pub oldest_success: UnixMillis,
    /// Their stale policies together; `None` if there is no member.
    pub when_stale: Option<StalePolicy>,
}

impl Membership {
    /// Writes a heartbeat if one is due or there is something to say.
    pub fn heartbeat(
        &mut self,
        store: &AuthenticatedStore,
        vm: &str,
        state: &State,
        now: UnixMillis,
    ) -> Result<(), SharedDataError> {
        let member = Member {
            vm: vm.to_owned(),
            applied: state.store().map(Store::version),
            epoch: state.epoch().to_owned(),
            last_success: state.last_success(),
            heartbeat: now,
            when_stale: state.settings().when_stale,
        };
        let is_due = self.written.as_ref().is_none_or(|written| {
            (written.applied, &written.epoch, written.last_success)
                != (member.applied, &member.epoch, member.last_success)
                || now.abs_diff(written.heartbeat) >= HEARTBEAT
        });
        if !is_due {
            return Ok(());
        }
        let slot = match self.slot {
            Some(slot) if write(store, slot, &member, now)? => Some(slot),
            _ => take_slot(store, &member, now)?,
        };
        (self.slot, self.is_full) = (slot, slot.is_none());
        self.written = slot.map(|_| member);
        Ok(())
    }

    /// Whether there was no free slot for this VM.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// Gives the slot back.
    pub fn leave(&mut self, store: &AuthenticatedStore) -> Result<(), SharedDataError> {
        let (Some(slot), Some(mut member)) = (self.slot.take(), self.written.take()) else {
            return Ok(());
        };
        let Found {
            value,
            precondition,
        } = store.read_small::<Member>(&key(slot))?;
        if value.is_none_or(|held| held.vm != member.vm) {
            return Ok(());
        }
        member.vm.clear();
        store.write_small(&key(slot), &member, precondition)
    }

    /// What holds for all members now, versions being those of this VM's epoch.
    pub fn summary(
        &mut self,
        store: &AuthenticatedStore,
        state: &State,
        now: UnixMillis,
    ) -> Result<Summary, SharedDataError> {
        self.summary = self.read(store, state.epoch(), now)?;
        self.summarised = now;
        Ok(self.summary)
    }

    /// The same, up to [`SUMMARY_AGE`] old.
    pub fn recent_summary(
        &mut self,
        store: &AuthenticatedStore,
        state: &State,
        now: UnixMillis,
    ) -> Result<Summary, SharedDataError> {
        if now.abs_diff(self.summarised) < SUMMARY_AGE {
            return Ok(self.summary);
        }
        self.summary(store, state, now)
    }

    fn read(
        &mut self,
        store: &AuthenticatedStore,
        epoch: &str,
        now: UnixMillis,
    ) -> Result<Summary, SharedDataError> {
        let mut summary = Summary {
            oldest_success: UnixMillis::new(u64::MAX),
            ..Summary::default()
        };
        for slot in 0..SLOTS {
            let Found {
                value,
                precondition,
            } = store.read_small::<Member>(&key(slot))?;
            match value.filter(|member| self.is_latest(slot, member, now)) {
                Some(member) if !member.is_alive(now) => {}
                Some(member) => summary.add(&member, epoch),
                // Slots are taken in order: all after one that was never taken are free.
                None if precondition == Precondition::Absent => break,
                // Another plugin overwrote the slot, and with it whatever member had it.
                None => summary.add_unknown(),
            }
        }
        Ok(summary)
    }

    /// Whether an entry is not older than one seen in its slot before. After the clock was set
    /// back every heartbeat is earlier.
    fn is_latest(&mut self, slot: u32, member: &Member, now: UnixMillis) -> bool {
        let seen = self.heartbeats.entry(slot).or_default();
        let is_latest = member.heartbeat >= *seen || *seen > now;
        if is_latest {
            *seen = member.heartbeat;
        }
        is_latest
    }
}

/// Takes the first slot without a live member; `None` if there is none.
fn take_slot(
    store: &AuthenticatedStore,
    member: &Member,
    now: UnixMillis,
) -> Result<Option<u32>, SharedDataError> {
    for slot in 0..SLOTS {
        if write(store, slot, member, now)? {
            return Ok(Some(slot));
        }
    }
    Ok(None)
}

/// Writes an entry over this VM's own or an expired one. Returns whether it did.
fn write(
    store: &AuthenticatedStore,
    slot: u32,
    member: &Member,
    now: UnixMillis,
) -> Result<bool, SharedDataError> {
    let Found {
        value,
        precondition,
    } = store.read_small::<Member>(&key(slot))?;
    if value.is_some_and(|held| held.vm != member.vm && held.is_alive(now)) {
        return Ok(false);
    }
    match store.write_small(&key(slot), member, precondition) {
        Ok(()) => Ok(true),
        Err(SharedDataError::Changed) => Ok(false),
        Err(error) => Err(error),
    }
}

impl Member {
    fn is_alive(&self, now: UnixMillis) -> bool {
        !self.vm.is_empty() && self.heartbeat.abs_diff(now) < EXPIRY
    }
}

impl Summary {
    fn add(&mut self, member: &Member, epoch: &str) {
        let policy = member.when_stale;
        self.when_stale = Some(self.when_stale.map_or(policy, |all| all.and(policy)));
        match member.applied {
            Some(version) => {
                let version = if member.epoch == epoch { version } else { 0 };
                self.applied = Some(self.applied.map_or(version, |least| least.min(version)));
                self.oldest_success = self.oldest_success.min(member.last_success);
            }
            None => self.has_empty = true,
        }
    }

    /// Adds a member of which nothing is known: it may have nothing and let every request through.
    fn add_unknown(&mut self) {
        self.applied = Some(0);
        self.when_stale = Some(StalePolicy {
            after: self.when_stale.map(|all| all.after).unwrap_or_default(),
            denies: false,
        });
    }
}

fn key(slot: u32) -> String {
    format!("member/{slot}")
}
