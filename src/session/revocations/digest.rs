//! A number for the revocations that a filter holds, in whatever order they came.
//!
//! Each entry has a number, made of its version and its end, and the digest is their sum, so it
//! follows every change at no cost. It shows mistakes, not malice: no two changes share a version,
//! so a filter that lacks one, or keeps one too long, has another digest.

use std::num::Wrapping;

use super::bound::{Bound, seconds};
use crate::time::UnixSeconds;

/// Entries that compare `auth_ver` count differently.
const FRESH: Wrapping<u64> = Wrapping(0xd1b5_4a32_d192_ed03);

/// The digest of some entries.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Digest(Wrapping<u64>);

impl Digest {
    /// Of one entry: below which version tokens are refused, whether by `auth_ver`, and until
    /// when. Those of several are added up.
    #[must_use]
    pub fn of(version: u64, fresh: bool, until: UnixSeconds) -> Self {
        let mut digest = Self::default();
        let until = seconds(until);
        digest.add(Bound { version, until });
        if fresh { digest.as_fresh() } else { digest }
    }

    /// Of these and others.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    pub(super) fn add(&mut self, bound: Bound) {
        self.0 += of(bound);
    }

    pub(super) fn subtract(&mut self, bound: Bound) {
        self.0 -= of(bound);
    }

    pub(super) fn as_fresh(self) -> Self {
        Self(self.0 * FRESH)
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014), which spreads neighbouring versions.
fn of(bound: Bound) -> Wrapping<u64> {
    let mut z = Wrapping(bound.version) * Wrapping(0x9e37_79b9_7f4a_7c15)
        + (Wrapping(u64::from(bound.until)) << 32);
    z = (z ^ (z >> 30)) * Wrapping(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)) * Wrapping(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
