//! The roll of live VMs: each says in a place of its own which version it has applied, and that
//! it lives. The lowest of them is what the process as a whole has applied.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::SharedDataError;
use super::sealed::{Found, Sealed};
use crate::feed::follower::Follower;
use crate::feed::staleness::Staleness;
use crate::feed::store::Store;

/// Places: more than a process has workers, times listeners, times two during an update.
const PLACES: u32 = 1_024;
/// How often a VM says that it lives, in milliseconds.
const BEAT_MS: u64 = 1_000;
/// After this silence it counts as gone. One that was only slow has judged nothing meanwhile, and
/// looks before it judges again.
pub const GONE_MS: u64 = 10_000;
/// How old what is known of all may be, in milliseconds.
const KNOWN_MS: u64 = 500;

/// A VM's place in the roll, and what the roll said last.
#[derive(Debug, Default)]
pub struct Roll {
    place: Option<u32>,
    written: Option<Entry>,
    full: bool,
    all: All,
    known: u64,
    /// The latest beat that was seen in each place: an earlier one is a replay.
    seen: BTreeMap<u32, u64>,
}

/// What a VM says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// Its name; empty when it has left.
    vm: String,
    /// The version that it has applied; `None` if it has nothing and lets nobody in.
    applied: Option<u64>,
    /// In which life of the database; empty if it has nothing.
    epoch: String,
    /// When that was all there is, in milliseconds since 1970.
    good: u64,
    /// When it said so.
    beat: u64,
    /// What it does when it hears nothing for long.
    staleness: Staleness,
}

/// What holds for all live VMs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct All {
    /// The lowest version of those that let anybody in; one of another life of the database than
    /// the one in question counts as 0, for its versions tell nothing of this one.
    pub applied: Option<u64>,
    /// Whether one of them has nothing yet.
    pub empty: bool,
    /// The least recent of the times when they knew all there is.
    pub good: u64,
    /// What all of them do when nothing is heard for long; `None` if there is nobody.
    pub staleness: Option<Staleness>,
}

impl Roll {
    /// Says that a VM lives, and what it has applied.
    pub fn beat(
        &mut self,
        sealed: &Sealed,
        vm: &str,
        follower: &Follower,
        now: u64,
    ) -> Result<(), SharedDataError> {
        let entry = Entry {
            vm: vm.to_owned(),
            applied: follower.store().map(Store::version),
            epoch: epoch(follower).to_owned(),
            good: follower.last_good(),
            beat: now,
            staleness: follower.staleness(),
        };
        let news = self.written.as_ref().is_none_or(|written| {
            (written.applied, &written.epoch, written.good)
                != (entry.applied, &entry.epoch, entry.good)
                || now.abs_diff(written.beat) >= BEAT_MS
        });
        if !news {
            return Ok(());
        }
        let place = match self.place {
            Some(place) if self.write(sealed, place, &entry, now)? => Some(place),
            _ => self.take_place(sealed, &entry, now)?,
        };
        (self.place, self.full) = (place, place.is_none());
        self.written = place.map(|_| entry);
        Ok(())
    }

    /// Whether there was no place.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Leaves the roll.
    pub fn leave(&mut self, sealed: &Sealed) -> Result<(), SharedDataError> {
        let (Some(place), Some(mut entry)) = (self.place.take(), self.written.take()) else {
            return Ok(());
        };
        let Found { value, over } = sealed.read_small::<Entry>(&key(place))?;
        if value.is_none_or(|held| held.vm != entry.vm) {
            return Ok(());
        }
        entry.vm.clear();
        sealed.write_small(&key(place), &entry, over)
    }

    /// What holds for all, as to the life of the database that a follower is in: not older than
    /// half a second, or looked up now.
    pub fn all(
        &mut self,
        sealed: &Sealed,
        follower: &Follower,
        now: u64,
        exactly: bool,
    ) -> Result<All, SharedDataError> {
        if exactly || now.abs_diff(self.known) >= KNOWN_MS {
            self.all = self.read(sealed, epoch(follower), now)?;
            self.known = now;
        }
        Ok(self.all)
    }

    fn read(&mut self, sealed: &Sealed, epoch: &str, now: u64) -> Result<All, SharedDataError> {
        let mut all = All {
            good: u64::MAX,
            ..All::default()
        };
        for place in 0..PLACES {
            let Found { value, over } = sealed.read_small::<Entry>(&key(place))?;
            match value.filter(|entry| self.is_news(place, entry, now)) {
                Some(entry) if !entry.lives(now) => {}
                Some(entry) => all.add(&entry, epoch),
                // Places are taken in order: nobody is behind one that was never taken.
                None if over == super::Over::Absence => break,
                // Somebody else's scribbling hides who may be here, so nothing is known of them.
                None => all.add_anybody(),
            }
        }
        Ok(all)
    }

    /// Whether an entry is not older than what was seen in its place. By a clock that was set
    /// back every beat is earlier.
    fn is_news(&mut self, place: u32, entry: &Entry, now: u64) -> bool {
        let seen = self.seen.entry(place).or_insert(0);
        let is_news = entry.beat >= *seen || *seen > now;
        if is_news {
            *seen = entry.beat;
        }
        is_news
    }

    /// Takes the first place that nobody lives in; `None` if all are taken.
    fn take_place(
        &self,
        sealed: &Sealed,
        entry: &Entry,
        now: u64,
    ) -> Result<Option<u32>, SharedDataError> {
        for place in 0..PLACES {
            if self.write(sealed, place, entry, now)? {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// Writes an entry over this VM's own or a dead one.
    fn write(
        &self,
        sealed: &Sealed,
        place: u32,
        entry: &Entry,
        now: u64,
    ) -> Result<bool, SharedDataError> {
        let Found { value, over } = sealed.read_small::<Entry>(&key(place))?;
        if value.is_some_and(|held| held.vm != entry.vm && held.lives(now)) {
            return Ok(false);
        }
        match sealed.write_small(&key(place), entry, over) {
            Ok(()) => Ok(true),
            Err(SharedDataError::Changed) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Entry {
    fn lives(&self, now: u64) -> bool {
        !self.vm.is_empty() && self.beat.abs_diff(now) < GONE_MS
    }
}

impl All {
    fn add(&mut self, entry: &Entry, epoch: &str) {
        let staleness = self.staleness;
        self.staleness = Some(staleness.map_or(entry.staleness, |all| all.and(entry.staleness)));
        match entry.applied {
            Some(version) => {
                let version = if entry.epoch == epoch { version } else { 0 };
                self.applied = Some(self.applied.map_or(version, |least| least.min(version)));
                self.good = self.good.min(entry.good);
            }
            // It lets nobody in yet, but will.
            None => self.empty = true,
        }
    }

    /// Somebody who may have nothing yet and let everybody in.
    fn add_anybody(&mut self) {
        self.applied = Some(0);
        let after_ms = self.staleness.map_or(0, |all| all.after_ms);
        self.staleness = Some(Staleness {
            after_ms,
            denies: false,
        });
    }
}

fn epoch(follower: &Follower) -> &str {
    follower.store().map_or("", Store::epoch)
}

fn key(place: u32) -> String {
    format!("vm/{place}")
}
