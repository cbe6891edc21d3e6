//! Which proxies have applied a version, and how long each took.

use std::collections::HashMap;

use portcullis::time::{UnixMillis, UnixSeconds};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::standing::{Standing, standings};
use super::state::{ProxyState, denies_from};
use crate::storage::{Proxy, ProxyStep, Step};

/// How many proxies have applied a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Coverage {
    /// The version.
    pub version: u64,
    /// Whether every proxy that may admit users has applied it.
    pub complete: bool,
    /// How many have applied it.
    pub applied: u64,
    /// Whether every proxy that polls has applied it.
    pub live_complete: bool,
    /// How many there are: those that poll, and those that may still admit users.
    pub proxies: u64,
    /// How long the slowest of them took, in milliseconds, if known.
    pub slowest_ms: Option<u64>,
}

/// Whether a proxy has applied a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AppliedAt {
    /// The proxy's name for itself.
    pub instance: String,
    /// The name of its node, if it has one.
    pub node: Option<String>,
    /// The id of its filter credential.
    pub credential: String,
    /// The address of its last poll.
    pub address: String,
    /// The version that it has applied.
    pub version: u64,
    /// Its last poll.
    #[schema(value_type = u64, format = "unixtime")]
    pub last_poll_at: UnixSeconds,
    /// Its state.
    pub state: ProxyState,
    /// If it is unknown or replaced: when its own configuration makes it deny every request; an unknown
    /// one is waited for until then. Null if only an administrator can say that it is gone.
    #[schema(value_type = Option<u64>, format = "unixtime")]
    pub until: Option<UnixSeconds>,
    /// Whether it has applied the version in question.
    pub applied: bool,
    /// How long it took, in milliseconds; unknown if the version is old, or older than the proxy.
    pub after_ms: Option<u64>,
}

/// All proxies at one time, with the steps that they took.
pub struct Covering {
    now: UnixMillis,
    proxies: Vec<Followed>,
}

/// A proxy, with its steps in the order of versions.
struct Followed {
    standing: Standing,
    steps: Vec<Step>,
}

impl Covering {
    /// `steps` must be in the order of versions.
    #[must_use]
    pub fn new(proxies: Vec<Proxy>, steps: Vec<ProxyStep>, now: UnixMillis) -> Self {
        let mut by_proxy: HashMap<_, Vec<Step>> = HashMap::new();
        for step in steps {
            by_proxy
                .entry((step.credential, step.instance))
                .or_default()
                .push(step.step);
        }
        let followed = |standing: Standing| {
            let proxy = &standing.proxy;
            let key = (proxy.credential.clone(), proxy.instance.clone());
            Followed {
                steps: by_proxy.remove(&key).unwrap_or_default(),
                standing,
            }
        };
        Self {
            now,
            proxies: standings(proxies, now).into_iter().map(followed).collect(),
        }
    }

    /// How many proxies are in a state.
    #[must_use]
    pub fn count_in(&self, state: ProxyState) -> u64 {
        let proxies = self.proxies.iter();
        proxies.filter(|one| one.standing.state == state).count() as u64
    }

    /// How many proxies have applied a version; `committed` is when it was committed, if known.
    #[must_use]
    pub fn of(&self, version: u64, committed: Option<UnixMillis>) -> Coverage {
        let (mut applied, mut count, mut slowest_ms) = (0, 0, None);
        let mut live_complete = true;
        for one in self.watched() {
            count += 1;
            if one.standing.proxy.applied >= version {
                applied += 1;
                slowest_ms = slowest_ms.max(one.after_ms(version, committed));
            } else {
                live_complete &= one.standing.state != ProxyState::Live;
            }
        }
        Coverage {
            version,
            complete: applied == count,
            live_complete,
            applied,
            proxies: count,
            slowest_ms,
        }
    }

    /// The same, proxy by proxy.
    #[must_use]
    pub fn each(&self, version: u64, committed: Option<UnixMillis>) -> Vec<AppliedAt> {
        let one = |one: &Followed| one.applied_at(version, committed);
        self.watched().map(one).collect()
    }

    /// The proxies that are presumed to have ended, since others took their place, and that would
    /// still admit users without the version if they had not.
    #[must_use]
    pub fn presumed_ended(&self, version: u64, committed: Option<UnixMillis>) -> Vec<AppliedAt> {
        let may_admit = |Followed { standing, .. }: &&Followed| {
            standing.state == ProxyState::Replaced
                && standing.proxy.applied < version
                && denies_from(&standing.proxy).is_none_or(|from| self.now < from)
        };
        let one = |one: &Followed| AppliedAt {
            until: denies_from(&one.standing.proxy).map(UnixMillis::to_seconds),
            ..one.applied_at(version, committed)
        };
        self.proxies.iter().filter(may_admit).map(one).collect()
    }

    fn watched(&self) -> impl Iterator<Item = &Followed> {
        self.proxies.iter().filter(|one| match one.standing.state {
            ProxyState::Live | ProxyState::Unknown => true,
            ProxyState::Stale | ProxyState::Replaced => false,
        })
    }
}

impl Followed {
    fn applied_at(&self, version: u64, committed: Option<UnixMillis>) -> AppliedAt {
        let Self { standing, .. } = self;
        let proxy = &standing.proxy;
        AppliedAt {
            instance: proxy.instance.clone(),
            node: proxy.process.as_ref().map(|of| of.node.clone()),
            credential: proxy.credential.clone(),
            address: proxy.address.clone(),
            version: proxy.applied,
            last_poll_at: proxy.last_seen.to_seconds(),
            state: standing.state,
            until: standing.until(),
            applied: proxy.applied >= version,
            after_ms: self.after_ms(version, committed),
        }
    }

    fn after_ms(&self, version: u64, committed: Option<UnixMillis>) -> Option<u64> {
        let proxy = &self.standing.proxy;
        let committed = committed.filter(|at| *at >= proxy.first_seen)?;
        let at = self.steps.partition_point(|step| step.version < version);
        let step = self.steps.get(at).filter(|_| proxy.applied >= version)?;
        let after = step.at.duration_since(committed);
        Some(after.as_millis().try_into().unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn millis(at: u64) -> UnixMillis {
        UnixMillis::new(at)
    }

    fn proxy(instance: &str, applied: u64, first_seen: u64) -> Proxy {
        Proxy {
            credential: "c".into(),
            instance: instance.into(),
            address: "127.0.0.1".into(),
            applied,
            first_seen: millis(first_seen),
            last_seen: millis(1_000),
            live_until: millis(2_000),
            denies_after: Some(Duration::from_secs(1)),
            process: None,
            hung_up: false,
            shares_node: false,
        }
    }

    fn step(instance: &str, version: u64, at: u64) -> ProxyStep {
        ProxyStep {
            credential: "c".into(),
            instance: instance.into(),
            step: Step {
                version,
                at: millis(at),
            },
        }
    }

    #[test]
    fn a_version_is_covered_by_the_first_step_at_or_above_it() {
        let proxies = vec![proxy("a", 9, 0), proxy("b", 6, 0), proxy("new", 9, 900)];
        let steps = vec![
            step("a", 5, 100),
            step("b", 6, 700),
            step("a", 8, 300),
            step("new", 9, 950),
            step("a", 9, 400),
        ];
        let covering = Covering::new(proxies, steps, millis(1_500));
        let of = |version| {
            let coverage = covering.of(version, Some(millis(250)));
            (coverage.applied, coverage.complete, coverage.slowest_ms)
        };
        assert_eq!(of(6), (3, true, Some(450)), "b took the longest");
        assert_eq!(of(7), (2, false, Some(50)), "a, at 300; new was not there");
        assert_eq!(of(10), (0, false, None));
        let after: Vec<_> = covering.each(6, Some(millis(250)));
        let after: Vec<_> = after.iter().map(|one| one.after_ms).collect();
        assert_eq!(after, [Some(50), Some(450), None]);
        assert_eq!(covering.of(6, None).slowest_ms, None);
    }

    #[test]
    fn a_proxy_that_denies_every_request_is_not_waited_for() {
        let covering = Covering::new(vec![proxy("a", 1, 0)], Vec::new(), millis(1_000_000));
        assert!(covering.of(5, None).complete);
        let forever = Proxy {
            denies_after: None,
            ..proxy("b", 1, 0)
        };
        let covering = Covering::new(vec![forever], Vec::new(), millis(1_000_000));
        let coverage = covering.of(5, None);
        assert_eq!((coverage.complete, coverage.proxies), (false, 1));
    }
}
