//! Follows the feed: when to poll, what an answer means, when to try again.
//!
//! Times are milliseconds since 1970, given with each event.

mod others;
mod query;

use super::pace::{Pace, Told};
use super::page::Page;
use super::snapshot::Gathering;
use super::store::{FeedError, Store};
use crate::protocol::feed::PageKind;
use crate::session::revocations::Fingerprints;

pub(super) use query::{PAGE_LIMIT, SpeaksFor, wait_s};

/// What a poll may take beyond its waiting, in milliseconds.
const POLL_MARGIN_MS: u64 = 10_000;
/// After this beyond its timeout a poll counts as lost: the host forgets callouts of a root
/// context that goes.
const LOST_MS: u64 = 2_000;
/// How often revocations without effect are looked for, in milliseconds.
const PRUNE_EVERY_MS: u64 = 600_000;

/// Follows the feed and holds what is in force.
#[derive(Debug)]
pub struct Follower {
    settings: FollowerSettings,
    fingerprints: Fingerprints,
    store: Option<Store>,
    gathering: Option<Gathering>,
    polling_until: Option<u64>,
    pace: Pace,
    last_good: u64,
    /// The time that was told last.
    told: u64,
    pruned: u64,
    errors: u64,
    speaks_for: Option<SpeaksFor>,
    begins_anew: bool,
    taken: Taken,
}

/// What the last good answer was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Taken {
    /// No page.
    Nothing,
    /// A page of a snapshot.
    Page {
        /// Whether it was the first.
        first: bool,
        /// The snapshot's epoch.
        epoch: String,
        /// Its version.
        version: u64,
        /// The page, for others.
        bytes: Vec<u8>,
    },
    /// A delta from one version to another.
    Delta { after: u64, version: u64 },
}

/// What a follower needs to know.
#[derive(Debug, Clone)]
pub struct FollowerSettings {
    /// Audiences that this filter guards; empty for all.
    pub audiences: Vec<String>,
    /// After how many milliseconds without a good poll the feed is stale.
    pub stale_after_ms: u64,
    /// Whether it then refuses everybody, for the control service to know.
    pub denies_when_stale: bool,
    /// The most revocations that it holds.
    pub max_revocations: usize,
    /// A name for this VM, in visible ASCII without `&`.
    pub instance: String,
}

/// A poll that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poll {
    /// Query of the `feed` call.
    pub query: String,
    /// How long the callout may take, in milliseconds.
    pub timeout_ms: u64,
}

/// What a poll answered.
#[derive(Debug, Clone, Copy)]
pub struct FeedAnswer<'a> {
    /// The status; `None` if there was no answer.
    pub status: Option<u16>,
    /// The body.
    pub body: &'a [u8],
}

/// What an answer changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing.
    Unchanged,
    /// A page of a snapshot; the next is due at once.
    Gathering,
    /// What is in force changed; whether the keys did too.
    Changed {
        /// Whether signatures checked so far must be checked again.
        keys: bool,
    },
}

impl Follower {
    /// A follower that has nothing yet.
    #[must_use]
    pub fn new(settings: FollowerSettings) -> Self {
        Self {
            pace: Pace::new(settings.stale_after_ms),
            settings,
            fingerprints: Fingerprints::default(),
            store: None,
            gathering: None,
            polling_until: None,
            last_good: 0,
            told: 0,
            pruned: 0,
            errors: 0,
            speaks_for: None,
            begins_anew: false,
            taken: Taken::Nothing,
        }
    }

    /// What is in force; `None` until the first snapshot is whole.
    #[must_use]
    pub fn store(&self) -> Option<&Store> {
        self.store.as_ref()
    }

    /// Whether the feed has been silent for too long.
    #[must_use]
    pub fn is_stale(&self, now: u64) -> bool {
        self.age_ms(now) > self.settings.stale_after_ms
    }

    /// Milliseconds since the last good poll.
    #[must_use]
    pub fn age_ms(&self, now: u64) -> u64 {
        now.saturating_sub(self.last_good)
    }

    /// Polls that failed so far.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// The poll that is due, if one is. It counts as under way until answered or lost.
    pub fn poll(&mut self, now: u64, random: u32) -> Option<Poll> {
        let wait = self.wait_s();
        let timeout_ms = wait * 1_000 + POLL_MARGIN_MS;
        let lost = now + timeout_ms + LOST_MS;
        // A clock that was set back neither keeps the feed fresh nor a lost poll alive.
        self.tell_time(now);
        self.polling_until = self.polling_until.map(|until| until.min(lost));
        if self.polling_until.is_some_and(|until| now >= until) {
            self.fail(now, random);
        }
        if self.polling_until.is_some() || !self.pace.is_due(now) {
            return None;
        }
        self.polling_until = Some(lost);
        self.pace.polls(now);
        Some(Poll {
            query: self.query(wait),
            timeout_ms,
        })
    }

    /// Takes the answer of a poll.
    ///
    /// # Errors
    /// The page was dropped, or there was none; the next poll comes after a pause.
    pub fn answered(
        &mut self,
        now: u64,
        random: u32,
        answer: FeedAnswer<'_>,
    ) -> Result<Progress, FeedError> {
        self.tell_time(now);
        let taken = match answer.status {
            Some(200) => self.take(now, answer.body),
            Some(204) if self.store.is_some() && self.gathering.is_none() && !self.begins_anew => {
                self.taken = Taken::Nothing;
                Ok((Progress::Unchanged, Told::Nothing))
            }
            Some(204) => Err(FeedError::SnapshotBroken),
            Some(status) => Err(FeedError::Status(status)),
            None => Err(FeedError::Unreachable),
        };
        self.polling_until = None;
        match taken {
            // Nothing of it is in force yet: it makes nothing fresh, and forgives no failure.
            Ok((Progress::Gathering, _)) => self.pace.goes_on(now),
            Ok((_, Told::Nothing)) if self.speaks_for.as_ref().is_some_and(|all| all.hurries) => {
                self.pace.goes_on(now);
                self.last_good = now;
            }
            Ok((_, told)) => {
                self.pace.good(now, told, self.wait_s() * 1_000);
                self.last_good = now;
            }
            Err(_) => self.fail(now, random),
        }
        taken.map(|(progress, _)| progress)
    }

    /// A page is read, checked and taken over; whatever fails leaves everything as it was.
    fn take(&mut self, now: u64, body: &[u8]) -> Result<(Progress, Told), FeedError> {
        let page = Page::read(body, &self.fingerprints)?;
        let head = &page.head;
        let page_now = head.now.get();
        let taken = match head.kind {
            PageKind::Delta => Taken::Delta {
                after: head.after,
                version: head.version,
            },
            PageKind::Snapshot => Taken::Page {
                first: self.gathering.is_none(),
                epoch: head.epoch.clone(),
                version: head.version,
                bytes: page.to_bytes(body),
            },
        };
        // Before it is asked whether there is room: what has ended needs none.
        self.prune(now, page_now);
        let (told, progress) = match page.head.kind {
            PageKind::Delta if page.is_empty() => (Told::VersionOnly, self.take_delta(page)?),
            PageKind::Delta => (Told::News, self.take_delta(page)?),
            PageKind::Snapshot => (Told::Nothing, self.take_snapshot(page, body.len())?),
        };
        self.taken = taken;
        Ok((progress, told))
    }

    /// Now and then drops what no living token can meet, by both clocks.
    fn prune(&mut self, now: u64, page_now: u64) {
        if now.saturating_sub(self.pruned) > PRUNE_EVERY_MS {
            self.pruned = now;
            if let Some(store) = &mut self.store {
                store.prune(page_now.min(now / 1_000));
            }
        }
    }

    fn take_delta(&mut self, page: Page) -> Result<Progress, FeedError> {
        if self.gathering.is_some() {
            return Err(FeedError::SnapshotBroken);
        }
        let store = self.store.as_mut().ok_or(FeedError::DoesNotFollow)?;
        let held = store.revocations().len();
        self.settings.admit(held + page.changes.put())?;
        let keys = store.apply(page, &self.settings.audiences)?;
        Ok(Progress::Changed { keys })
    }

    fn take_snapshot(&mut self, page: Page, bytes: usize) -> Result<Progress, FeedError> {
        let gathering = match self.gathering.take() {
            Some(mut gathering) => {
                gathering.add(page, bytes)?;
                gathering
            }
            None => Gathering::begin(page, &self.fingerprints, bytes)?,
        };
        self.refuse_older(&gathering)?;
        self.settings.admit(gathering.revocations())?;
        if gathering.next().is_some() {
            self.gathering = Some(gathering);
            return Ok(Progress::Gathering);
        }
        self.store = Some(gathering.finish(&self.settings.audiences)?);
        self.begins_anew = false;
        Ok(Progress::Changed { keys: true })
    }

    /// Within an epoch versions only grow. A new epoch is another life of the database.
    fn refuse_older(&self, gathering: &Gathering) -> Result<(), FeedError> {
        let (epoch, version) = gathering.position();
        match &self.store {
            Some(store) if store.epoch() == epoch && version < store.version() => {
                Err(FeedError::Older)
            }
            _ => Ok(()),
        }
    }

    fn fail(&mut self, now: u64, random: u32) {
        self.pace.failed(now, random);
        self.polling_until = None;
        self.gathering = None;
        self.errors += 1;
    }
}

impl FollowerSettings {
    /// Refuses more revocations than the filter is to hold: none is left out silently.
    fn admit(&self, revocations: usize) -> Result<(), FeedError> {
        if revocations > self.max_revocations {
            return Err(FeedError::TooManyRevocations(self.max_revocations));
        }
        Ok(())
    }
}
