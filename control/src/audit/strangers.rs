//! Bounds what strangers can write into the audit log by failing, so that a flood does not fill the
//! disk: beyond a few a minute for each network, and some for all of them, events are counted, and
//! each count has one line for its minute.
//!
//! Each process has these bounds.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use portcullis::time::UnixMillis;

use super::event::Event;
use super::event_name::EventName;
use crate::system::rate_limit::{RateLimit, wide_network};

/// How many lines a minute one network may cause.
const OF_ONE_NETWORK: u32 = 10;
/// How many lines a minute all networks together may cause by tries that concern no user.
const WITHOUT_USER: u32 = 30;
/// How many more by tries that concern a user. So tries for made-up addresses do not hide them.
const WITH_USER: u32 = 120;
/// How many networks have a count of their own in a minute. All others share one.
const COUNTED_APART: usize = 16;
const MINUTE_MILLIS: u64 = 60_000;

/// The bounds, and what is counted and not yet stored.
pub struct Strangers {
    by_network: RateLimit,
    without_user: RateLimit,
    with_user: RateLimit,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    minute: u64,
    /// Those that have a count of their own in this minute.
    apart: HashSet<String>,
    pending: HashMap<Counted, u64>,
}

/// What is counted together: events of one name from one network in one minute.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Counted {
    /// The minute since 1970.
    pub minute: u64,
    /// The event.
    pub name: EventName,
    /// The network; empty for all that have no count of their own.
    pub network: String,
}

impl Default for Strangers {
    fn default() -> Self {
        Self {
            by_network: RateLimit::new(OF_ONE_NETWORK),
            without_user: RateLimit::new(WITHOUT_USER),
            with_user: RateLimit::new(WITH_USER),
            counts: Mutex::default(),
        }
    }
}

impl Strangers {
    /// Whether an event gets a line. If not, it is counted.
    pub fn admit(&self, event: &Event, now: UnixMillis) -> bool {
        let address = event.by.source.address;
        let network = address.map_or_else(String::new, network_of);
        let key = self.by_network.key(&network);
        let of_all = match event.user.id.is_empty() {
            true => &self.without_user,
            false => &self.with_user,
        };
        let admitted = self.by_network.take(key, now).is_ok() && of_all.take(0, now).is_ok();
        if !admitted {
            self.count(event.name, network, now.get() / MINUTE_MILLIS);
        }
        admitted
    }

    fn count(&self, name: EventName, network: String, minute: u64) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.minute != minute {
            counts.minute = minute;
            counts.apart.clear();
        }
        let is_apart = counts.apart.contains(&network)
            || (counts.apart.len() < COUNTED_APART && counts.apart.insert(network.clone()));
        let counted = Counted {
            minute,
            name,
            network: if is_apart { network } else { String::new() },
        };
        *counts.pending.entry(counted).or_default() += 1;
    }

    /// What was counted since the last call.
    pub fn take(&self) -> Vec<(Counted, u64)> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.pending.drain().collect()
    }

    /// Puts back what could not be stored. It is bounded: older minutes are added to the present one.
    pub fn put_back(&self, counted: Vec<(Counted, u64)>) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = counts.minute;
        for (counted, count) in counted {
            let counted = Counted { minute, ..counted };
            let is_new = !counts.pending.contains_key(&counted);
            let network = match is_new && counts.pending.len() >= 2 * COUNTED_APART {
                true => String::new(),
                false => counted.network,
            };
            let counted = Counted { network, ..counted };
            *counts.pending.entry(counted).or_default() += count;
        }
    }
}

/// An address of IPv4, or the /64 of one of IPv6.
fn network_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        address @ IpAddr::V6(_) => wide_network(address),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;
    use crate::audit::source::Source;
    use crate::audit::{Actor, Subject};

    const NOW: UnixMillis = UnixMillis::new(1_700_000_000_000);

    fn failed(address: IpAddr, user: &str) -> Event {
        let source = Source {
            address: Some(address),
            ..Source::default()
        };
        let by = source.by(Actor::Unknown);
        Event::new(EventName::SignInFailed, &by, Subject::none()).of_user(user, "")
    }

    fn counted(strangers: &Strangers) -> (usize, u64) {
        let taken = strangers.take();
        (taken.len(), taken.iter().map(|(_, count)| count).sum())
    }

    #[test]
    fn one_address_gets_a_few_lines_and_one_count() {
        let strangers = Strangers::default();
        let here: IpAddr = "192.0.2.7".parse().unwrap();
        let lines = (0..5_000).filter(|_| strangers.admit(&failed(here, ""), NOW));
        assert_eq!(lines.count(), 10);
        assert_eq!(counted(&strangers), (1, 4_990));
        assert_eq!(counted(&strangers), (0, 0));
        let other: IpAddr = "192.0.2.8".parse().unwrap();
        assert!(strangers.admit(&failed(other, ""), NOW));
        let later = NOW + std::time::Duration::from_secs(60);
        assert!(strangers.admit(&failed(here, ""), later));
    }

    #[test]
    fn many_networks_get_no_more_lines_than_all_may_have() {
        let strangers = Strangers::default();
        let network =
            |number: u128| IpAddr::V6(Ipv6Addr::from((0x2001_0db8 << 96) | (number << 64)));
        let lines = (0..5_000).filter(|number| strangers.admit(&failed(network(*number), ""), NOW));
        assert_eq!(lines.count(), WITHOUT_USER as usize);
        let (rows, count) = counted(&strangers);
        assert_eq!(
            (rows, count),
            (COUNTED_APART + 1, 5_000 - u64::from(WITHOUT_USER))
        );
        // The next flush in the same minute has the same rows.
        let again = (0..5_000).filter(|number| strangers.admit(&failed(network(*number), ""), NOW));
        assert_eq!(again.count(), 0);
        assert_eq!(strangers.take().len(), COUNTED_APART + 1);
    }

    #[test]
    fn made_up_addresses_do_not_hide_tries_for_a_user() {
        let strangers = Strangers::default();
        for number in 0..5_000_u128 {
            let address = IpAddr::V6(Ipv6Addr::from((0x2001_0db8 << 96) | (number << 64)));
            strangers.admit(&failed(address, ""), NOW);
        }
        assert!(strangers.admit(&failed("192.0.2.7".parse().unwrap(), "ana"), NOW));
    }

    #[test]
    fn what_cannot_be_stored_is_kept_within_bounds() {
        let strangers = Strangers::default();
        let mut taken = Vec::new();
        for minute in 0..100 {
            let at = NOW + std::time::Duration::from_secs(60 * minute);
            for number in 0..500_u128 {
                let address =
                    IpAddr::V6(Ipv6Addr::from((u128::from(minute) << 96) | (number << 64)));
                strangers.admit(&failed(address, ""), at);
            }
            strangers.put_back(strangers.take());
            taken = strangers.take();
            assert!(taken.len() <= 3 * COUNTED_APART, "{}", taken.len());
            strangers.put_back(taken.clone());
        }
        assert!(taken.iter().map(|(_, count)| count).sum::<u64>() > 40_000);
    }
}
