//! The state of each proxy among all: a proxy whose Envoy was restarted is replaced by the proxy
//! that followed it on the same node.
//!
//! A proxy is replaced only if it closed its connection while its poll waited, as a process does
//! that ends, and another process of the same node polled for the first time after that. Where two
//! processes of a node were there at the same time, the node's id is not unique or the old process
//! drains beside the new one. Then none of them replaces the other, and each is waited for.

use std::collections::HashMap;

use portcullis::time::{UnixMillis, UnixSeconds};

use super::state::{ProxyState, denies_from, state_of};
use crate::storage::{NodeProcess, Proxy};

/// A proxy and its state.
#[derive(Debug)]
pub struct Standing {
    /// The proxy.
    pub proxy: Proxy,
    /// Its state.
    pub state: ProxyState,
    /// Whether another process of the same node was there at the same time.
    pub shares_node: bool,
}

/// The states of all proxies, in the same order.
#[must_use]
pub fn standings(proxies: Vec<Proxy>, now: UnixMillis) -> Vec<Standing> {
    let mut standings: Vec<Standing> = proxies
        .into_iter()
        .map(|proxy| Standing {
            state: state_of(&proxy, now),
            shares_node: proxy.shares_node,
            proxy,
        })
        .collect();
    let mut nodes: HashMap<_, Vec<&mut Standing>> = HashMap::new();
    for standing in &mut standings {
        if let Some(NodeProcess { node, .. }) = &standing.proxy.process {
            let key = (standing.proxy.credential.clone(), node.clone());
            nodes.entry(key).or_default().push(standing);
        }
    }
    // Most nodes have one process, with which there is nothing to compare.
    for of_node in nodes.values_mut().filter(|of_node| of_node.len() > 1) {
        of_node.sort_by_key(|standing| standing.proxy.first_seen);
        compare_with_earlier(of_node);
        compare_with_later(of_node);
    }
    standings
}

impl Standing {
    /// Until when revocations wait for the proxy although it does not poll; `None` if they do not,
    /// or if only an administrator can say that it is gone.
    #[must_use]
    pub fn until(&self) -> Option<UnixSeconds> {
        match self.state {
            ProxyState::Unknown => denies_from(&self.proxy).map(UnixMillis::to_seconds),
            ProxyState::Live | ProxyState::Stale | ProxyState::Replaced => None,
        }
    }

    fn process(&self) -> Option<&str> {
        self.proxy.process.as_ref().map(|of| of.process.as_str())
    }
}

/// Finds proxies that began before another process of the node had ended. Takes all proxies of a
/// node in the order of their first polls.
fn compare_with_earlier(of_node: &mut [&mut Standing]) {
    let mut latest = Extremes::default();
    for standing in of_node {
        let (first_seen, last_seen) = (standing.proxy.first_seen, standing.proxy.last_seen);
        let process = standing.process().unwrap_or_default().to_owned();
        let ended = latest.of_others(&process);
        standing.shares_node |= ended.is_some_and(|ended| ended >= first_seen);
        latest.add(process, last_seen, |held, new| new > held);
    }
}

/// Finds proxies that were still there when another process of the node began, and those that had
/// ended. Takes the same.
fn compare_with_later(of_node: &mut [&mut Standing]) {
    let mut next = Extremes::default();
    for standing in of_node.iter_mut().rev() {
        let (first_seen, last_seen) = (standing.proxy.first_seen, standing.proxy.last_seen);
        let process = standing.process().unwrap_or_default().to_owned();
        if let Some(began) = next.of_others(&process) {
            standing.shares_node |= began <= last_seen;
            if standing.proxy.hung_up && !standing.shares_node {
                standing.state = ProxyState::Replaced;
            }
        }
        next.add(process, first_seen, |held, new| new <= held);
    }
}

/// The most extreme times of two different processes, the more extreme one first: one of them is
/// of another process than any given one.
#[derive(Default)]
struct Extremes([Option<(String, UnixMillis)>; 2]);

impl Extremes {
    /// The most extreme time of all processes but one.
    fn of_others(&self, process: &str) -> Option<UnixMillis> {
        let others = self.0.iter().flatten();
        let mut others = others.filter(|(other, _)| other != process);
        others.next().map(|(_, at)| *at)
    }

    fn add(
        &mut self,
        process: String,
        at: UnixMillis,
        exceeds: fn(UnixMillis, UnixMillis) -> bool,
    ) {
        let [first, second] = &mut self.0;
        let fits = |held: &Option<(String, UnixMillis)>| {
            held.as_ref().is_none_or(|(_, held)| exceeds(*held, at))
        };
        let is_of = |held: &Option<(String, UnixMillis)>| {
            held.as_ref().is_some_and(|(of, _)| *of == process)
        };
        if fits(first) {
            if !is_of(first) {
                *second = first.take();
            }
            *first = Some((process, at));
        } else if !is_of(first) && fits(second) {
            *second = Some((process, at));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: UnixMillis = UnixMillis::new(100_000);

    /// A proxy of process `name` that polled for the first and the last time at these times.
    fn proxy(name: &str, (first, last): (u64, u64), hung_up: bool) -> Proxy {
        Proxy {
            credential: "c".into(),
            instance: name.into(),
            process: Some(NodeProcess {
                node: "edge/1".into(),
                process: name.trim_end_matches('\'').into(),
            }),
            address: "127.0.0.1".into(),
            applied: 1,
            first_seen: UnixMillis::new(first),
            last_seen: UnixMillis::new(last),
            live_until: UnixMillis::new(last + 10_000),
            denies_after: Some(Duration::from_secs(300)),
            hung_up,
            shares_node: false,
        }
    }

    fn states(proxies: &[Proxy]) -> Vec<(ProxyState, bool)> {
        standings(proxies.to_vec(), NOW)
            .iter()
            .map(|one| (one.state, one.shares_node))
            .collect()
    }

    const LIVE: (ProxyState, bool) = (ProxyState::Live, false);
    const REPLACED: (ProxyState, bool) = (ProxyState::Replaced, false);
    const UNKNOWN: (ProxyState, bool) = (ProxyState::Unknown, false);

    #[test]
    fn who_hung_up_before_the_next_process_began_is_replaced_at_once() {
        let chain = [
            proxy("a", (0, 10_000), true),
            proxy("b", (11_000, 97_000), true),
            proxy("c", (98_000, 99_000), false),
        ];
        assert_eq!(states(&chain), [REPLACED, REPLACED, LIVE]);
        assert_eq!(
            states(&chain[..2]),
            [REPLACED, LIVE],
            "for a pause of polls"
        );
        assert_eq!(states(&chain[..1]), [UNKNOWN]);
    }

    #[test]
    fn who_only_fell_silent_is_not_replaced() {
        let both = [
            proxy("a", (0, 10_000), false),
            proxy("b", (30_000, 99_000), false),
        ];
        assert_eq!(
            states(&both),
            [UNKNOWN, LIVE],
            "it may be cut off, and admit"
        );
    }

    #[test]
    fn processes_at_the_same_time_do_not_replace_each_other() {
        let (live, unknown) = ((ProxyState::Live, true), (ProxyState::Unknown, true));
        let mut copies = [
            proxy("a", (0, 99_000), false),
            proxy("b", (50_000, 99_000), false),
        ];
        assert_eq!(states(&copies), [live, live]);
        // One of them ends, and is followed by another.
        copies[0] = proxy("a", (0, 60_000), true);
        let third = proxy("c", (70_000, 99_000), false);
        assert_eq!(states(&copies), [unknown, live]);
        let [a, b] = copies;
        assert_eq!(
            states(&[a.clone(), b, third.clone()]),
            [unknown, live, live]
        );
        // What it shared its node with is no longer known.
        let a = Proxy {
            shares_node: true,
            ..a
        };
        assert_eq!(states(&[a, third]), [unknown, LIVE]);
    }

    #[test]
    fn groups_of_one_process_do_not_count_as_copies() {
        let old = [
            proxy("a", (0, 50_000), true),
            proxy("a'", (100, 50_000), true),
        ];
        assert_eq!(states(&old), [UNKNOWN, UNKNOWN]);
        let new = [
            proxy("b", (60_000, 99_000), false),
            proxy("b'", (60_100, 99_000), false),
        ];
        let all = [&old[..], &new].concat();
        assert_eq!(states(&all), [REPLACED, REPLACED, LIVE, LIVE]);
        let copy = proxy("c", (70_000, 99_000), false);
        let all = [&new[..], &[copy]].concat();
        assert_eq!(states(&all), [(ProxyState::Live, true); 3]);
    }

    #[test]
    fn only_the_same_node_with_the_same_credential_replaces() {
        let old = proxy("a", (0, 10_000), true);
        let new = proxy("b", (20_000, 99_000), false);
        let of = |change: fn(&mut Proxy)| {
            let mut new = new.clone();
            change(&mut new);
            states(&[old.clone(), new])[0]
        };
        assert_eq!(of(|_| {}), REPLACED);
        assert_eq!(of(|new| new.credential = "d".into()), UNKNOWN);
        assert_eq!(of(|new| new.process = None), UNKNOWN);
        let other = |new: &mut Proxy| {
            new.process = Some(NodeProcess {
                node: "edge/2".into(),
                process: "b".into(),
            });
        };
        assert_eq!(of(other), UNKNOWN);
    }

    #[test]
    fn what_is_not_known_of_is_waited_for_until_it_denies() {
        let until = |proxy| standings(vec![proxy], NOW)[0].until().map(UnixSeconds::get);
        let silent = proxy("a", (0, 10_000), false);
        assert_eq!(until(silent.clone()), Some(10 + 300 + 35));
        let forever = Proxy {
            denies_after: None,
            ..silent
        };
        assert_eq!(until(forever), None);
        assert_eq!(until(proxy("a", (0, 99_000), false)), None, "it is live");
    }
}
