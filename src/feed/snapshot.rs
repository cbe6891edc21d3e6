//! A snapshot that arrives in pages. The pages are collected apart from what is in force and take
//! effect together.

use super::error::FeedError;
use super::limits::{MAX_PAGES, MAX_SNAPSHOT_BYTES};
use super::page::DecodedPage;
use super::store::{Applications, Contents, Store, check_room, update};
use crate::application::Scope;
use crate::protocol::feed::JwkSet;
use crate::session::revocations::{Fingerprints, Revocations};

/// The pages of a snapshot so far.
#[derive(Debug, Default)]
pub(super) struct SnapshotBuilder {
    epoch: String,
    version: u64,
    /// From the first page.
    proof: Option<String>,
    next: Option<String>,
    pages: u32,
    bytes: usize,
    keys: Option<JwkSet>,
    applications: Applications,
    revocations: Revocations,
}

impl SnapshotBuilder {
    /// Starts with the first page, which was received as this many bytes.
    pub fn start(
        page: DecodedPage,
        fingerprints: &Fingerprints,
        bytes: usize,
    ) -> Result<Self, FeedError> {
        let mut builder = Self {
            epoch: page.head.epoch.clone(),
            version: page.head.version,
            proof: page.head.proof.clone(),
            revocations: Revocations::with(fingerprints.clone()),
            ..Self::default()
        };
        builder.add(page, bytes)?;
        Ok(builder)
    }

    /// Adds the page that `next` named. A page without content that names another page is rejected:
    /// such a snapshot would never end.
    pub fn add(&mut self, page: DecodedPage, bytes: usize) -> Result<(), FeedError> {
        let is_empty = page.is_empty();
        let DecodedPage { head, changes } = page;
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
        update(&mut self.applications, head.applications)?;
        check_room(&self.revocations, &changes)?;
        self.revocations.take(changes);
        self.next = head.next;
        Ok(())
    }

    /// The name of the next page; `None` when the snapshot is complete.
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// The number of revocations in the pages so far.
    pub fn revocations(&self) -> usize {
        self.revocations.len()
    }

    /// Whether the snapshot is of the same epoch as what is in force, and older.
    pub fn is_older_than(&self, store: &Store) -> bool {
        store.epoch() == self.epoch && self.version < store.version()
    }

    /// The complete snapshot.
    pub fn finish(self, scope: Scope<'_>) -> Result<Store, FeedError> {
        let contents = Contents {
            epoch: self.epoch,
            version: self.version,
            proof: self.proof,
            keys: self.keys.ok_or(FeedError::NoKeys)?,
            applications: self.applications,
            revocations: self.revocations,
        };
        Store::new(contents, scope)
    }
}
