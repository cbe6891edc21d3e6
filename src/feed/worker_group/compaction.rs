//! Compaction: once the log has grown long, the leader fetches a new snapshot for VMs that will
//! start later, page by page between its polls. It is not applied here, and the VMs that follow
//! the log do not read it.

use super::layout::{Manifest, SnapshotSlot};
use super::publisher::Publisher;
use super::shared_data::SharedDataError;
use super::store::AuthenticatedStore;
use crate::feed::freshness::StalePolicy;
use crate::feed::limits::{MAX_PAGES, MAX_SNAPSHOT_BYTES};
use crate::feed::poller::{CompactionPage, Sender};
use crate::protocol::feed::PageKind;

/// A compaction that is under way.
#[derive(Debug)]
pub struct Compaction {
    epoch: String,
    slot: SnapshotSlot,
    next: Option<String>,
    /// The length of the log before the block in which the compaction began.
    total_before: u64,
}

/// What a page means for its compaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// More pages follow.
    Continue,
    /// It was the last page.
    Complete,
    /// The page does not fit, and the compaction has failed.
    Failed,
}

impl Compaction {
    /// Begins beside what is published.
    pub fn new(manifest: &Manifest, id: u64) -> Self {
        let mut slot = SnapshotSlot::beside(Some(&manifest.snapshot), id);
        slot.block = manifest.log.block;
        Self {
            epoch: manifest.epoch.clone(),
            slot,
            next: None,
            total_before: manifest.log.total.saturating_sub(manifest.log.bytes),
        }
    }

    /// The query for the next page.
    pub fn query(&self, sender: &Sender, when_stale: StalePolicy) -> String {
        sender.compaction_query(self.next.as_deref(), when_stale)
    }

    /// Writes a page. It stays unknown to the other VMs.
    pub fn add(
        &mut self,
        store: &AuthenticatedStore,
        CompactionPage { page, body }: CompactionPage<'_>,
    ) -> Result<Step, SharedDataError> {
        let head = &page.head;
        if self.slot.pages == 0 {
            self.slot.version = head.version;
        }
        let is_next = head.next.as_ref() != self.next.as_ref() || head.next.is_none();
        let fits = head.kind == PageKind::Snapshot
            && head.epoch == self.epoch
            && head.version == self.slot.version
            && self.slot.pages < MAX_PAGES
            && self.slot.bytes < MAX_SNAPSHOT_BYTES as u64;
        if !fits || !is_next {
            return Ok(Step::Failed);
        }
        self.slot.put(store, &self.epoch, &page.to_bytes(body))?;
        self.next = page.head.next;
        Ok(match self.next {
            Some(_) => Step::Continue,
            None => Step::Complete,
        })
    }

    /// Publishes the complete snapshot.
    pub fn finish(
        self,
        store: &AuthenticatedStore,
        publisher: &mut Publisher,
    ) -> Result<(), SharedDataError> {
        let total = publisher.manifest().log.total;
        publisher.replace_snapshot(store, self.slot, total.saturating_sub(self.total_before))
    }
}
