//! How many calls may be made for pairs that are not known. Anyone can invent pairs of the right
//! form, and each would cost a call. Pairs that were found good before do not come here.
//!
//! There is a token bucket for the whole VM, and a smaller one for each network, so that one sender
//! cannot use up what all others need.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use crate::filter::event::Moment;
use crate::time::UnixMillis;

/// Of the VM: 64 calls at once, 20 in a second.
const OF_ALL: Size = Size {
    calls: 64,
    one_more: Duration::from_millis(50),
};
/// Of a network: 16 calls at once, 5 in a second.
const OF_A_NETWORK: Size = Size {
    calls: 16,
    one_more: Duration::from_millis(200),
};
/// Buckets for networks, some of which share one.
const NETWORKS: u64 = 64;

/// What is left for pairs that are not known.
pub(in crate::filter) struct Allowance {
    all: Bucket,
    networks: Vec<Bucket>,
    // Keyed at random: nobody can choose a network that shares a bucket with another.
    hasher: RandomState,
}

/// How many calls a bucket holds, and after which time there is one more.
#[derive(Clone, Copy)]
struct Size {
    calls: u32,
    one_more: Duration,
}

/// What is in a bucket, told by the moment at which it will be full.
#[derive(Clone, Copy, Default)]
struct Bucket {
    full_at: UnixMillis,
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            all: Bucket::default(),
            networks: (0..NETWORKS).map(|_| Bucket::default()).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl Allowance {
    /// Takes a call for the client of this moment; false if there is none left. What a network may
    /// not have is left to others.
    pub fn take(&mut self, moment: &Moment<'_>) -> bool {
        let network = (moment.address)().map(network);
        let index = usize::try_from(self.hasher.hash_one(network) % NETWORKS).unwrap_or_default();
        let of_network = self.networks.get_mut(index);
        of_network.is_some_and(|bucket| bucket.take(OF_A_NETWORK, moment.now))
            && self.all.take(OF_ALL, moment.now)
    }
}

impl Bucket {
    fn take(&mut self, size: Size, now: UnixMillis) -> bool {
        let full_after_all = now + size.one_more * size.calls;
        // It is further ahead only if the clock was set back: the bucket is full then.
        let full_at = if self.full_at > full_after_all {
            now
        } else {
            self.full_at.max(now)
        };
        let full_at = full_at + size.one_more;
        let has_one = full_at <= full_after_all;
        if has_one {
            self.full_at = full_at;
        }
        has_one
    }
}

/// One IPv6 client usually has a whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::login::attempt::tests::Counting;

    const NOW: UnixMillis = UnixMillis::new(1_000_000_000);

    /// How many of a thousand calls are allowed.
    fn allowed(allowance: &mut Allowance, now: UnixMillis, from: &str) -> usize {
        let address: IpAddr = from.parse().unwrap();
        let moment = Moment {
            now,
            random: &mut Counting(1),
            address: &|| Some(address),
        };
        (0..1_000).filter(|_| allowance.take(&moment)).count()
    }

    #[test]
    fn one_network_leaves_calls_for_others() {
        let mut allowance = Allowance::default();
        assert_eq!(allowed(&mut allowance, NOW, "192.0.2.1"), 16);
        assert_eq!(allowed(&mut allowance, NOW, "::ffff:192.0.2.1"), 0);
        let second = Duration::from_secs(1);
        assert_eq!(allowed(&mut allowance, NOW + second, "192.0.2.1"), 5);
        let mut others = 0;
        for host in 0..200 {
            others += allowed(&mut allowance, NOW + second, &format!("198.51.100.{host}"));
        }
        assert!((16..=64).contains(&others), "{others}");
        let mut allowance = Allowance::default();
        assert_eq!(allowed(&mut allowance, NOW, "2001:db8:1:2:3::4"), 16);
        assert_eq!(allowed(&mut allowance, NOW, "2001:db8:1:2:ffff::"), 0);
    }

    #[test]
    fn a_vm_makes_no_more_calls_whoever_asks() {
        let mut allowance = Allowance::default();
        let mut all = 0;
        for host in 0..250 {
            all += allowed(&mut allowance, NOW, &format!("192.0.2.{host}"));
        }
        assert_eq!(all, 64);
        let later = NOW + Duration::from_secs(3_600);
        assert_eq!(allowed(&mut allowance, later, "192.0.2.1"), 16);
        // A clock that was set back fills the buckets.
        assert_eq!(allowed(&mut allowance, NOW, "192.0.2.1"), 16);
    }
}
