//! What this process has heard of proxies since it was last written down.

use std::collections::HashMap;

use super::report::{Caller, Report};
use crate::storage::{MOST_PROXIES, Proxy, ProxyNews, Step};

/// Versions of one proxy that wait to be written down. Of more, the earliest are kept and the
/// newest takes the last one's place.
const MOST_STEPS: usize = 16;
/// How long it is remembered that a credential brought more proxies than are watched.
const CROWDED_MS: u64 = 300_000;

/// Proxies that poll here, or did a moment ago.
#[derive(Default)]
pub(super) struct Known {
    /// By credential, then by the proxy's name.
    proxies: HashMap<String, HashMap<String, Entry>>,
    /// When a credential last brought more than are watched.
    crowded: HashMap<String, u64>,
}

/// One of them.
pub(super) struct Entry {
    pub proxy: Proxy,
    pub is_new: bool,
    /// Polls: one that takes over from another in the same proxy may begin before that ends.
    pub under_way: u32,
    /// The highest version that it said here it had applied.
    highest: Option<u64>,
    steps: Vec<Step>,
}

impl Known {
    /// The entry of who calls; `None`: its credential brings too many.
    pub fn entry(
        &mut self,
        caller: Caller<'_>,
        report: &Report,
        now_ms: u64,
    ) -> Option<&mut Entry> {
        let (credential, instance) = (caller.credential, &report.instance);
        let is_crowded = self
            .proxies
            .get(credential)
            .is_some_and(|of_one| of_one.len() >= MOST_PROXIES && !of_one.contains_key(instance));
        if is_crowded {
            self.note_crowded(credential.to_owned(), now_ms);
            return None;
        }
        let of_one = self.proxies.entry(credential.to_owned()).or_default();
        let entry = of_one
            .entry(instance.clone())
            .or_insert_with(|| Entry::new(caller, report, now_ms));
        Some(entry)
    }

    /// The entry with a name.
    pub fn find(&mut self, credential: &str, instance: &str) -> Option<&mut Entry> {
        self.proxies.get_mut(credential)?.get_mut(instance)
    }

    /// Forgets all of a name.
    pub fn forget(&mut self, instance: &str) {
        for of_one in self.proxies.values_mut() {
            of_one.remove(instance);
        }
    }

    /// What is new, to be written down. Who is gone is known to the database, and forgotten here.
    pub fn take(&mut self, now_ms: u64) -> Vec<ProxyNews> {
        let entries = self.proxies.values_mut().flat_map(HashMap::values_mut);
        let news = entries.filter_map(Entry::take).collect();
        for of_one in self.proxies.values_mut() {
            of_one.retain(|_, entry| entry.proxy.live_until_ms > now_ms);
        }
        self.proxies.retain(|_, of_one| !of_one.is_empty());
        news
    }

    /// What was taken, and could not be written down: of who is gone too, for the database counts
    /// the time until it must be stale from what it last heard.
    pub fn put_back(&mut self, news: &[ProxyNews]) {
        for one in news {
            let of_one = self.proxies.entry(one.proxy.credential.clone());
            let entry = of_one
                .or_default()
                .entry(one.proxy.instance.clone())
                .or_insert_with(|| Entry::gone(one));
            entry.is_new = true;
            entry.steps.splice(0..0, one.steps.iter().copied());
            entry.steps.truncate(MOST_STEPS);
        }
    }

    /// Notes that a credential brought more proxies than are watched.
    pub fn note_crowded(&mut self, credential: String, now_ms: u64) {
        let before = self.crowded.insert(credential.clone(), now_ms);
        if before.is_none_or(|at_ms| at_ms + CROWDED_MS < now_ms) {
            tracing::warn!(
                credential,
                "more than {MOST_PROXIES} proxies poll with one filter credential: those beyond \
                 are served, but not watched"
            );
        }
    }

    /// Credentials that lately did so.
    pub fn crowded(&mut self, now_ms: u64) -> Vec<String> {
        self.crowded
            .retain(|_, at_ms| *at_ms + CROWDED_MS >= now_ms);
        self.crowded.keys().cloned().collect()
    }
}

impl Entry {
    fn new(caller: Caller<'_>, report: &Report, now_ms: u64) -> Self {
        Self {
            proxy: Proxy {
                credential: caller.credential.to_owned(),
                instance: report.instance.clone(),
                address: String::new(),
                applied: 0,
                first_seen_ms: now_ms,
                last_seen_ms: now_ms,
                live_until_ms: now_ms,
                denies_after_ms: None,
            },
            is_new: true,
            under_way: 0,
            highest: None,
            steps: Vec::new(),
        }
    }

    /// One that was taken already, and has no poll under way.
    fn gone(news: &ProxyNews) -> Self {
        Self {
            proxy: news.proxy.clone(),
            is_new: true,
            under_way: 0,
            highest: news.said_applied.then_some(news.proxy.applied),
            steps: Vec::new(),
        }
    }

    /// Takes over what a poll says.
    pub fn heard(&mut self, caller: Caller<'_>, report: &Report, now_ms: u64) {
        self.is_new = true;
        self.proxy.address = caller.address.to_string();
        self.proxy.last_seen_ms = now_ms;
        self.proxy.denies_after_ms = report.denies_after_ms;
        let Some(applied) = report.applied else {
            return;
        };
        // It may fall: a worker that began anew has less than the others had.
        self.proxy.applied = applied;
        if Some(applied) > self.highest {
            self.highest = Some(applied);
            if self.steps.len() >= MOST_STEPS {
                self.steps.pop();
            }
            self.steps.push(Step {
                version: applied,
                at_ms: now_ms,
            });
        }
    }

    fn take(&mut self) -> Option<ProxyNews> {
        std::mem::take(&mut self.is_new).then(|| ProxyNews {
            proxy: self.proxy.clone(),
            said_applied: self.highest.is_some(),
            steps: std::mem::take(&mut self.steps),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::StaleReport;
    use super::*;

    #[test]
    fn what_cannot_be_written_down_is_kept_of_who_is_gone_too() {
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
            .entry(caller, &report, 0)
            .unwrap()
            .heard(caller, &report, 1_000);
        let taken = known.take(60_000);
        assert_eq!((taken.len(), known.find("c", "vm1").is_none()), (1, true));
        known.put_back(&taken);
        let again = known.take(60_100);
        assert_eq!(again.len(), 1, "the database has not heard of it yet");
        assert_eq!(again[0].proxy, taken[0].proxy);
        assert_eq!(again[0].steps, taken[0].steps);
        assert!(again[0].said_applied);
    }
}
