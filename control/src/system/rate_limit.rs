//! Limits on how often something may happen, for each of many keys.
//!
//! The generic cell rate algorithm: one number for each key, the time at which its allowance is
//! whole again. Keys are hashed into a fixed number of cells, so memory is bounded whatever
//! arrives; two keys in one cell share an allowance.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use portcullis::time::UnixMillis;

const CELLS: usize = 1 << 14;
const MINUTE: Duration = Duration::from_secs(60);

/// The allowance is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany {
    /// When the next attempt is allowed, from now.
    pub retry_after: Duration,
}

impl TooMany {
    /// The same in whole seconds, rounded up.
    #[must_use]
    pub fn retry_after_seconds(self) -> u64 {
        self.retry_after.as_secs() + 1
    }
}

/// A limit for each minute and key.
pub(crate) struct RateLimit {
    /// The part of a minute's allowance that one attempt takes.
    cost: Duration,
    hasher: RandomState,
    whole_again_at: Mutex<Vec<UnixMillis>>,
}

impl RateLimit {
    pub(crate) fn new(per_minute: u32) -> Self {
        Self {
            cost: MINUTE / per_minute.max(1),
            // Keyed at random, so that an attacker cannot aim at the cell of another key.
            hasher: RandomState::new(),
            whole_again_at: Mutex::new(vec![UnixMillis::EPOCH; CELLS]),
        }
    }

    pub(crate) fn key(&self, of: impl Hash) -> u64 {
        self.hasher.hash_one(of)
    }

    /// Counts an attempt.
    pub(crate) fn take(&self, key: u64, now: UnixMillis) -> Result<(), TooMany> {
        let mut cells = self
            .whole_again_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(cell) = cells.get_mut(index(key)) else {
            return Ok(());
        };
        // A cell is further ahead only if the clock was set back; its allowance is then whole.
        let before = if *cell > now + MINUTE { now } else { *cell };
        let whole_again_at = before.max(now) + self.cost;
        if whole_again_at > now + MINUTE {
            return Err(TooMany {
                retry_after: whole_again_at.duration_since(now + MINUTE),
            });
        }
        *cell = whole_again_at;
        Ok(())
    }

    /// Takes an attempt out of the count.
    pub(crate) fn give_back(&self, key: u64) {
        let mut cells = self
            .whole_again_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = cells.get_mut(index(key)) {
            *cell = *cell - self.cost;
        }
    }
}

/// The network of an address: one IPv6 client usually has a whole /64.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
        address @ IpAddr::V4(_) => address,
    }
}

/// The wider network of an address: a /24 of IPv4, a /64 of IPv6. Providers give their customers
/// changing addresses within it.
pub(crate) fn wide_network(address: IpAddr) -> String {
    match network(address) {
        IpAddr::V6(network) => format!("{network}/64"),
        IpAddr::V4(address) => {
            let [first, second, third, _] = address.octets();
            format!("{first}.{second}.{third}.0/24")
        }
    }
}

/// The site of an address: what one customer can have many networks in, a /24 of IPv4 or a /48 of
/// IPv6.
pub(crate) fn site(address: IpAddr) -> String {
    match network(address) {
        IpAddr::V6(network) => {
            let site = u128::from(network) >> 80 << 80;
            format!("{}/48", std::net::Ipv6Addr::from(site))
        }
        IpAddr::V4(_) => wide_network(address),
    }
}

fn index(key: u64) -> usize {
    usize::try_from(key % CELLS as u64).unwrap_or(0)
}
