//! How many reports of one address may fail. Each costs a signature to check, or a guess at a token.

use std::net::IpAddr;

use portcullis::time::UnixMillis;

use crate::system::rate_limit::{RateLimit, TooMany, network};

/// Reports count until they are verified, so this is also how many may be under way.
const A_MINUTE: u32 = 120;

/// The limit.
pub struct ReportLimits(RateLimit);

impl Default for ReportLimits {
    fn default() -> Self {
        Self(RateLimit::new(A_MINUTE))
    }
}

impl ReportLimits {
    /// Counts a report. Returns the key to give it back by.
    ///
    /// # Errors
    /// When too many failed.
    pub fn take(&self, client: IpAddr, now: UnixMillis) -> Result<u64, TooMany> {
        let key = self.0.key(network(client));
        self.0.take(key, now)?;
        Ok(key)
    }

    /// Takes a report that was verified out of the count.
    pub fn give_back(&self, key: u64) {
        self.0.give_back(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis::new(1_000_000_000);

    #[test]
    fn failures_of_one_address_are_limited_and_reports_are_not() {
        let limits = ReportLimits::default();
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        for _ in 0..10 * A_MINUTE {
            let key = limits.take(one, NOW).unwrap();
            limits.give_back(key);
        }
        for _ in 0..A_MINUTE {
            assert!(limits.take(one, NOW).is_ok());
        }
        assert!(limits.take(one, NOW).is_err());
        assert!(limits.take(other, NOW).is_ok());
    }
}
