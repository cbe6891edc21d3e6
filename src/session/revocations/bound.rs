//! Below which version tokens are refused, and until when that matters.

use crate::time::UnixSeconds;

/// Below which version tokens are refused, and until when the entry matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bound {
    /// The feed's version.
    pub version: u64,
    /// Seconds since 1970. What is beyond the year 2106 stays for ever.
    pub until: u32,
}

/// A fingerprint and its bound.
pub(super) type Entry = (u64, Bound);

impl Bound {
    /// What holds if both do.
    pub fn or(self, other: Self) -> Self {
        Self {
            version: self.version.max(other.version),
            until: self.until.max(other.until),
        }
    }
}

/// A moment in 32 bits, as tables hold it; later moments become the last.
pub(super) fn seconds(moment: UnixSeconds) -> u32 {
    u32::try_from(moment.get()).unwrap_or(u32::MAX)
}
