//! A snapshot on its way: its pages are gathered apart and take effect together.

use super::bounds::{MAX_PAGES, MAX_SNAPSHOT_BYTES};
use super::page::Page;
use super::store::{Applications, FeedError, Store, change, grow};
use crate::protocol::feed::JwkSet;
use crate::session::revocations::{Fingerprints, Revocations};

/// The pages so far.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    epoch: String,
    version: u64,
    next: Option<String>,
    pages: u32,
    bytes: usize,
    keys: Option<JwkSet>,
    applications: Applications,
    revocations: Revocations,
}

impl Gathering {
    /// Begins with the first page, which came in so many bytes.
    pub fn begin(page: Page, fingerprints: &Fingerprints, bytes: usize) -> Result<Self, FeedError> {
        let mut gathering = Self {
            epoch: page.head.epoch.clone(),
            version: page.head.version,
            revocations: Revocations::with(fingerprints.clone()),
            ..Self::default()
        };
        gathering.add(page, bytes)?;
        Ok(gathering)
    }

    /// Adds the page that `next` named. A page that adds nothing and names another is the
    /// beginning of a snapshot that never ends.
    pub fn add(&mut self, page: Page, bytes: usize) -> Result<(), FeedError> {
        let is_empty = page.is_empty();
        let Page { head, changes } = page;
        self.pages += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        let fits = head.epoch == self.epoch && head.version == self.version;
        let leads_nowhere = head.next.is_some() && (is_empty || head.next == self.next);
        if !fits || leads_nowhere {
            return Err(FeedError::SnapshotBroken);
        }
        if self.pages > MAX_PAGES || self.bytes > MAX_SNAPSHOT_BYTES {
            return Err(FeedError::OutOfBounds("the snapshot's size"));
        }
        if head.keys.is_some() {
            self.keys = head.keys;
        }
        change(&mut self.applications, head.applications)?;
        grow(&self.revocations, &changes)?;
        self.revocations.take(changes);
        self.next = head.next;
        Ok(())
    }

    /// The name of the next page; `None` when all are here.
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// How many revocations the pages so far hold.
    pub fn revocations(&self) -> usize {
        self.revocations.len()
    }

    /// The epoch and version that the snapshot is of.
    pub fn position(&self) -> (&str, u64) {
        (&self.epoch, self.version)
    }

    /// Everything, when all pages are here.
    pub fn finish(self, audiences: &[String]) -> Result<Store, FeedError> {
        Store::new(
            (self.epoch, self.version),
            self.keys.ok_or(FeedError::NoKeys)?,
            self.applications,
            self.revocations,
            audiences,
        )
    }
}
