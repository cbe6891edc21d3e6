//! The reports of proxies that are not yet written to the database.

use std::collections::HashMap;
use std::time::Duration;

use portcullis::time::UnixMillis;

use super::report::{Caller, Report};
use crate::storage::{MOST_PROXIES, Proxy, ProxyUpdate, Step};

/// The most unwritten steps of one proxy. If there are more, the newest replaces the last.
const MAX_STEPS: usize = 16;
/// How long a credential counts as having too many proxies.
const CROWDED: Duration = Duration::from_secs(300);

/// Proxies that poll this process, or did so a moment ago.
#[derive(Default)]
pub(super) struct Known {
    /// By credential, then by the proxy's name.
    proxies: HashMap<String, HashMap<String, Entry>>,
    /// When a credential last had more proxies than are watched.
    crowded: HashMap<String, UnixMillis>,
}

/// A proxy with its unwritten report.
pub(super) struct Entry {
    pub proxy: Proxy,
    pub is_new: bool,
    /// Polls in progress: when another worker of the proxy takes over, its poll may begin before the
    /// previous one ends.
    pub polls: u32,
    /// The highest version that it has reported here.
    highest: Option<u64>,
    steps: Vec<Step>,
}

impl Known {
    /// The caller's entry; `None` if its credential has too many proxies.
    pub fn entry(
        &mut self,
        caller: Caller<'_>,
        report: &Report,
        now: UnixMillis,
    ) -> Option<&mut Entry> {
        let (credential, instance) = (caller.credential, &report.instance);
        let is_crowded = self
            .proxies
            .get(credential)
            .is_some_and(|of_one| of_one.len() >= MOST_PROXIES && !of_one.contains_key(instance));
        if is_crowded {
            self.note_crowded(credential.to_owned(), now);
            return None;
        }
        let of_one = self.proxies.entry(credential.to_owned()).or_default();
        let entry = of_one
            .entry(instance.clone())
            .or_insert_with(|| Entry::new(caller, report, now));
        Some(entry)
    }

    /// The entry of a proxy.
    pub fn find(&mut self, credential: &str, instance: &str) -> Option<&mut Entry> {
        self.proxies.get_mut(credential)?.get_mut(instance)
    }

    /// Moves what was seen after `now`, with the time for which it counts.
    pub fn begin_no_later(&mut self, now: UnixMillis) {
        let entries = self.proxies.values_mut().flat_map(HashMap::values_mut);
        for Entry { proxy, .. } in entries {
            let ahead = proxy.last_seen.duration_since(now);
            proxy.live_until = proxy.live_until - ahead;
            proxy.last_seen = proxy.last_seen.min(now);
            proxy.first_seen = proxy.first_seen.min(now);
        }
        for at in self.crowded.values_mut() {
            *at = (*at).min(now);
        }
    }

    /// How many polls are in progress.
    pub fn open_polls(&self) -> u64 {
        let entries = self.proxies.values().flat_map(HashMap::values);
        entries.map(|entry| u64::from(entry.polls)).sum()
    }

    /// Forgets the proxies with a name, of all filter credentials if none is given.
    pub fn forget(&mut self, instance: &str, credential: Option<&str>) {
        let proxies = self.proxies.iter_mut();
        for (_, of_one) in proxies.filter(|(id, _)| credential.is_none_or(|only| only == *id)) {
            of_one.remove(instance);
        }
    }

    /// The new reports, to be written. Proxies that no longer poll are forgotten here.
    pub fn take(&mut self, now: UnixMillis) -> Vec<ProxyUpdate> {
        let entries = self.proxies.values_mut().flat_map(HashMap::values_mut);
        let reports = entries.filter_map(Entry::take).collect();
        for of_one in self.proxies.values_mut() {
            of_one.retain(|_, entry| entry.proxy.live_until > now);
        }
        self.proxies.retain(|_, of_one| !of_one.is_empty());
        reports
    }

    /// Puts back reports that could not be written, also those of proxies that no longer poll: their
    /// last poll decides when they are stale.
    pub fn put_back(&mut self, reports: &[ProxyUpdate]) {
        for one in reports {
            let of_one = self.proxies.entry(one.proxy.credential.clone());
            let entry = of_one
                .or_default()
                .entry(one.proxy.instance.clone())
                .or_insert_with(|| Entry::gone(one));
            entry.is_new = true;
            entry.steps.splice(0..0, one.steps.iter().copied());
            entry.steps.truncate(MAX_STEPS);
        }
    }

    /// Notes that a credential has more proxies than are watched.
    pub fn note_crowded(&mut self, credential: String, now: UnixMillis) {
        let before = self.crowded.insert(credential.clone(), now);
        if before.is_none_or(|at| at + CROWDED < now) {
            tracing::warn!(
                credential,
                "more than {MOST_PROXIES} proxies poll with one filter credential: those beyond \
                 are served, but not watched"
            );
        }
    }

    /// Credentials that recently had more proxies than are watched.
    pub fn crowded(&mut self, now: UnixMillis) -> Vec<String> {
        self.crowded.retain(|_, at| *at + CROWDED >= now);
        self.crowded.keys().cloned().collect()
    }
}

impl Entry {
    fn new(caller: Caller<'_>, report: &Report, now: UnixMillis) -> Self {
        Self {
            proxy: Proxy {
                credential: caller.credential.to_owned(),
                instance: report.instance.clone(),
                address: String::new(),
                applied: 0,
                first_seen: now,
                last_seen: now,
                live_until: now,
                denies_after: None,
                process: None,
                hung_up: false,
                shares_node: false,
            },
            is_new: true,
            polls: 0,
            highest: None,
            steps: Vec::new(),
        }
    }

    /// The entry of a proxy whose report was taken, without a poll in progress.
    fn gone(report: &ProxyUpdate) -> Self {
        Self {
            proxy: report.proxy.clone(),
            is_new: true,
            polls: 0,
            highest: report.reports_applied.then_some(report.proxy.applied),
            steps: Vec::new(),
        }
    }

    /// Notes the report of a poll.
    pub fn note(&mut self, caller: Caller<'_>, report: &Report, now: UnixMillis) {
        self.is_new = true;
        self.proxy.address = caller.address.to_string();
        self.proxy.last_seen = now;
        self.proxy.denies_after = report.denies_after;
        self.proxy.process.clone_from(&report.process);
        self.proxy.hung_up = false;
        let Some(applied) = report.applied else {
            return;
        };
        // It can fall: a restarted worker has applied less than the others.
        self.proxy.applied = applied;
        if Some(applied) > self.highest {
            self.highest = Some(applied);
            if self.steps.len() >= MAX_STEPS {
                self.steps.pop();
            }
            self.steps.push(Step {
                version: applied,
                at: now,
            });
        }
    }

    fn take(&mut self) -> Option<ProxyUpdate> {
        std::mem::take(&mut self.is_new).then(|| ProxyUpdate {
            proxy: self.proxy.clone(),
            reports_applied: self.highest.is_some(),
            steps: std::mem::take(&mut self.steps),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::StaleReport;
    use super::*;

    #[test]
    fn unwritten_reports_are_kept_also_of_proxies_that_no_longer_poll() {
        let caller = Caller {
            credential: "c",
            address: std::net::Ipv4Addr::LOCALHOST.into(),
        };
        let stale = StaleReport {
            after_seconds: Some(300),
            then: Some("deny"),
        };
        let report = Report::read("vm1", Some(7), stale).unwrap();
        let mut known = Known::default();
        known
            .entry(caller, &report, UnixMillis::EPOCH)
            .unwrap()
            .note(caller, &report, UnixMillis::new(1_000));
        let taken = known.take(UnixMillis::new(60_000));
        assert_eq!((taken.len(), known.find("c", "vm1").is_none()), (1, true));
        known.put_back(&taken);
        let again = known.take(UnixMillis::new(60_100));
        assert_eq!(again.len(), 1, "the database does not have it yet");
        assert_eq!(again[0].proxy, taken[0].proxy);
        assert_eq!(again[0].steps, taken[0].steps);
        assert!(again[0].reports_applied);
    }
}
