//! The revocations of a page, by fingerprint: 20 bytes for each. VMs with the same credential share
//! them in this form.
//!
//! As bytes: three counts of four, then eight for each deletion, then the plain ones and the fresh
//! ones: fingerprint, version, end. All numbers are little-endian.

use super::bound::{Bound, Entry, seconds};
use super::fingerprint::Fingerprints;
use super::table;
use crate::protocol::feed::{Revocation, RevocationChanges};

const ENTRY_BYTES: usize = 20;

/// Changed revocations of a page.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Changes {
    pub(super) delete: Vec<u64>,
    pub(super) plain: Vec<Entry>,
    pub(super) fresh: Vec<Entry>,
}

impl Fingerprints {
    /// What a page says, by fingerprint.
    #[must_use]
    pub fn changes<S: AsRef<str>>(&self, page: &RevocationChanges<S>) -> Changes {
        Changes {
            delete: page.delete.iter().map(|subject| self.of(subject)).collect(),
            plain: self.entries(page, false),
            fresh: self.entries(page, true),
        }
    }

    fn entries<S: AsRef<str>>(&self, page: &RevocationChanges<S>, fresh: bool) -> Vec<Entry> {
        let of_kind = || page.put.iter().filter(|one| one.fresh == fresh);
        let entry = |revocation: &Revocation<S>| {
            let bound = Bound {
                version: revocation.version,
                until: seconds(revocation.until),
            };
            (self.of(&revocation.subject), bound)
        };
        let mut entries = Vec::with_capacity(of_kind().count());
        entries.extend(of_kind().map(entry));
        table::sort(&mut entries);
        entries
    }
}

impl Changes {
    /// How many there are, deletions apart.
    #[must_use]
    pub fn put(&self) -> usize {
        self.plain.len() + self.fresh.len()
    }

    /// How many there are, deletions among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.put() + self.delete.len()
    }

    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The highest version.
    #[must_use]
    pub fn highest_version(&self) -> u64 {
        let all = self.plain.iter().chain(&self.fresh);
        all.map(|(_, bound)| bound.version).max().unwrap_or(0)
    }

    /// Appends them as bytes.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        bytes.reserve(12 + 8 * self.delete.len() + ENTRY_BYTES * self.put());
        for count in [self.delete.len(), self.plain.len(), self.fresh.len()] {
            bytes.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
        }
        for key in &self.delete {
            bytes.extend(key.to_le_bytes());
        }
        for (key, bound) in self.plain.iter().chain(&self.fresh) {
            bytes.extend(key.to_le_bytes());
            bytes.extend(bound.version.to_le_bytes());
            bytes.extend(bound.until.to_le_bytes());
        }
    }

    /// Reads them from bytes that hold nothing else.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(12)?;
        let count = |at: usize| -> Option<usize> {
            let count = u32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?);
            usize::try_from(count).ok()
        };
        let (delete, rest) = rest.split_at_checked(count(0)?.checked_mul(8)?)?;
        let (plain, fresh) = rest.split_at_checked(count(4)?.checked_mul(ENTRY_BYTES)?)?;
        if fresh.len() != count(8)?.checked_mul(ENTRY_BYTES)? {
            return None;
        }
        let delete = delete.as_chunks::<8>().0.iter();
        Some(Self {
            delete: delete.map(|bytes| u64::from_le_bytes(*bytes)).collect(),
            plain: entries(plain)?,
            fresh: entries(fresh)?,
        })
    }
}

fn entries(bytes: &[u8]) -> Option<Vec<Entry>> {
    let mut entries = Vec::with_capacity(bytes.len() / ENTRY_BYTES);
    for bytes in bytes.as_chunks::<ENTRY_BYTES>().0 {
        let (key, bound) = bytes.split_first_chunk::<8>()?;
        let (version, until) = bound.split_first_chunk::<8>()?;
        let bound = Bound {
            version: u64::from_le_bytes(*version),
            until: u32::from_le_bytes(until.try_into().ok()?),
        };
        entries.push((u64::from_le_bytes(*key), bound));
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::protocol::feed::Subject;
    use crate::session::revocations::{Digest, Revocations};
    use crate::time::UnixSeconds;

    #[test]
    fn changes_come_out_as_they_went_in_or_not_at_all() {
        let bound = Bound {
            version: 1 << 52,
            until: 7,
        };
        let changes = Changes {
            delete: vec![1, u64::MAX],
            plain: vec![(2, bound), (3, bound)],
            fresh: vec![(4, bound)],
        };
        let mut bytes = Vec::new();
        changes.write(&mut bytes);
        assert_eq!(Changes::read(&bytes), Some(changes));
        for end in 0..bytes.len() {
            assert_eq!(Changes::read(&bytes[..end]), None, "cut off at {end}");
        }
        bytes.push(0);
        assert_eq!(Changes::read(&bytes), None, "and one more");
        assert_eq!(Changes::read(&[0xff; 12]), None, "counts without end");
    }

    /// One of few subjects, so that they meet.
    fn subject(random: &mut fastrand::Rng) -> Subject {
        let id = |random: &mut fastrand::Rng| random.u8(..20).to_string();
        match random.u8(..4) {
            0 => Subject::User(id(random)),
            1 => Subject::Application(id(random)),
            2 => Subject::UserApplication(id(random), id(random)),
            _ => Subject::Session(id(random)),
        }
    }

    fn page(random: &mut fastrand::Rng) -> RevocationChanges {
        let (puts, deletes) = (random.usize(..200), random.usize(..20));
        let put = |_| Revocation {
            subject: subject(random),
            version: random.u64(..1_000),
            fresh: random.bool(),
            until: UnixSeconds::new(random.u64(..1 << 33)),
        };
        RevocationChanges {
            put: (0..puts).map(put).collect(),
            delete: (0..deletes).map(|_| subject(random)).collect(),
        }
    }

    #[test]
    fn pages_that_are_handed_on_do_what_they_say_one_by_one() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut revocations = Revocations::default();
        let fingerprints = revocations.fingerprints.clone();
        let mut model: HashMap<(Subject, bool), (u64, UnixSeconds)> = HashMap::new();
        for _ in 0..100 {
            let page = page(&mut random);
            let mut bytes = Vec::new();
            fingerprints.changes(&page).write(&mut bytes);
            revocations.take(Changes::read(&bytes).unwrap());
            for subject in page.delete {
                model.remove(&(subject.clone(), false));
                model.remove(&(subject, true));
            }
            for one in page.put {
                let known = model.entry((one.subject, one.fresh)).or_default();
                *known = (known.0.max(one.version), known.1.max(one.until));
            }
            let digest = model
                .iter()
                .map(|((_, fresh), (version, until))| Digest::of(*version, *fresh, *until))
                .fold(Digest::default(), Digest::and);
            assert_eq!(revocations.digest(), digest);
            assert_eq!(revocations.len(), model.len());
            for ((subject, fresh), (version, _)) in &model {
                let table = if *fresh {
                    &revocations.fresh
                } else {
                    &revocations.plain
                };
                assert_eq!(table.version(fingerprints.of(subject)), Some(*version));
            }
        }
    }
}
