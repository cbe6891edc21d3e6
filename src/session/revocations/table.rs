//! A map from fingerprints to bounds that costs little more than its content: 20 bytes an entry.
//!
//! Fingerprints are spread evenly, so their first bits choose one of many short sorted runs. A
//! run is searched by bisection and kept sorted by moving what comes after. Keys, versions and ends
//! are in arrays of their own, so that nothing is lost to alignment. A run grows by an eighth, so
//! that little memory is reserved and unused.
//!
//! Entries of one page are inserted together, in the order of the runs: each run is then fetched
//! into the processor's cache, and moved, once for all its new entries.

use super::bound::{Bound, Entry};
use super::digest::Digest;

/// Runs: at a million entries each has about a thousand.
const RUNS: usize = 1 << RUN_BITS;
const RUN_BITS: u32 = 10;

/// Bounds by fingerprint.
#[derive(Debug, Default, Clone)]
pub(super) struct Table {
    // Made with the first entry.
    runs: Vec<Run>,
    len: usize,
    digest: Digest,
}

#[derive(Debug, Default, Clone)]
struct Run {
    keys: Vec<u64>,
    versions: Vec<u64>,
    untils: Vec<u32>,
}

/// Brings entries into the order of their keys.
pub(super) fn sort(entries: &mut [Entry]) {
    entries.sort_unstable_by_key(|(key, _)| *key);
}

/// What comes before the entry that is at `at` now.
struct Place {
    at: usize,
    key: u64,
    bound: Bound,
}

impl Table {
    /// The version below which tokens of the subject are refused.
    pub fn version(&self, key: u64) -> Option<u64> {
        let run = self.runs.get(run_of(key))?;
        let at = run.keys.binary_search(&key).ok()?;
        run.versions.get(at).copied()
    }

    /// Raises the bounds of subjects; none falls.
    pub fn raise(&mut self, mut entries: Vec<Entry>) {
        if self.runs.is_empty() && !entries.is_empty() {
            self.runs.resize_with(RUNS, Run::default);
        }
        sort(&mut entries);
        for entries in entries.chunk_by(|one, other| run_of(one.0) == run_of(other.0)) {
            let first = entries.first().map_or(0, |(key, _)| run_of(*key));
            if let Some(run) = self.runs.get_mut(first) {
                self.len += run.raise(entries, &mut self.digest);
            }
        }
    }

    /// Forgets a subject.
    pub fn remove(&mut self, key: u64) {
        if let Some(run) = self.runs.get_mut(run_of(key))
            && let Ok(at) = run.keys.binary_search(&key)
        {
            run.keys.remove(at);
            self.digest.subtract(Bound {
                version: run.versions.remove(at),
                until: run.untils.remove(at),
            });
            self.len -= 1;
        }
    }

    /// Forgets all that ended before `end`, seconds since 1970.
    pub fn prune(&mut self, end: u32) {
        for run in &mut self.runs {
            run.prune(end, &mut self.digest);
        }
        self.len = self.runs.iter().map(|run| run.keys.len()).sum();
    }

    /// How many subjects have a bound.
    pub fn len(&self) -> usize {
        self.len
    }

    /// What the bounds are, as a number.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

impl Run {
    /// Raises the bounds of subjects, in order; says how many are new.
    fn raise(&mut self, entries: &[Entry], digest: &mut Digest) -> usize {
        let mut new: Vec<Place> = Vec::new();
        for (key, bound) in entries {
            match self.keys.binary_search(key) {
                Ok(at) => self.raise_at(at, *bound, digest),
                Err(at) => match new.last_mut() {
                    Some(place) if place.key == *key => place.bound = place.bound.or(*bound),
                    _ => new.push(Place {
                        at,
                        key: *key,
                        bound: *bound,
                    }),
                },
            }
        }
        new.iter().for_each(|place| digest.add(place.bound));
        insert(&mut self.keys, &new, |place| place.key);
        insert(&mut self.versions, &new, |place| place.bound.version);
        insert(&mut self.untils, &new, |place| place.bound.until);
        new.len()
    }

    fn raise_at(&mut self, at: usize, bound: Bound, digest: &mut Digest) {
        let (Some(version), Some(until)) = (self.versions.get_mut(at), self.untils.get_mut(at))
        else {
            return;
        };
        let before = Bound {
            version: *version,
            until: *until,
        };
        let now = before.or(bound);
        (*version, *until) = (now.version, now.until);
        digest.subtract(before);
        digest.add(now);
    }

    fn prune(&mut self, end: u32, digest: &mut Digest) {
        if self.untils.iter().all(|until| *until > end) {
            return;
        }
        for (version, until) in self.versions.iter().zip(&self.untils) {
            if *until <= end {
                digest.subtract(Bound {
                    version: *version,
                    until: *until,
                });
            }
        }
        let kept: Vec<bool> = self.untils.iter().map(|until| *until > end).collect();
        keep(&mut self.keys, &kept);
        keep(&mut self.versions, &kept);
        keep(&mut self.untils, &kept);
    }
}

fn run_of(key: u64) -> usize {
    usize::try_from(key >> (u64::BITS - RUN_BITS)).unwrap_or_default()
}

/// Puts what is new, in order, into its places: from the end, so that each item moves once.
fn insert<T: Copy + Default>(items: &mut Vec<T>, new: &[Place], item: impl Fn(&Place) -> T) {
    let mut end = items.len();
    let len = end + new.len();
    if len > items.capacity() {
        items.reserve_exact(new.len().max(end / 8 + 4));
    }
    items.resize(len, T::default());
    for (before, place) in new.iter().enumerate().rev() {
        items.copy_within(place.at..end, place.at + before + 1);
        if let Some(free) = items.get_mut(place.at + before) {
            *free = item(place);
        }
        end = place.at;
    }
}

fn keep<T>(items: &mut Vec<T>, kept: &[bool]) {
    let mut kept = kept.iter();
    items.retain(|_| kept.next() == Some(&true));
    if items.len() < items.capacity() / 2 {
        items.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// One of few keys, in few runs, so that they meet.
    fn entry(random: &mut fastrand::Rng) -> Entry {
        let bound = Bound {
            version: random.u64(..1000),
            until: random.u32(..1000),
        };
        ((random.u64(..4) << 60) | random.u64(..500), bound)
    }

    #[test]
    fn it_behaves_like_a_map() {
        let mut random = fastrand::Rng::with_seed(7);
        let (mut table, mut model) = (Table::default(), BTreeMap::new());
        for _ in 0..50_000 {
            let (key, bound) = entry(&mut random);
            match random.u8(..40) {
                0 => {
                    let end = random.u32(..200);
                    table.prune(end);
                    model.retain(|_, known: &mut Bound| known.until > end);
                }
                1..15 => {
                    table.remove(key);
                    model.remove(&key);
                }
                choice => {
                    let more = if choice == 39 { 20 } else { 0 };
                    let mut entries = vec![(key, bound)];
                    entries.extend((0..more).map(|_| entry(&mut random)));
                    for (key, bound) in &entries {
                        let known = model.entry(*key).or_insert(*bound);
                        known.version = known.version.max(bound.version);
                        known.until = known.until.max(bound.until);
                    }
                    table.raise(entries);
                }
            }
            let (key, _) = entry(&mut random);
            let known: Option<&Bound> = model.get(&key);
            assert_eq!(table.version(key), known.map(|bound| bound.version));
            assert_eq!(table.len(), model.len());
            if random.u8(..100) == 0 {
                let mut digest = Digest::default();
                model.values().for_each(|bound| digest.add(*bound));
                assert_eq!(table.digest(), digest);
            }
        }
    }

    #[test]
    fn a_million_entries_take_little_more_than_their_content() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut table = Table::default();
        for page in 0..50_u64 {
            let until = 2_000_000_000;
            let entry = |number| {
                let version = page * 20_000 + number;
                (random.u64(..), Bound { version, until })
            };
            table.raise((0..20_000_u64).map(entry).collect());
        }
        let bytes: usize = table
            .runs
            .iter()
            .map(|run| {
                8 * run.keys.capacity() + 8 * run.versions.capacity() + 4 * run.untils.capacity()
            })
            .sum();
        assert!(bytes < 23 * table.len(), "{bytes} bytes");
    }
}
