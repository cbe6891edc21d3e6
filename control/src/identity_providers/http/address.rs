//! Which addresses may be called for a provider.
//!
//! Addresses come from the configuration (the issuer) and from the provider (endpoints, redirects,
//! and what its names resolve to). What the provider says must not lead into a network that the
//! administrator did not name: to this machine, to the company's own network, or to the metadata
//! service of a cloud.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portcullis::protocol::origin::is_loopback;
use reqwest::Url;

/// A part of the address space that is as reachable as the rest of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// The Internet.
    Public,
    /// Private networks (RFC 1918, RFC 4193, RFC 6598).
    Private,
    /// The local link (RFC 3927, RFC 4291), where clouds have their metadata services.
    LinkLocal,
    /// This machine.
    Loopback,
    /// What no server has: unspecified, multicast, reserved, for documentation.
    Unusable,
}

/// The host that a URL names, as far as its text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A name below `localhost` (RFC 6761, section 6.3), which is not resolved.
    ThisMachine,
    /// An address.
    Address(IpAddr),
    /// A name to be resolved.
    Name(String),
}

impl Zone {
    /// The zone of an address. An IPv6 address that carries an IPv4 address has the zone of that one.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => match embedded(address) {
                Some(inner) => Self::of_v4(inner),
                None => Self::of_v6(address),
            },
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        match address.octets() {
            [127, ..] => Self::Loopback,
            [169, 254, ..] => Self::LinkLocal,
            [10, ..] | [192, 168, ..] | [198, 18 | 19, ..] => Self::Private,
            [172, second, ..] if second & 0xf0 == 16 => Self::Private,
            [100, second, ..] if second & 0xc0 == 64 => Self::Private,
            [0, ..] | [192, 0, 0 | 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Self::Unusable,
            [first, ..] if first >= 224 => Self::Unusable,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        match address.segments() {
            _ if address.is_loopback() => Self::Loopback,
            [0x2001, 0x0db8, ..] => Self::Unusable,
            [first, ..] if first & 0xffc0 == 0xfe80 => Self::LinkLocal,
            [first, ..] if first & 0xfe00 == 0xfc00 => Self::Private,
            [first, ..] if first & 0xe000 == 0x2000 => Self::Public,
            _ => Self::Unusable,
        }
    }
}

impl Host {
    /// The host of a URL; `None` if it has none.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        url.host_str().map(Self::parse)
    }

    /// A host as URLs write it, with brackets around an IPv6 address.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let literal = text.trim_start_matches('[').trim_end_matches(']');
        match literal.parse() {
            Ok(address) => Self::Address(address),
            Err(_) if is_loopback(text) => Self::ThisMachine,
            Err(_) => Self::Name(text.to_owned()),
        }
    }

    /// Whether it is this machine.
    #[must_use]
    pub fn is_this_machine(&self) -> bool {
        match self {
            Self::ThisMachine => true,
            Self::Address(address) => Zone::of(*address) == Zone::Loopback,
            Self::Name(_) => false,
        }
    }
}

/// The IPv4 address in an IPv4-mapped (RFC 4291), NAT64 (RFC 6052) or 6to4 (RFC 3056) address.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(of(high, low))
        }
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_has_its_zone() {
        for (addresses, zone) in [
            (
                &["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::808:808"][..],
                Zone::Public,
            ),
            (
                &[
                    "10.0.0.1",
                    "172.31.255.1",
                    "192.168.1.1",
                    "100.64.0.1",
                    "fd00::1",
                    "::ffff:10.0.0.1",
                    "64:ff9b::a00:1",
                    "2002:a00:1::1",
                ],
                Zone::Private,
            ),
            (
                &["169.254.169.254", "fe80::1", "::ffff:169.254.169.254"],
                Zone::LinkLocal,
            ),
            (
                &["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"],
                Zone::Loopback,
            ),
            (
                &[
                    "0.0.0.0",
                    "::",
                    "224.0.0.1",
                    "255.255.255.255",
                    "ff02::1",
                    "203.0.113.9",
                    "2001:db8::1",
                    "::7f00:1",
                ],
                Zone::Unusable,
            ),
            (&["172.32.0.1", "100.128.0.1", "11.0.0.1"], Zone::Public),
        ] {
            for address in addresses {
                assert_eq!(Zone::of(address.parse().unwrap()), zone, "{address}");
            }
        }
    }

    #[test]
    fn hosts_of_this_machine_are_known() {
        for (url, here) in [
            ("http://localhost:1", true),
            ("http://sso.localhost/x", true),
            ("http://127.0.0.2/", true),
            ("http://[::1]:3/", true),
            ("http://2130706433/", true),
            ("http://0x7f.1/", true),
            ("http://localhost.example.com/", false),
            ("http://10.0.0.1/", false),
        ] {
            let host = Host::of(&Url::parse(url).unwrap()).unwrap();
            assert_eq!(host.is_this_machine(), here, "{url}");
        }
    }
}
