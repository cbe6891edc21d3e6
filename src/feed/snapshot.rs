//! A snapshot on its way: its pages are gathered apart and take effect together.

use super::store::{Applications, FeedError, Store, change};
use crate::protocol::feed::{FeedPage, JwkSet};
use crate::session::revocations::Revocations;

/// Pages after which a snapshot is taken for one that never ends.
const MAX_PAGES: u32 = 10_000;

/// The pages so far.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    epoch: String,
    version: u64,
    next: Option<String>,
    pages: u32,
    keys: Option<JwkSet>,
    applications: Applications,
    revocations: Revocations,
}

impl Gathering {
    /// Begins with the first page.
    pub fn begin(page: FeedPage) -> Result<Self, FeedError> {
        let mut gathering = Self {
            epoch: page.epoch.clone(),
            version: page.version,
            ..Self::default()
        };
        gathering.add(page)?;
        Ok(gathering)
    }

    /// Adds the page that `next` named.
    pub fn add(&mut self, page: FeedPage) -> Result<(), FeedError> {
        self.pages += 1;
        let fits = page.epoch == self.epoch && page.version == self.version;
        if !fits || self.pages > MAX_PAGES {
            return Err(FeedError::SnapshotBroken);
        }
        if page.keys.is_some() {
            self.keys = page.keys;
        }
        change(&mut self.applications, page.applications)?;
        self.revocations.apply(page.revocations);
        self.next = page.next;
        Ok(())
    }

    /// The name of the next page; `None` when all are here.
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref()
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
