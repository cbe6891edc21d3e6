//! Who polls: a VM that wrote its name before a deadline, which it moves on while it lives.

use serde::{Deserialize, Serialize};

/// The lease's key.
pub const LEASE: &str = "lease";
/// How long a lease lasts, in milliseconds: long enough for a worker that is busy for a moment.
const LASTS_MS: u64 = 3_000;
/// A clock is read before the value is, so another's deadline may be this much further ahead.
const SLACK_MS: u64 = 1_000;

/// A lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The VM that polls; empty when it has left.
    pub holder: String,
    /// Until when it need not say so again, in milliseconds since 1970.
    pub until: u64,
    /// When its last good poll was.
    pub good: u64,
}

/// How long leases last.
#[derive(Debug, Clone, Copy)]
pub struct Term {
    lasts_ms: u64,
}

impl Term {
    /// For polls that wait so many seconds: the less a feed may be silent, the sooner another VM
    /// takes over.
    pub fn of(wait_s: u64) -> Self {
        Self {
            lasts_ms: (LASTS_MS / 4).saturating_mul(wait_s + 1).min(LASTS_MS),
        }
    }

    /// A lease from now on.
    pub fn lease(self, holder: &str, now: u64, good: u64) -> Lease {
        Lease {
            holder: holder.to_owned(),
            until: now + self.lasts_ms,
            good,
        }
    }

    /// Whether a lease is in force. One that ends later than any can, by a forger or a clock
    /// that was ahead, is not.
    pub fn holds(self, lease: &Lease, now: u64) -> bool {
        !lease.holder.is_empty()
            && now < lease.until
            && lease.until <= now + self.lasts_ms + SLACK_MS
    }

    /// Whether its holder should write it anew.
    pub fn is_to_be_renewed(self, lease: &Lease, now: u64) -> bool {
        lease.until < now + self.lasts_ms - self.lasts_ms / 6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_ends_by_its_deadline_and_never_ends_late() {
        let term = Term::of(20);
        let lease = term.lease("vm1", 10_000, 0);
        assert!(term.holds(&lease, 10_000) && term.holds(&lease, 12_999));
        assert!(!term.holds(&lease, 13_000));
        assert!(!term.is_to_be_renewed(&lease, 10_500) && term.is_to_be_renewed(&lease, 10_501));
        let ahead = Lease {
            until: 10_000 + LASTS_MS + SLACK_MS + 1,
            ..lease.clone()
        };
        assert!(!term.holds(&ahead, 10_000), "no lease lasts so long");
        let left = Lease {
            holder: String::new(),
            ..lease
        };
        assert!(!term.holds(&left, 10_000));
    }

    #[test]
    fn the_less_may_be_silent_the_shorter() {
        let lasts = [0, 1, 2, 3, 20].map(|wait_s| Term::of(wait_s).lasts_ms);
        assert_eq!(lasts, [750, 1_500, 2_250, 3_000, 3_000]);
    }
}
