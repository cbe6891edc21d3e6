//! Several VMs of one process, their shared memory, and a control service that answers their
//! polls.

mod chance;
mod forged;
mod fresh;
mod lease;
mod node;
mod pages;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::{AuthenticatedStore, Precondition, Scope, SharedData, SharedDataError, SharedValue};
use crate::feed::tests::{delta, revoke, snapshot};
use crate::feed::{Feed, FeedAnswer, FeedSettings, MAX_REVOCATIONS, Poll, StalePolicy};
use crate::protocol::feed::{ApplicationChanges, FeedPage};
use crate::session::revocations::Fingerprints;
use crate::time::UnixMillis;

pub const NOW: UnixMillis = UnixMillis::new(1_795_450_380_000);
pub const TICK: Duration = Duration::from_millis(50);
pub const STALE_AFTER: Duration = Duration::from_secs(300);
pub const CREDENTIAL: &str = "credential";

/// Shared memory as the host has it.
#[derive(Default)]
pub struct Memory {
    pub values: RefCell<BTreeMap<String, SharedValue>>,
    pub fails: Cell<bool>,
    /// Whether it can be read but not written.
    pub is_full: Cell<bool>,
    marks: Cell<u32>,
}

impl Memory {
    /// Writes as another plugin could.
    pub fn overwrite(&self, key: &str, bytes: Vec<u8>) {
        self.marks.set(self.marks.get() + 1);
        let cas = self.marks.get();
        let value = SharedValue { bytes, cas };
        self.values.borrow_mut().insert(key.to_owned(), value);
    }

    /// Names and values of the keys that end so.
    pub fn ending(&self, end: &str) -> Vec<(String, Vec<u8>)> {
        let values = self.values.borrow();
        let found = values.iter().filter(|(key, _)| key.ends_with(end));
        found
            .map(|(key, value)| (key.clone(), value.bytes.clone()))
            .collect()
    }
}

pub struct Handle(pub Rc<Memory>);

impl SharedData for Handle {
    fn get(&self, key: &str) -> Result<Option<SharedValue>, SharedDataError> {
        if self.0.fails.get() {
            return Err(SharedDataError::Host(10));
        }
        Ok(self.0.values.borrow().get(key).cloned())
    }

    fn set(
        &self,
        key: &str,
        value: &[u8],
        precondition: Precondition,
    ) -> Result<(), SharedDataError> {
        if self.0.fails.get() || self.0.is_full.get() {
            return Err(SharedDataError::Host(10));
        }
        let held = self.0.values.borrow().get(key).map(|held| held.cas);
        match (precondition, held) {
            (Precondition::Absent, Some(_)) => return Err(SharedDataError::Changed),
            (Precondition::Unchanged(expected), Some(cas)) if expected != cas => {
                return Err(SharedDataError::Changed);
            }
            _ => {}
        }
        self.0.overwrite(key, value.to_vec());
        Ok(())
    }
}

/// A control service: every version revokes one user, `u<version>`.
pub struct Service {
    pub epoch: String,
    pub version: u64,
    pub away: bool,
    /// Revocations in a page of a snapshot.
    pub page: u64,
    /// Every query that it got.
    pub queries: Vec<String>,
}

impl Service {
    /// The answer to a poll that was sent at a time; `None` if it still waits.
    fn answer(
        &self,
        poll: &Poll,
        sent: UnixMillis,
        now: UnixMillis,
    ) -> Option<(Option<u16>, Vec<u8>)> {
        if self.away {
            return Some((None, Vec::new()));
        }
        let of = |name: &str| {
            let mut pairs = poll
                .query
                .split('&')
                .filter_map(|pair| pair.split_once('='));
            pairs.find(|(other, _)| *other == name).map(|pair| pair.1)
        };
        let number = |name: &str| of(name).and_then(|text| text.parse::<u64>().ok());
        let page = if let Some(next) = of("next") {
            let (version, from) = next.split_once("to").unwrap();
            self.snapshot(version.parse().unwrap(), from.parse().unwrap())
        } else if of("epoch") != Some(&self.epoch) {
            self.snapshot(self.version, 0)
        } else if number("after") == Some(self.version) {
            let wait = Duration::from_secs(number("wait").unwrap());
            return (now >= sent + wait).then(|| (Some(204), Vec::new()));
        } else {
            let after = number("after").unwrap();
            let mut page = delta(&self.epoch, after, self.version);
            page.revocations.put = (after + 1..=self.version)
                .flat_map(|version| revoke(version).put)
                .collect();
            page
        };
        Some((Some(200), serde_json::to_vec(&page).unwrap()))
    }

    fn snapshot(&self, version: u64, from: u64) -> FeedPage {
        let mut page = snapshot(&self.epoch, version);
        if from > 0 {
            (page.keys, page.applications) = (None, ApplicationChanges::default());
        }
        let to = version.min(from + self.page);
        page.revocations.put = (from + 1..=to)
            .flat_map(|version| revoke(version).put)
            .collect();
        page.next = (to < version).then(|| format!("{version}to{to}"));
        page
    }
}

/// A VM, and its poll with the time when it was sent.
pub struct Vm {
    pub feed: Feed,
    pub poll: Option<(Poll, UnixMillis)>,
    /// A VM that is busy has no ticks and gets no answers.
    pub busy: bool,
}

impl Vm {
    /// The version that it holds; 0 if it has nothing.
    pub fn version(&self) -> u64 {
        self.feed.store().map_or(0, crate::feed::Store::version)
    }
}

/// A process.
pub struct Process {
    pub memory: Rc<Memory>,
    pub service: Service,
    pub vms: Vec<Vm>,
    pub now: UnixMillis,
    /// The name of its node.
    pub node: Option<String>,
    named: u32,
}

impl Process {
    /// With this many VMs, after enough ticks to settle.
    pub fn settled(vms: usize) -> Self {
        let mut process = Self::starting(vms);
        process.ticks(20);
        process
    }

    /// With this many VMs that have just been configured.
    pub fn starting(vms: usize) -> Self {
        let mut process = Self {
            memory: Rc::default(),
            service: Service {
                epoch: "e1".into(),
                version: 41,
                away: false,
                page: 1_000,
                queries: Vec::new(),
            },
            vms: Vec::new(),
            now: NOW,
            node: None,
            named: 0,
        };
        for _ in 0..vms {
            process.add();
        }
        process
    }

    /// Configures one more VM.
    pub fn add(&mut self) {
        self.add_to(&scope(), &settings());
    }

    /// Configures one more VM in another scope, or with other settings.
    pub fn add_to(&mut self, scope: &Scope<'_>, settings: &FeedSettings) {
        self.add_as(scope, settings, settings.when_stale);
    }

    /// Configures one more VM whose stale policy is not that of its group.
    pub fn add_as(&mut self, scope: &Scope<'_>, settings: &FeedSettings, when_stale: StalePolicy) {
        self.named += 1;
        let mut feed = Feed::new(FeedSettings {
            instance: format!("vm{}", self.named),
            when_stale,
            ..settings.clone()
        });
        let data = Box::new(Handle(Rc::clone(&self.memory)));
        let store = AuthenticatedStore::new(data, scope, settings);
        feed.join(
            store,
            Fingerprints::of_credential(scope.credential),
            self.node.clone(),
            self.now,
        );
        self.vms.push(Vm {
            feed,
            poll: None,
            busy: false,
        });
    }

    /// Lets time pass and every VM tick, this many times.
    pub fn ticks(&mut self, many: u64) {
        for _ in 0..many {
            self.now += TICK;
            self.answer();
            for vm in self.vms.iter_mut().filter(|vm| !vm.busy) {
                let _ = vm.feed.look(self.now, 7);
                if let Some(poll) = vm.feed.poll(self.now, 7) {
                    self.service.queries.push(poll.query.clone());
                    vm.poll = Some((poll, self.now));
                }
            }
        }
    }

    /// Lets the service answer what it can.
    pub fn answer(&mut self) {
        for vm in self.vms.iter_mut().filter(|vm| !vm.busy) {
            let Some((poll, sent)) = &vm.poll else {
                continue;
            };
            if let Some((status, body)) = self.service.answer(poll, *sent, self.now) {
                vm.poll = None;
                let answer = FeedAnswer {
                    status,
                    body: &body,
                };
                let _ = vm.feed.answered(self.now, 7, answer);
            }
        }
    }

    /// The VM that polls for all: the only one with a poll.
    pub fn leader(&self) -> usize {
        let mut polling = (0..self.vms.len()).filter(|vm| self.vms[*vm].poll.is_some());
        let leader = polling.next().expect("no VM polls");
        assert_eq!(polling.next(), None, "two poll");
        leader
    }

    pub fn versions(&self) -> Vec<u64> {
        self.vms.iter().map(Vm::version).collect()
    }

    /// Every VM that has something has exactly what the service had at that version.
    pub fn check(&self) {
        for vm in &self.vms {
            if let Some(store) = vm.feed.store() {
                assert!(store.version() <= self.service.version, "from the future");
                assert_eq!(store.revocations().len() as u64, store.version());
            }
        }
    }
}

pub fn scope() -> Scope<'static> {
    Scope {
        credential: CREDENTIAL,
        team_domain: "https://team.example.com",
        cluster: "portcullis_control",
    }
}

pub fn settings() -> FeedSettings {
    FeedSettings {
        audiences: Vec::new(),
        team_hostname: "team.example.com".to_owned(),
        when_stale: StalePolicy {
            after: STALE_AFTER,
            denies: true,
        },
        max_revocations: MAX_REVOCATIONS,
        instance: String::new(),
    }
}
