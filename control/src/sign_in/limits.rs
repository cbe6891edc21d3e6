//! How often sign-ins may fail, for one e-mail address and for one client address.
//!
//! An attempt is counted before the password is checked, so that parallel guesses count, and given
//! back if it succeeds.

use std::net::IpAddr;

use portcullis::time::UnixMillis;

use crate::config::settings::SignInConfig;
use crate::system::rate_limit::{RateLimit, TooMany, network};

/// The limits on failed sign-ins.
pub struct SignInLimits {
    by_email: RateLimit,
    by_address: RateLimit,
}

/// An attempt that was counted.
#[must_use = "an attempt that succeeded must be given back"]
pub struct Attempt {
    email: u64,
    address: u64,
}

impl SignInLimits {
    /// Allows each minute as many failures as the configuration says.
    #[must_use]
    pub fn new(config: SignInConfig) -> Self {
        Self {
            by_email: RateLimit::new(config.failures_per_email),
            by_address: RateLimit::new(config.failures_per_address),
        }
    }

    /// Counts an attempt.
    ///
    /// # Errors
    /// When there were too many.
    pub fn attempt(
        &self,
        email: &str,
        address: IpAddr,
        now: UnixMillis,
    ) -> Result<Attempt, TooMany> {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: UnixMillis = UnixMillis::new(1_000_000_000);
    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn limits(failures_per_email: u32, failures_per_address: u32) -> SignInLimits {
        SignInLimits::new(SignInConfig {
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
    fn a_clock_that_is_set_back_locks_no_user_out() {
        let limits = limits(2, 100);
        assert!(limits.attempt("a@b", HERE, NOW).is_ok());
        let before = NOW - Duration::from_secs(500_000);
        assert!(limits.attempt("a@b", HERE, before).is_ok());
    }
}
