//! Follows the feed: when to poll, what an answer means, when to try again.
//!
//! Times are milliseconds since 1970, given with each event.

use super::bounds;
use super::pace::{Pace, Told};
use super::snapshot::Gathering;
use super::store::{FeedError, Store};
use crate::protocol::feed::{FeedPage, PageKind};

/// The longest that a poll waits for news, in seconds.
const MAX_WAIT_S: u64 = 20;
/// What a poll may take beyond its waiting, in milliseconds.
const POLL_MARGIN_MS: u64 = 10_000;
/// After this beyond its timeout a poll counts as lost: the host forgets callouts of a root
/// context that goes.
const LOST_MS: u64 = 2_000;
/// Entries that a page may hold.
const PAGE_LIMIT: u32 = 20_000;
/// How often revocations without effect are looked for, in milliseconds.
const PRUNE_EVERY_MS: u64 = 600_000;

/// Follows the feed and holds what is in force.
#[derive(Debug)]
pub struct Follower {
    settings: FollowerSettings,
    store: Option<Store>,
    gathering: Option<Gathering>,
    polling_until: Option<u64>,
    pace: Pace,
    last_good: u64,
    pruned: u64,
    errors: u64,
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
            store: None,
            gathering: None,
            polling_until: None,
            last_good: 0,
            pruned: 0,
            errors: 0,
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
        self.last_good = self.last_good.min(now);
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
        let taken = match answer.status {
            Some(200) => self.take(now, answer.body),
            Some(204) if self.store.is_some() && self.gathering.is_none() => {
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
        let page: FeedPage = serde_json::from_slice(body).map_err(|error| malformed(&error))?;
        bounds::check(&page)?;
        let page_now = page.now;
        let (told, progress) = match page.kind {
            PageKind::Delta if page.is_empty() => (Told::VersionOnly, self.take_delta(page)?),
            PageKind::Delta => (Told::News, self.take_delta(page)?),
            PageKind::Snapshot => (Told::Nothing, self.take_snapshot(page, body.len())?),
        };
        if now.saturating_sub(self.pruned) > PRUNE_EVERY_MS {
            self.pruned = now;
            if let Some(store) = &mut self.store {
                store.prune(page_now.min(now / 1_000));
            }
        }
        Ok((progress, told))
    }

    fn take_delta(&mut self, page: FeedPage) -> Result<Progress, FeedError> {
        if self.gathering.is_some() {
            return Err(FeedError::SnapshotBroken);
        }
        let store = self.store.as_mut().ok_or(FeedError::DoesNotFollow)?;
        let keys = store.apply(page, &self.settings.audiences)?;
        Ok(Progress::Changed { keys })
    }

    fn take_snapshot(&mut self, page: FeedPage, bytes: usize) -> Result<Progress, FeedError> {
        let gathering = match self.gathering.take() {
            Some(mut gathering) => {
                gathering.add(page, bytes)?;
                gathering
            }
            None => Gathering::begin(page, bytes)?,
        };
        self.refuse_older(&gathering)?;
        if gathering.next().is_some() {
            self.gathering = Some(gathering);
            return Ok(Progress::Gathering);
        }
        self.store = Some(gathering.finish(&self.settings.audiences)?);
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

    /// A poll must end well before its silence makes the feed stale.
    fn wait_s(&self) -> u64 {
        (self.settings.stale_after_ms / 3_000).min(MAX_WAIT_S)
    }

    fn query(&self, wait: u64) -> String {
        let settings = &self.settings;
        // Rounded up: nobody shall take this filter for stale before it is.
        let stale_after = settings.stale_after_ms.div_ceil(1_000);
        let then = if settings.denies_when_stale {
            "deny"
        } else {
            "allow"
        };
        let position = self.position(wait);
        format!("{position}&stale_after={stale_after}&then={then}")
    }

    /// What the poll follows on.
    fn position(&self, wait: u64) -> String {
        let instance = &self.settings.instance;
        if let Some(next) = self.gathering.as_ref().and_then(Gathering::next) {
            let next = crate::reply::percent_encode(next.as_bytes());
            return format!("next={next}&limit={PAGE_LIMIT}&instance={instance}");
        }
        match &self.store {
            Some(store) => {
                let (epoch, version) = (store.epoch(), store.version());
                let epoch = crate::reply::percent_encode(epoch.as_bytes());
                format!(
                    "epoch={epoch}&after={version}&wait={wait}&limit={PAGE_LIMIT}\
                     &instance={instance}&applied={version}"
                )
            }
            None => format!("limit={PAGE_LIMIT}&instance={instance}"),
        }
    }
}

/// What is wrong, without the page's content: the reader's message may quote it.
fn malformed(error: &serde_json::Error) -> FeedError {
    let (line, column) = (error.line(), error.column());
    FeedError::Malformed(format!(
        "{:?} error at line {line}, column {column}",
        error.classify()
    ))
}
