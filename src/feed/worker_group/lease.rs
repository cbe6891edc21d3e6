//! The lease: which VM polls. The leader writes its name with a deadline, and renews it while it is
//! alive.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::layout::LEASE;
use super::shared_data::SharedDataError;
use super::store::{AuthenticatedStore, Found, Watched};
use crate::feed::timing::{LEASE_SLACK, LEASE_TERM, RENEWAL_FRACTION};
use crate::time::UnixMillis;

/// A lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Lease {
    /// The VM that polls; empty when it has stepped down.
    holder: String,
    /// When the lease ends unless it is renewed.
    until: UnixMillis,
    /// When the holder's last successful poll was answered.
    last_success: UnixMillis,
}

/// How long leases last.
#[derive(Debug, Clone, Copy)]
struct Term(Duration);

/// A VM's view of the lease.
pub struct LeaseHandle {
    vm: String,
    term: Term,
    lease: Watched<Lease>,
}

/// Whose the lease is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// No VM's, since this time.
    Free { since: UnixMillis },
    /// In this VM's name, whether or not it has lapsed.
    Own { until: UnixMillis, is_due: bool },
    /// Another VM's, whose last success was at this time.
    Other { last_success: UnixMillis },
}

impl LeaseHandle {
    /// For a VM whose polls have this wait.
    pub fn new(vm: String, wait: Duration) -> Self {
        Self {
            vm,
            term: Term::of(wait),
            lease: Watched::new(LEASE),
        }
    }

    /// The name of this VM.
    pub fn vm(&self) -> &str {
        &self.vm
    }

    /// Reads the lease. Returns whether it is in this VM's name.
    pub fn look(&mut self, store: &AuthenticatedStore) -> Result<bool, SharedDataError> {
        let lease = self.lease.look(store)?;
        Ok(lease.is_some_and(|lease| lease.holder == self.vm))
    }

    /// Whose the lease is, as last read.
    pub fn standing(&self, now: UnixMillis) -> Standing {
        match self.lease.seen() {
            None => Standing::Free {
                since: UnixMillis::EPOCH,
            },
            Some(lease) if lease.holder == self.vm => Standing::Own {
                until: lease.until,
                is_due: self.term.is_due_for_renewal(lease, now),
            },
            Some(lease) if self.term.is_in_force(lease, now) => Standing::Other {
                last_success: lease.last_success,
            },
            Some(lease) => Standing::Free { since: lease.until },
        }
    }

    /// Acquires or renews the lease, unless it was written since it was last read.
    pub fn write(
        &self,
        store: &AuthenticatedStore,
        last_success: UnixMillis,
        now: UnixMillis,
    ) -> Result<(), SharedDataError> {
        let lease = self.term.lease(&self.vm, now, last_success);
        store.write_small(LEASE, &lease, self.lease.precondition())
    }

    /// Gives the lease back if it is in this VM's name.
    pub fn release(
        &self,
        store: &AuthenticatedStore,
        now: UnixMillis,
    ) -> Result<(), SharedDataError> {
        let Found {
            value,
            precondition,
        } = store.read_small::<Lease>(LEASE)?;
        let Some(lease) = value.filter(|lease| lease.holder == self.vm) else {
            return Ok(());
        };
        let free = Lease {
            holder: String::new(),
            until: now,
            ..lease
        };
        store.write_small(LEASE, &free, precondition)
    }
}

impl Term {
    /// For polls with this wait: the shorter the feed may be silent, the sooner another VM must be
    /// able to acquire the lease.
    fn of(wait: Duration) -> Self {
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
        Self(
            (LEASE_TERM / 4)
                .saturating_mul(seconds.saturating_add(1))
                .min(LEASE_TERM),
        )
    }

    /// A lease that begins now.
    fn lease(self, holder: &str, now: UnixMillis, last_success: UnixMillis) -> Lease {
        Lease {
            holder: holder.to_owned(),
            until: now + self.0,
            last_success,
        }
    }

    /// Whether a lease is in force. One that ends later than any lease can, because it was forged
    /// or a clock was ahead, is not.
    fn is_in_force(self, lease: &Lease, now: UnixMillis) -> bool {
        !lease.holder.is_empty() && now < lease.until && lease.until <= now + self.0 + LEASE_SLACK
    }

    /// Whether the holder should renew the lease.
    fn is_due_for_renewal(self, lease: &Lease, now: UnixMillis) -> bool {
        lease.until < now + self.0.saturating_sub(self.0 / RENEWAL_FRACTION)
            || !self.is_in_force(lease, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> UnixMillis {
        UnixMillis::new(millis)
    }

    #[test]
    fn a_lease_ends_at_its_deadline_and_never_later_than_a_lease_can() {
        let term = Term::of(Duration::from_secs(20));
        let lease = term.lease("vm1", at(10_000), UnixMillis::EPOCH);
        assert!(term.is_in_force(&lease, at(10_000)) && term.is_in_force(&lease, at(12_999)));
        assert!(!term.is_in_force(&lease, at(13_000)));
        assert!(!term.is_due_for_renewal(&lease, at(10_500)));
        assert!(term.is_due_for_renewal(&lease, at(10_501)));
        assert!(term.is_due_for_renewal(&lease, at(20_000)), "it has lapsed");
        let ahead = Lease {
            until: at(10_001) + LEASE_TERM + LEASE_SLACK,
            ..lease.clone()
        };
        assert!(
            !term.is_in_force(&ahead, at(10_000)),
            "no lease lasts so long"
        );
        assert!(term.is_due_for_renewal(&ahead, at(10_000)));
        let free = Lease {
            holder: String::new(),
            ..lease
        };
        assert!(!term.is_in_force(&free, at(10_000)));
    }

    #[test]
    fn the_shorter_the_wait_the_shorter_the_lease() {
        let lasts = [0, 1, 2, 3, 20].map(|wait| Term::of(Duration::from_secs(wait)).0.as_millis());
        assert_eq!(lasts, [750, 1_500, 2_250, 3_000, 3_000]);
    }
}
