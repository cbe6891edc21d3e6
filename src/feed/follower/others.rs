//! A follower among others: what they fetched is taken over by the same checks as an answer of
//! its own.

use super::{Follower, FollowerSettings, Progress, SpeaksFor, Taken};
use crate::feed::page::Page;
use crate::feed::snapshot::Gathering;
use crate::feed::store::FeedError;
use crate::protocol::feed::PageKind;
use crate::session::revocations::Fingerprints;

impl Follower {
    /// A follower that has nothing yet, and understands others who know the same credential.
    pub(in crate::feed) fn among(settings: FollowerSettings, fingerprints: Fingerprints) -> Self {
        Self {
            fingerprints,
            ..Self::new(settings)
        }
    }

    /// What it knows subjects by.
    pub(in crate::feed) fn fingerprints(&self) -> &Fingerprints {
        &self.fingerprints
    }

    /// Lets the next polls speak for others too, or for this VM alone again.
    pub(in crate::feed) fn speak_for(&mut self, all: Option<SpeaksFor>) {
        self.speaks_for = all;
    }

    /// Lets the next poll ask for a snapshot. What is held stays in force until it is whole.
    pub(in crate::feed) fn begin_anew(&mut self) {
        self.begins_anew = true;
        self.gathering = None;
    }

    /// What the last good answer was.
    pub(in crate::feed) fn taken(&self) -> &Taken {
        &self.taken
    }

    /// Whether an answer is awaited.
    pub(in crate::feed) fn is_polling(&self) -> bool {
        self.polling_until.is_some()
    }

    /// When what is held was last known to be all there is, in milliseconds since 1970.
    pub(in crate::feed) fn last_good(&self) -> u64 {
        self.last_good
    }

    /// What is held was all there is at a time.
    pub(in crate::feed) fn was_good(&mut self, at: u64) {
        self.last_good = self.last_good.max(at);
    }

    /// Tells the time; says by how much the clock was set back since. What is held stays as old as
    /// it was: the control service counts on nobody who must be stale by now.
    pub(in crate::feed) fn tell_time(&mut self, now: u64) -> u64 {
        let back = self.told.saturating_sub(now);
        self.told = now;
        self.last_good = self.last_good.saturating_sub(back).min(now);
        back
    }

    /// The answer that is under way is of no use any more.
    pub(in crate::feed) fn dismiss(&mut self, now: u64) {
        self.polling_until = None;
        self.gathering = None;
        self.pace.goes_on(now);
    }

    /// Takes over a snapshot that another polled for.
    pub(in crate::feed) fn adopt(&mut self, snapshot: Gathering) -> Result<Progress, FeedError> {
        self.refuse_older(&snapshot)?;
        self.store = Some(snapshot.finish(&self.settings.audiences)?);
        self.gathering = None;
        Ok(Progress::Changed { keys: true })
    }

    /// Takes over a delta that another polled for. It may begin before what is held: what it says
    /// of that is no news.
    pub(in crate::feed) fn follow(&mut self, now: u64, body: &[u8]) -> Result<Progress, FeedError> {
        let mut page = Page::read(body, &self.fingerprints)?;
        let page_now = page.head.now.get();
        let store = self.store.as_mut().ok_or(FeedError::DoesNotFollow)?;
        if page.head.kind != PageKind::Delta || page.head.after > store.version() {
            return Err(FeedError::DoesNotFollow);
        }
        page.head.after = store.version();
        let keys = store.apply(page, &self.settings.audiences)?;
        self.prune(now, page_now);
        Ok(Progress::Changed { keys })
    }
}
