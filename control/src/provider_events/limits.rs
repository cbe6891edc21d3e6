//! How many reports may fail, and how many may take effect.

use std::net::IpAddr;

use portcullis::time::UnixMillis;

use crate::system::rate_limit::{RateLimit, TooMany, network};

/// Reports of one network that fail: each costs a signature to check, or a guess at a token. Reports
/// count until they are verified, so this is also how many may be under way.
const FAILURES_A_MINUTE: u32 = 120;
/// Reports of one provider that are verified: each is a transaction, and a version of the feed. Far
/// more than people sign out, so that only a provider out of control meets it.
pub const VERIFIED_A_MINUTE: u32 = 6_000;
/// Lines in the log that tell of a provider out of control.
const TOLD_A_MINUTE: u32 = 1;

/// The limits. That of a network is one for each provider.
pub struct ReportLimits {
    failures: RateLimit,
    verified: RateLimit,
    told: RateLimit,
}

/// A report that counts as a failure.
#[derive(Debug, Clone, Copy)]
pub struct Taken(u64);

impl Default for ReportLimits {
    fn default() -> Self {
        Self {
            failures: RateLimit::new(FAILURES_A_MINUTE),
            verified: RateLimit::new(VERIFIED_A_MINUTE),
            told: RateLimit::new(TOLD_A_MINUTE),
        }
    }
}

impl ReportLimits {
    /// Counts a report as a failure.
    ///
    /// # Errors
    /// When too many failed.
    pub fn take(&self, client: IpAddr, provider: &str, now: UnixMillis) -> Result<Taken, TooMany> {
        let key = self.failures.key((network(client), provider));
        self.failures.take(key, now)?;
        Ok(Taken(key))
    }

    /// Takes a report out of the count.
    pub fn give_back(&self, Taken(key): Taken) {
        self.failures.give_back(key);
    }

    /// Counts a report that was verified.
    ///
    /// # Errors
    /// When the provider sends too many.
    pub fn verified(&self, provider: &str, now: UnixMillis) -> Result<(), TooMany> {
        let counted = self.verified.take(self.verified.key(provider), now);
        if counted.is_err() && self.told.take(self.told.key(provider), now).is_ok() {
            tracing::error!(
                provider,
                limit = VERIFIED_A_MINUTE,
                "an identity provider sends more reports in a minute than are accepted: people whom it \
                 reports may keep their access until it sends them again"
            );
        }
        counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis::new(1_000_000_000);

    #[test]
    fn failures_of_one_network_at_one_provider_are_limited_and_reports_are_not() {
        let limits = ReportLimits::default();
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        for _ in 0..10 * FAILURES_A_MINUTE {
            let taken = limits.take(one, "corp", NOW).unwrap();
            limits.give_back(taken);
        }
        for _ in 0..FAILURES_A_MINUTE {
            assert!(limits.take(one, "corp", NOW).is_ok());
        }
        assert!(limits.take(one, "corp", NOW).is_err());
        assert!(limits.take(other, "corp", NOW).is_ok());
        assert!(limits.take(one, "partner", NOW).is_ok());
    }

    #[test]
    fn verified_reports_of_one_provider_are_limited() {
        let limits = ReportLimits::default();
        for _ in 0..VERIFIED_A_MINUTE {
            assert!(limits.verified("corp", NOW).is_ok());
        }
        assert!(limits.verified("corp", NOW).is_err());
        assert!(limits.verified("partner", NOW).is_ok());
    }
}
