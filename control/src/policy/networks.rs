//! Sets of addresses: what `ip` selectors of a rule leave, all together.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};

/// A set of IPv4 and IPv6 addresses. An IPv4 address written as IPv6 (RFC 4291, section 2.5.5.2)
/// counts as IPv4, as it does to filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Networks {
    v4: Intervals,
    v6: Intervals,
}

/// Disjoint intervals in ascending order, both ends included; none touches the next.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Intervals(Vec<(u128, u128)>);

const LAST_V4: u128 = u32::MAX as u128;

impl Networks {
    /// Every address.
    #[must_use]
    pub fn all() -> Self {
        Self {
            v4: Intervals(vec![(0, LAST_V4)]),
            v6: Intervals(vec![(0, u128::MAX)]),
        }
    }

    /// No address.
    #[must_use]
    pub fn none() -> Self {
        Self {
            v4: Intervals(Vec::new()),
            v6: Intervals(Vec::new()),
        }
    }

    /// The addresses of these networks.
    #[must_use]
    pub fn of(networks: impl IntoIterator<Item = IpNet>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for network in networks {
            match network {
                IpNet::V4(network) => v4.push((
                    u128::from(u32::from(network.network())),
                    u128::from(u32::from(network.broadcast())),
                )),
                IpNet::V6(network) => v6.push((
                    u128::from(network.network()),
                    u128::from(network.broadcast()),
                )),
            }
        }
        Self {
            v4: Intervals::of(v4),
            v6: Intervals::of(v6),
        }
    }

    /// The addresses in either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.or(&other.v4),
            v6: self.v6.or(&other.v6),
        }
    }

    /// The addresses in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.and(&other.v4),
            v6: self.v6.and(&other.v6),
        }
    }

    /// The addresses that are not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.and(&other.v4.complement(LAST_V4)),
            v6: self.v6.and(&other.v6.complement(u128::MAX)),
        }
    }

    /// Whether every address is in it.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::all()
    }

    /// Whether no address is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.v4.0.is_empty() && self.v6.0.is_empty()
    }

    /// Of how many intervals it consists, which is what it takes in memory.
    #[must_use]
    pub fn intervals(&self) -> usize {
        self.v4.0.len() + self.v6.0.len()
    }

    /// Whether the address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(address) => self.v4.contain(u128::from(u32::from(address))),
            IpAddr::V6(address) => self.v6.contain(u128::from(address)),
        }
    }

    /// The fewest networks that have exactly these addresses, in order.
    #[must_use]
    pub fn to_ranges(&self) -> Vec<IpNet> {
        let v4 = self.v4.0.iter().flat_map(|(first, last)| {
            let end = |end: u128| Ipv4Addr::from(u32::try_from(end).unwrap_or(u32::MAX));
            Ipv4Subnets::new(end(*first), end(*last), 0).map(IpNet::V4)
        });
        let v6 = self.v6.0.iter().flat_map(|(first, last)| {
            Ipv6Subnets::new(Ipv6Addr::from(*first), Ipv6Addr::from(*last), 0).map(IpNet::V6)
        });
        v4.chain(v6).collect()
    }

    /// The same as texts in CIDR notation.
    #[must_use]
    pub fn to_texts(&self) -> Vec<String> {
        let ranges = self.to_ranges();
        ranges.iter().map(ToString::to_string).collect()
    }
}

impl Intervals {
    fn of(mut intervals: Vec<(u128, u128)>) -> Self {
        intervals.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::with_capacity(intervals.len());
        for (first, last) in intervals {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => {
                    before.1 = before.1.max(last);
                }
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    fn or(&self, other: &Self) -> Self {
        Self::of([self.0.as_slice(), other.0.as_slice()].concat())
    }

    fn and(&self, other: &Self) -> Self {
        let (mut mine, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut both = Vec::new();
        while let (Some(a), Some(b)) = (mine.peek(), theirs.peek()) {
            let (first, last) = (a.0.max(b.0), a.1.min(b.1));
            if first <= last {
                both.push((first, last));
            }
            if a.1 < b.1 {
                mine.next();
            } else {
                theirs.next();
            }
        }
        Self(both)
    }

    fn complement(&self, end: u128) -> Self {
        let mut gaps = Vec::new();
        let mut next = Some(0);
        for (first, last) in &self.0 {
            if let Some(next) = next
                && next < *first
            {
                gaps.push((next, first - 1));
            }
            next = last.checked_add(1).filter(|next| *next <= end);
        }
        gaps.extend(next.map(|next| (next, end)));
        Self(gaps)
    }

    fn contain(&self, address: u128) -> bool {
        let at = self.0.partition_point(|(_, last)| *last < address);
        self.0.get(at).is_some_and(|(first, _)| *first <= address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Networks {
        Networks::of(texts.iter().map(|text| text.parse().unwrap()))
    }

    fn ranges(networks: &Networks) -> Vec<String> {
        let ranges = networks.to_ranges();
        ranges.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn sets_are_written_as_the_fewest_networks() {
        for (set, expected) in [
            (networks(&[]), &[][..]),
            (Networks::all(), &["0.0.0.0/0", "::/0"]),
            (networks(&["10.0.0.0/9", "10.128.0.0/9"]), &["10.0.0.0/8"]),
            (
                networks(&["10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32"]),
                &["10.0.0.0/8", "2001:db8::/32"],
            ),
            (
                networks(&["10.0.0.0/30"]).without(&networks(&["10.0.0.1/32"])),
                &["10.0.0.0/32", "10.0.0.2/31"],
            ),
            (
                networks(&["255.255.255.254/31"]).without(&networks(&["255.255.255.255/32"])),
                &["255.255.255.254/32"],
            ),
        ] {
            assert_eq!(ranges(&set), expected);
        }
        let hole = Networks::all().without(&networks(&["2001:db8::1/128"]));
        assert_eq!(hole.to_ranges().len(), 1 + 128);
        assert!(
            !Networks::all()
                .without(&Networks::all())
                .contains([0; 4].into())
        );
        assert!(Networks::all().without(&Networks::all()).is_empty());
    }

    #[test]
    fn membership_is_exact_at_the_edges() {
        let set = networks(&["10.0.0.0/8", "2001:db8::/32"]).without(&networks(&["10.0.0.0/16"]));
        for (address, inside) in [
            ("9.255.255.255", false),
            ("10.0.255.255", false),
            ("10.1.0.0", true),
            ("10.255.255.255", true),
            ("11.0.0.0", false),
            ("::ffff:10.1.0.0", true),
            ("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", false),
            ("2001:db8::", true),
            ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true),
            ("2001:db9::", false),
        ] {
            assert_eq!(set.contains(address.parse().unwrap()), inside, "{address}");
        }
    }
}
