//! A map from fingerprints to bounds that costs little more than its content: 20 bytes an entry.
//!
//! Fingerprints are spread evenly, so their first bits choose one of many short sorted runs. A
//! run is searched by halving and kept whole by moving what comes after. Keys, versions and ends
//! stand in arrays of their own, so that nothing is lost to alignment, and a run grows by an
//! eighth, so that little is lost to room that nobody needs.

use super::digest::Digest;

/// Runs: at a million entries each has about a thousand.
const RUNS: usize = 1 << RUN_BITS;
const RUN_BITS: u32 = 10;

/// Below which version tokens are refused, and until when the entry matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bound {
    /// The feed's version.
    pub version: u64,
    /// Seconds since 1970. What is beyond the year 2106 stays for ever.
    pub until: u32,
}

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

impl Table {
    /// The version below which tokens of the subject are refused.
    pub fn version(&self, key: u64) -> Option<u64> {
        let run = self.runs.get(run_of(key))?;
        let at = run.keys.binary_search(&key).ok()?;
        run.versions.get(at).copied()
    }

    /// Raises the bound of a subject; it never falls.
    pub fn raise(&mut self, key: u64, bound: Bound) {
        if self.runs.is_empty() {
            self.runs.resize_with(RUNS, Run::default);
        }
        let Some(run) = self.runs.get_mut(run_of(key)) else {
            return;
        };
        let (before, now) = run.raise(key, bound);
        match before {
            Some(before) => self.digest.subtract(before),
            None => self.len += 1,
        }
        self.digest.add(now);
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
    /// The subject's bound before, unless it is new, and now.
    fn raise(&mut self, key: u64, bound: Bound) -> (Option<Bound>, Bound) {
        let at = match self.keys.binary_search(&key) {
            Ok(at) => return self.raise_at(at, bound),
            Err(at) => at,
        };
        make_room(&mut self.keys);
        make_room(&mut self.versions);
        make_room(&mut self.untils);
        self.keys.insert(at, key);
        self.versions.insert(at, bound.version);
        self.untils.insert(at, bound.until);
        (None, bound)
    }

    fn raise_at(&mut self, at: usize, bound: Bound) -> (Option<Bound>, Bound) {
        let (Some(version), Some(until)) = (self.versions.get_mut(at), self.untils.get_mut(at))
        else {
            return (None, bound);
        };
        let before = Bound {
            version: *version,
            until: *until,
        };
        *version = bound.version.max(*version);
        *until = bound.until.max(*until);
        let now = Bound {
            version: *version,
            until: *until,
        };
        (Some(before), now)
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

fn make_room<T>(items: &mut Vec<T>) {
    if items.len() == items.capacity() {
        items.reserve_exact(items.len() / 8 + 4);
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

    #[test]
    fn it_behaves_like_a_map() {
        let mut random = fastrand::Rng::with_seed(7);
        let (mut table, mut model) = (Table::default(), BTreeMap::new());
        for _ in 0..50_000 {
            // Few keys, in few runs, so that they meet.
            let key = (random.u64(..4) << 60) | random.u64(..500);
            let bound = Bound {
                version: random.u64(..1000),
                until: random.u32(..1000),
            };
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
                _ => {
                    table.raise(key, bound);
                    let known = model.entry(key).or_insert(bound);
                    known.version = known.version.max(bound.version);
                    known.until = known.until.max(bound.until);
                }
            }
            let key = (random.u64(..4) << 60) | random.u64(..500);
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
        for version in 0..1_000_000 {
            let until = 2_000_000_000;
            table.raise(random.u64(..), Bound { version, until });
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
