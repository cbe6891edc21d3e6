//! Holding the lease: taking it when nobody else does, going on where the last one ended.

use super::telling::SETTLE_MS;
use super::{Reached, Sharing, SpeaksFor, Turn};
use crate::feed::follower::Follower;
use crate::feed::shared::SharedDataError;
use crate::feed::shared::lease::{LEASE, Lease};
use crate::feed::shared::sealed::Found;

/// The key of the process's name.
const INSTANCE: &str = "instance";
/// How much longer a VM leaves a free lease to one that is further, in milliseconds.
const MODESTY_MS: u64 = 500;
/// How often what is shared may be made anew, in milliseconds: it is the whole feed.
const ANEW_EVERY_MS: u64 = 10_000;

impl Sharing {
    /// Keeps the lease, or takes it if it is free.
    pub(super) fn hold(
        &mut self,
        follower: &mut Follower,
        now: u64,
    ) -> Result<(), SharedDataError> {
        let lease = self.lease.seen();
        let free_since = lease.map_or(0, |lease| lease.until);
        match lease.filter(|lease| self.term.holds(lease, now)) {
            Some(lease) if lease.holder != self.vm => self.let_go(),
            Some(lease) if self.holds => {
                if self.term.is_to_be_renewed(lease, now) {
                    self.write_lease(follower, now)?;
                }
            }
            _ => {
                self.let_go();
                let modest = self.reached != Reached::Position && self.position.seen().is_some();
                let waits = modest && free_since <= now && now - free_since < MODESTY_MS;
                if !waits {
                    self.write_lease(follower, now)?;
                }
            }
        }
        if self.holds && self.publisher.position().is_none() && !self.begins_anew {
            self.go_on(follower, now)?;
        }
        Ok(())
    }

    /// Writes the lease over what was looked at.
    fn write_lease(&mut self, follower: &Follower, now: u64) -> Result<(), SharedDataError> {
        let lease = self.term.lease(&self.vm, now, follower.last_good());
        match self.sealed.write_small(LEASE, &lease, self.lease.over()) {
            Ok(()) => self.holds = true,
            Err(SharedDataError::Changed) => self.let_go(),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Goes on where the last holder ended, or shares everything anew.
    fn go_on(&mut self, follower: &mut Follower, now: u64) -> Result<(), SharedDataError> {
        let position = self.position.seen();
        if self.reached == Reached::Position
            && let (Some(position), Some(store)) = (position, follower.store())
            && (store.epoch(), store.version()) == (position.epoch.as_str(), position.version)
            && self.publisher.resume(&self.sealed, position)?
        {
            return Ok(());
        }
        let hopeless = position.is_none() || self.is_cut_off(now) || self.is_ahead(follower);
        self.anew_after = self.anew_after.min(now + ANEW_EVERY_MS);
        if hopeless && (now >= self.anew_after || follower.store().is_none()) {
            self.anew_after = now + ANEW_EVERY_MS;
            self.begins_anew = true;
            self.publisher.begin_anew(position);
            follower.begin_anew();
            follower.dismiss(now);
        }
        Ok(())
    }

    /// Whether it has more than is shared, from polling for itself.
    fn is_ahead(&self, follower: &Follower) -> bool {
        match (self.position.seen(), follower.store()) {
            (Some(position), Some(store)) => {
                self.reached == Reached::Position && store.version() != position.version
            }
            _ => false,
        }
    }

    /// Whether it may poll now, and for whom.
    pub fn turn(&mut self, follower: &Follower, now: u64) -> Turn {
        if self.left {
            return Turn::Wait;
        }
        if now < self.broken_until || self.roll.is_full() {
            return Turn::Alone;
        }
        if !self.holds && !self.is_cut_off(now) {
            return Turn::Wait;
        }
        let loads = self.reached == Reached::Halfway && self.publisher.position().is_none();
        if loads && !self.begins_anew {
            return Turn::Wait;
        }
        match self.turn_for_all(follower, now) {
            Ok(turn) => turn,
            Err(_) => Turn::Alone,
        }
    }

    fn turn_for_all(&mut self, follower: &Follower, now: u64) -> Result<Turn, SharedDataError> {
        let version = follower.store().map_or(0, crate::feed::Store::version);
        let settles = now < self.settles_until && self.settles_until <= now + SETTLE_MS;
        let all = self.roll.all(&self.sealed, follower, now, true)?;
        let applied = all.applied.unwrap_or(version).min(version);
        if settles && applied < version {
            return Ok(Turn::Wait);
        }
        let instance = self.instance()?;
        let staleness = follower.staleness();
        let staleness = all.staleness.map_or(staleness, |all| all.and(staleness));
        if self.refills_next
            && let Some(refill) = &self.refill
        {
            let query = refill.query(&instance) + &staleness.query();
            return Ok(Turn::Refill(query));
        }
        Ok(Turn::ForAll(SpeaksFor {
            instance,
            applied,
            staleness,
            hurries: self.refill.is_some(),
        }))
    }

    /// The name of all VMs of this process; the first to need it makes it.
    fn instance(&mut self) -> Result<String, SharedDataError> {
        if self.instance.is_none() {
            let Found { value, over } = self.sealed.read_small::<String>(INSTANCE)?;
            self.instance = match value {
                Some(name) => Some(name),
                None => match self.sealed.write_small(INSTANCE, &self.vm, over) {
                    Ok(()) => Some(self.vm.clone()),
                    // Another one was quicker; its name is read the next time.
                    Err(SharedDataError::Changed) => None,
                    Err(error) => return Err(error),
                },
            };
        }
        Ok(self.instance.clone().unwrap_or_else(|| self.vm.clone()))
    }

    /// Makes sure that the lease is still this VM's, and lasts while it writes.
    pub(super) fn confirm(&mut self, follower: &Follower, now: u64) -> Result<(), SharedDataError> {
        let lease = self.lease.look(&self.sealed)?;
        let mine = lease.is_some_and(|lease| lease.holder == self.vm);
        if !mine || !self.holds {
            return Err(SharedDataError::Changed);
        }
        let lease = self.term.lease(&self.vm, now, follower.last_good());
        self.sealed.write_small(LEASE, &lease, self.lease.over())
    }

    /// Gives the lease back, if it is this VM's.
    pub(super) fn release(&mut self, now: u64) -> Result<(), SharedDataError> {
        self.let_go();
        let Found { value, over } = self.sealed.read_small::<Lease>(LEASE)?;
        match value {
            Some(lease) if lease.holder == self.vm => {
                let free = Lease {
                    holder: String::new(),
                    until: now,
                    good: lease.good,
                };
                self.sealed.write_small(LEASE, &free, over)
            }
            _ => Ok(()),
        }
    }

    /// Does no longer poll for all.
    pub(super) fn let_go(&mut self) {
        if self.holds {
            self.holds = false;
            self.publisher.stop();
            self.begins_anew = false;
            self.refill = None;
        }
    }
}
