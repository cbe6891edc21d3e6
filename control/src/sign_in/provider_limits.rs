//! How many sign-ins with providers may fail for one client. Each costs calls to the provider.

use std::net::IpAddr;

use portcullis::time::UnixMillis;

use crate::system::rate_limit::{RateLimit, TooMany, network};

/// Sign-ins in progress count until they succeed, so this is enough for a whole office behind one
/// address.
const A_MINUTE: u32 = 120;

/// The limit.
pub struct ProviderLimits(RateLimit);

impl Default for ProviderLimits {
    fn default() -> Self {
        Self(RateLimit::new(A_MINUTE))
    }
}

impl ProviderLimits {
    /// The key of a client.
    pub fn key(&self, client: IpAddr) -> u64 {
        self.0.key(network(client))
    }

    /// Counts a sign-in.
    ///
    /// # Errors
    /// When too many have failed.
    pub fn take(&self, key: u64, now: UnixMillis) -> Result<(), TooMany> {
        self.0.take(key, now)
    }

    /// Takes one that succeeded out of the count.
    pub fn give_back(&self, key: u64) {
        self.0.give_back(key);
    }
}
