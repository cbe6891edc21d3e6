//! One VM among those of its process: whether it polls for all of them or takes over what
//! another fetched, and when it had better poll for itself.

mod holding;
mod telling;

use super::lease::{LEASE, Lease, Term};
use super::position::{POSITION, Position};
use super::publisher::Publisher;
use super::reader::{Reached, Reader};
use super::refill::Refill;
use super::roll::{All, Roll};
use super::sealed::{Scope, Sealed, Watched};
use super::{Over, SharedData, SharedDataError};
use crate::feed::follower::{Follower, Progress, SpeaksFor};

/// How long a VM that sees that there is more than it can take over waits for it, in
/// milliseconds.
const PATIENCE_MS: u64 = 1_500;
/// A poll's time is in the lease and in the position; one may be written this much before the
/// other is seen, in milliseconds.
const LAG_MS: u64 = 2_000;
/// How long a VM polls for itself when the host's shared data failed, in milliseconds.
const BROKEN_MS: u64 = 10_000;

/// A VM's part in what its process shares.
pub struct Sharing {
    sealed: Sealed,
    vm: String,
    term: Term,
    lease: Watched<Lease>,
    position: Watched<Position>,
    /// The mark of the position that was seen last, and when that was fetched. An older one is a
    /// replay.
    seen: (Over, u64),
    reader: Reader,
    reached: Reached,
    publisher: Publisher,
    refill: Option<Refill>,
    refills_next: bool,
    refill_after: u64,
    roll: Roll,
    instance: Option<String>,
    holds: bool,
    begins_anew: bool,
    anew_after: u64,
    behind_since: Option<u64>,
    broken_until: u64,
    settles_until: u64,
    left: bool,
}

/// Whether a VM may poll, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Another one does.
    Wait,
    /// For itself: nothing is known of the others.
    Alone,
    /// For all, or for itself where it cannot take over what the others have.
    ForAll(SpeaksFor),
    /// For a page of a snapshot that only later VMs will read; this is the query.
    Refill(String),
}

impl Sharing {
    /// For a VM with a name of its own, whose polls wait for so many seconds.
    pub fn new(data: Box<dyn SharedData>, scope: &Scope<'_>, vm: String, wait_s: u64) -> Self {
        Self {
            sealed: Sealed::new(data, scope),
            vm,
            term: Term::of(wait_s),
            lease: Watched::new(LEASE),
            position: Watched::new(POSITION),
            seen: (Over::Anything, 0),
            reader: Reader::default(),
            reached: Reached::Nowhere,
            publisher: Publisher::default(),
            refill: None,
            refills_next: false,
            refill_after: 0,
            roll: Roll::default(),
            instance: None,
            holds: false,
            begins_anew: false,
            anew_after: 0,
            behind_since: None,
            broken_until: 0,
            settles_until: 0,
            left: false,
        }
    }

    /// Takes over what is there, and nothing more: a VM that only tries out a configuration must
    /// not take a lease or a place.
    pub fn warm(&mut self, follower: &mut Follower, now: u64) -> Progress {
        let read = self.read(follower, now);
        self.or_broken(now, read).unwrap_or(Progress::Unchanged)
    }

    /// Looks at what the others did, and says that this VM lives.
    ///
    /// # Errors
    /// The host's shared data failed; the VM polls for itself for a while.
    pub fn look(
        &mut self,
        follower: &mut Follower,
        (now, random): (u64, u32),
    ) -> Result<Progress, SharedDataError> {
        self.broken_until = self.broken_until.min(now + BROKEN_MS);
        if now < self.broken_until {
            return Ok(Progress::Unchanged);
        }
        let looked = self.look_at_all(follower, now, random);
        self.or_broken(now, looked)
    }

    fn look_at_all(
        &mut self,
        follower: &mut Follower,
        now: u64,
        random: u32,
    ) -> Result<Progress, SharedDataError> {
        let lease = self.lease.look(&self.sealed)?;
        if lease.is_none_or(|lease| lease.holder != self.vm) {
            // Another VM took over: there may be more than this one has.
            self.let_go();
        }
        let progress = self.read(follower, now)?;
        if !self.left {
            self.hold(follower, now)?;
            self.roll.beat(&self.sealed, &self.vm, follower, now)?;
        }
        if self.holds {
            self.refill_if_long(now, random);
        }
        Ok(progress)
    }

    /// Takes over what another VM fetched.
    fn read(&mut self, follower: &mut Follower, now: u64) -> Result<Progress, SharedDataError> {
        if self.holds && self.publisher.position().is_some() {
            self.behind_since = None;
            return Ok(Progress::Unchanged);
        }
        self.position.look(&self.sealed)?;
        let (mark, seen) = (self.position.over(), self.seen.1);
        let position = self.position.seen();
        let position = position.filter(|position| mark == self.seen.0 || position.fetched >= seen);
        let position = position.filter(|position| !leads_back(position, follower));
        let Some(position) = position else {
            self.reached = Reached::Nowhere;
            self.note(follower, now, self.position.seen().is_some());
            return Ok(Progress::Unchanged);
        };
        if mark != self.seen.0 {
            // By a clock that was ahead it was fetched nobody knows when: that makes nothing fresh.
            let ahead = position.fetched > now + LAG_MS;
            let fetched = if ahead { seen } else { position.fetched };
            self.seen = (mark, fetched.min(now));
        }
        let (progress, reached) = self.reader.step(&self.sealed, follower, position, now)?;
        if reached == Reached::Position {
            follower.was_good(self.seen.1);
        }
        if matches!(progress, Progress::Changed { .. }) && follower.is_polling() {
            // What it asked for follows on what is no longer held.
            follower.dismiss(now);
        }
        self.reached = reached;
        self.note(follower, now, reached == Reached::Nowhere);
        Ok(progress)
    }

    /// Notes since when there is more than this VM has and can take over.
    fn note(&mut self, follower: &Follower, now: u64, cannot_follow: bool) {
        let told = match self.lease.seen() {
            Some(lease) if lease.holder != self.vm && self.term.holds(lease, now) => lease.good,
            _ => 0,
        };
        let behind = cannot_follow
            || (self.reached != Reached::Halfway && told > follower.last_good() + LAG_MS);
        self.behind_since = behind.then(|| self.behind_since.unwrap_or(now));
    }

    /// The clock was set back by so much: what was seen is as old as it was.
    pub fn set_back(&mut self, by: u64) {
        self.seen.1 = self.seen.1.saturating_sub(by);
    }

    fn is_cut_off(&self, now: u64) -> bool {
        self.behind_since
            .is_some_and(|since| now.abs_diff(since) >= PATIENCE_MS)
    }

    /// Whether this VM has nothing yet, and is on the way to something.
    pub fn is_loading(&self, follower: &Follower) -> bool {
        self.reached == Reached::Halfway && follower.store().is_none()
    }

    /// Leaves: another VM takes over at once.
    pub fn leave(&mut self, now: u64) {
        self.left = true;
        let left = self
            .release(now)
            .and_then(|()| self.roll.leave(&self.sealed));
        // It would be found out soon that this one does not live.
        let _ = self.or_broken(now, left);
    }

    /// What holds for all live VMs, for metrics: from the one that polls for all.
    pub fn all(&mut self, follower: &Follower, now: u64) -> Option<All> {
        if !self.holds || now < self.broken_until {
            return None;
        }
        self.roll.all(&self.sealed, follower, now, false).ok()
    }

    /// Whether the VM cannot share for now.
    pub fn is_broken(&self, now: u64) -> bool {
        now < self.broken_until
    }

    fn or_broken<T>(
        &mut self,
        now: u64,
        result: Result<T, SharedDataError>,
    ) -> Result<T, SharedDataError> {
        if let Err(SharedDataError::Host(_)) = result {
            self.broken_until = now + BROKEN_MS;
            self.let_go();
        }
        result
    }
}

/// Whether a position is of another life of the database than what is held, and that was good
/// later. Within a life versions tell what is newer; between two only the times do.
fn leads_back(position: &Position, follower: &Follower) -> bool {
    let held = follower.store();
    held.is_some_and(|store| store.epoch() != position.epoch)
        && position.fetched < follower.last_good()
}
