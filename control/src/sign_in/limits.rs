//! How often signing in may fail, for one e-mail address and from one client address.
//!
//! The generic cell rate algorithm: one number for each key, the time at which its allowance is
//! whole again. Keys are hashed into a fixed number of cells, so memory is bounded whatever
//! arrives; two keys that share a cell share an allowance. An attempt is counted before the
//! password is looked at, so that parallel guesses count, and given back if it succeeds.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::config::SignIn;

const CELLS: usize = 1 << 14;
const MINUTE: Duration = Duration::from_secs(60);

/// The limits of the whole sign-in page.
pub struct SignInLimits {
    by_email: Limit,
    by_address: Limit,
}

/// An attempt that was counted.
#[must_use = "an attempt that succeeded must be given back"]
pub struct Attempt {
    email: u64,
    address: u64,
}

/// How long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany {
    /// Until an attempt is allowed again.
    pub retry_after: Duration,
}

impl SignInLimits {
    /// Allows what the configuration says, a minute.
    #[must_use]
    pub fn new(config: SignIn) -> Self {
        Self {
            by_email: Limit::new(config.failures_per_email),
            by_address: Limit::new(config.failures_per_address),
        }
    }

    /// Counts an attempt.
    ///
    /// # Errors
    /// When there were too many.
    pub fn attempt(&self, email: &str, address: IpAddr, now: Duration) -> Result<Attempt, TooMany> {
        let attempt = Attempt {
            email: self.by_email.key(email),
            address: self.by_address.key(network(address)),
        };
        self.by_address.take(attempt.address, now)?;
        self.by_email.take(attempt.email, now)?;
        Ok(attempt)
    }

    /// Takes an attempt that succeeded out of the count.
    pub fn succeeded(&self, attempt: &Attempt) {
        self.by_email.give_back(attempt.email);
        self.by_address.give_back(attempt.address);
    }
}

/// Who gets one IPv6 address gets a /64 of them.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
        address @ IpAddr::V4(_) => address,
    }
}

/// A limit a minute for each key.
pub(crate) struct Limit {
    /// What one attempt costs.
    cost: Duration,
    hasher: RandomState,
    whole_again_at: Mutex<Vec<Duration>>,
}

impl Limit {
    pub(crate) fn new(per_minute: u32) -> Self {
        Self {
            cost: MINUTE / per_minute.max(1),
            // Keyed at random, so that nobody can aim at another's cell.
            hasher: RandomState::new(),
            whole_again_at: Mutex::new(vec![Duration::ZERO; CELLS]),
        }
    }

    pub(crate) fn key(&self, of: impl Hash) -> u64 {
        self.hasher.hash_one(of)
    }

    pub(crate) fn take(&self, key: u64, now: Duration) -> Result<(), TooMany> {
        let mut cells = self
            .whole_again_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(cell) = cells.get_mut(index(key)) else {
            return Ok(());
        };
        // Further ahead than that it can only be if the clock went back: begin anew.
        let before = if *cell > now + MINUTE { now } else { *cell };
        let whole_again_at = before.max(now) + self.cost;
        if whole_again_at > now + MINUTE {
            return Err(TooMany {
                retry_after: whole_again_at.saturating_sub(now + MINUTE),
            });
        }
        *cell = whole_again_at;
        Ok(())
    }

    pub(crate) fn give_back(&self, key: u64) {
        let mut cells = self
            .whole_again_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = cells.get_mut(index(key)) {
            *cell = cell.saturating_sub(self.cost);
        }
    }
}

fn index(key: u64) -> usize {
    usize::try_from(key % CELLS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_000_000);
    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn limits(failures_per_email: u32, failures_per_address: u32) -> SignInLimits {
        SignInLimits::new(SignIn {
            failures_per_email,
            failures_per_address,
        })
    }

    #[test]
    fn failures_of_one_email_are_limited() {
        let limits = limits(3, 100);
        for _ in 0..3 {
            assert!(limits.attempt("a@b", HERE, NOW).is_ok());
        }
        let refused = limits.attempt("a@b", HERE, NOW).err().unwrap();
        assert_eq!(refused.retry_after, Duration::from_secs(20));
        assert!(
            limits
                .attempt("a@b", HERE, NOW + refused.retry_after)
                .is_ok()
        );
    }

    #[test]
    fn successes_cost_nothing() {
        let limits = limits(1, 1);
        for _ in 0..50 {
            let attempt = limits.attempt("a@b", HERE, NOW).unwrap();
            limits.succeeded(&attempt);
        }
    }

    #[test]
    fn neighbours_in_one_ipv6_network_are_one_client() {
        let limits = limits(100, 1);
        assert!(
            limits
                .attempt("a@b", "2001:db8::1".parse().unwrap(), NOW)
                .is_ok()
        );
        assert!(
            limits
                .attempt("c@d", "2001:db8::2".parse().unwrap(), NOW)
                .is_err()
        );
        assert!(
            limits
                .attempt("e@f", "2001:db8:0:1::1".parse().unwrap(), NOW)
                .is_ok()
        );
    }

    #[test]
    fn a_clock_that_went_back_locks_nobody_out() {
        let limits = limits(2, 100);
        assert!(limits.attempt("a@b", HERE, NOW).is_ok());
        let before = NOW - Duration::from_secs(500_000);
        assert!(limits.attempt("a@b", HERE, before).is_ok());
    }
}
