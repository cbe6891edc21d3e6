//! What is in force, and how old it is. Every page enters here, whether this VM polled for it or
//! another VM shared it, and passes the same checks: limits, room, epoch and version.

use std::time::Duration;

use super::error::FeedError;
use super::freshness::{Freshness, StalePolicy};
use super::page::DecodedPage;
use super::snapshot::SnapshotBuilder;
use super::store::Store;
use super::timing::{LONGEST_STEP, PRUNE_INTERVAL};
use crate::application::Scope;
use crate::session::revocations::Fingerprints;
use crate::time::UnixMillis;
use crate::time::settled::Settled;

/// The configuration of a feed.
#[derive(Debug, Clone)]
pub struct FeedSettings {
    /// Audiences that this filter guards; empty for all.
    pub audiences: Vec<String>,
    /// The team domain's hostname, which is no application's.
    pub team_hostname: String,
    /// When the feed counts as stale, and what happens then.
    pub when_stale: StalePolicy,
    /// The most revocations that the filter holds.
    pub max_revocations: usize,
    /// The name of this VM, in visible ASCII without `&`.
    pub instance: String,
}

/// What an event changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing.
    Unchanged,
    /// A snapshot is partly here and not in force yet. The rest is fetched at once.
    Partial,
    /// What is in force.
    Changed {
        /// Whether the keys changed, so that signatures must be checked again.
        keys: bool,
    },
}

/// What is in force, and how old it is.
#[derive(Debug)]
pub(super) struct State {
    settings: FeedSettings,
    fingerprints: Fingerprints,
    store: Option<Store>,
    freshness: Freshness,
    pruned: UnixMillis,
    ended: Settled,
}

impl State {
    /// Nothing is in force yet. VMs that share pages need the same fingerprints.
    pub fn new(settings: FeedSettings, fingerprints: Fingerprints) -> Self {
        Self {
            settings,
            fingerprints,
            store: None,
            freshness: Freshness::default(),
            pruned: UnixMillis::EPOCH,
            ended: Settled::default(),
        }
    }

    /// The configuration.
    pub fn settings(&self) -> &FeedSettings {
        &self.settings
    }

    /// What is in force; `None` until the first snapshot is complete.
    pub fn store(&self) -> Option<&Store> {
        self.store.as_ref()
    }

    /// The version in force; 0 if there is none.
    pub fn version(&self) -> u64 {
        self.store.as_ref().map_or(0, Store::version)
    }

    /// The epoch in force; empty if there is none.
    pub fn epoch(&self) -> &str {
        self.store.as_ref().map_or("", Store::epoch)
    }

    /// How subjects of revocations are recognised.
    pub fn fingerprints(&self) -> &Fingerprints {
        &self.fingerprints
    }

    /// Whether the last successful poll is too long ago.
    pub fn is_stale(&self, now: UnixMillis) -> bool {
        self.age(now) > self.settings.when_stale.after
    }

    /// Time since the last successful poll.
    pub fn age(&self, now: UnixMillis) -> Duration {
        self.freshness.age(now)
    }

    /// When the last successful poll was answered.
    pub fn last_success(&self) -> UnixMillis {
        self.freshness.last_success()
    }

    /// Records that what is in force was complete at `at`.
    pub fn succeed(&mut self, at: UnixMillis) {
        self.freshness.succeed(at);
    }

    /// Takes the current time. Returns by how much the clock was set back.
    pub fn advance_clock(&mut self, now: UnixMillis) -> Duration {
        self.freshness.advance(now)
    }

    /// Decodes a page as the control service sends it.
    pub fn decode(&self, body: &[u8]) -> Result<DecodedPage, FeedError> {
        DecodedPage::decode(body, &self.fingerprints)
    }

    /// Applies a delta that starts at the version in force.
    ///
    /// # Errors
    /// The delta was rejected and changed nothing.
    pub fn apply_delta(
        &mut self,
        page: DecodedPage,
        now: UnixMillis,
    ) -> Result<Progress, FeedError> {
        // First, because revocations that have ended need no room.
        self.prune(now, &page);
        let store = self.store.as_mut().ok_or(FeedError::DoesNotFollow)?;
        let revocations = store.revocations().len() + page.changes.put();
        self.settings.check_room(revocations)?;
        let keys = store.apply(page, self.settings.scope())?;
        Ok(Progress::Changed { keys })
    }

    /// Adds a page, received as this many bytes, to a snapshot, or starts one with it.
    ///
    /// # Errors
    /// The page was rejected, and the snapshot with it.
    pub fn extend_snapshot(
        &mut self,
        snapshot: Option<SnapshotBuilder>,
        page: DecodedPage,
        bytes: usize,
        now: UnixMillis,
    ) -> Result<SnapshotBuilder, FeedError> {
        self.prune(now, &page);
        let snapshot = match snapshot {
            Some(mut snapshot) => {
                snapshot.add(page, bytes)?;
                snapshot
            }
            None => SnapshotBuilder::start(page, &self.fingerprints, bytes)?,
        };
        // Within an epoch versions only grow. Between epochs they say nothing.
        if (self.store.as_ref()).is_some_and(|store| snapshot.is_older_than(store)) {
            return Err(FeedError::Older);
        }
        self.settings.check_room(snapshot.revocations())?;
        Ok(snapshot)
    }

    /// Puts a complete snapshot in force.
    ///
    /// # Errors
    /// The snapshot was rejected and changed nothing.
    pub fn install(&mut self, snapshot: SnapshotBuilder) -> Result<Progress, FeedError> {
        self.store = Some(snapshot.finish(self.settings.scope())?);
        Ok(Progress::Changed { keys: true })
    }

    /// Drops, now and then, revocations that have surely ended by both clocks.
    fn prune(&mut self, now: UnixMillis, page: &DecodedPage) {
        let passed = now.duration_since(self.pruned);
        if passed > PRUNE_INTERVAL || now < self.pruned {
            self.pruned = now;
            let earlier = page.head.now.min(now.to_seconds());
            let ended = self.ended.look(earlier, passed.min(LONGEST_STEP));
            if let Some(store) = &mut self.store {
                store.prune(ended);
            }
        }
    }
}

impl FeedSettings {
    /// What the filter guards.
    fn scope(&self) -> Scope<'_> {
        Scope {
            audiences: &self.audiences,
            team_hostname: &self.team_hostname,
        }
    }

    /// Rejects more revocations than the filter may hold: none is left out silently.
    fn check_room(&self, revocations: usize) -> Result<(), FeedError> {
        if revocations > self.max_revocations {
            return Err(FeedError::TooManyRevocations(self.max_revocations));
        }
        Ok(())
    }
}
