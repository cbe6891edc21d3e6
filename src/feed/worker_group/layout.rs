//! Where the pages lie in the shared data.
//!
//! | key | value |
//! | --- | --- |
//! | `lease` | which VM polls, and until when |
//! | `manifest` | the version that is shared, and where its pages lie; written last |
//! | `snapshot/<slot>/<n>` | the pages of a snapshot |
//! | `log/<n>` | the deltas since the snapshot, in a ring of blocks |
//! | `member/<n>` | what a live VM has applied |
//! | `instance` | the group's name to the control service |
//! | `process` | the name of the process, for all groups with the same credential |

use serde::{Deserialize, Serialize};

use super::shared_data::{Precondition, SharedDataError};
use super::store::AuthenticatedStore;
use crate::time::UnixMillis;

/// Key of the lease.
pub const LEASE: &str = "lease";
/// Key of the manifest.
pub const MANIFEST: &str = "manifest";
/// Key of the group's name.
pub const INSTANCE: &str = "instance";

/// What is shared. It is written after the pages that it names, so they are complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The epoch.
    pub epoch: String,
    /// The version that snapshot and log together lead to.
    pub version: u64,
    /// When the last successful poll was answered. Whatever is taken from here is as old as that.
    pub fetched: UnixMillis,
    /// The snapshot.
    pub snapshot: SnapshotSlot,
    /// The deltas since the snapshot.
    pub log: LogEnd,
}

/// A snapshot's pages. There are two slots: a new snapshot is written into one while VMs read the
/// other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotSlot {
    /// A number that no other snapshot has.
    pub id: u64,
    /// Which of the two slots, 0 or 1.
    pub slot: u8,
    /// The number of pages.
    pub pages: u32,
    /// Their length together.
    pub bytes: u64,
    /// The version of the snapshot.
    pub version: u64,
    /// The block of the log in which the deltas after the snapshot begin.
    pub block: u64,
}

/// Where the log ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEnd {
    /// A number that no other log has.
    pub id: u64,
    /// The last block, counted from 0.
    pub block: u64,
    /// The length of the last block. More bytes in it are not yet published.
    pub bytes: u64,
    /// The length of all blocks since the snapshot.
    pub total: u64,
}

impl SnapshotSlot {
    /// A snapshot without pages, in the slot that `other` does not use.
    pub fn beside(other: Option<&Self>, id: u64) -> Self {
        Self {
            id,
            slot: other.map_or(0, |other| 1 - other.slot.min(1)),
            pages: 0,
            bytes: 0,
            version: 0,
            block: 0,
        }
    }

    /// Appends a page.
    pub fn put(
        &mut self,
        store: &AuthenticatedStore,
        epoch: &str,
        page: &[u8],
    ) -> Result<(), SharedDataError> {
        let (key, label) = (self.key(self.pages), self.label(epoch, self.pages));
        store.write(&key, &label, page, Precondition::None)?;
        self.pages += 1;
        self.bytes += page.len() as u64;
        Ok(())
    }

    /// A page; `None` if it has been replaced.
    pub fn page(
        &self,
        store: &AuthenticatedStore,
        epoch: &str,
        index: u32,
    ) -> Result<Option<Vec<u8>>, SharedDataError> {
        let found = store.read(&self.key(index), &self.label(epoch, index))?;
        Ok(found.value)
    }

    /// Frees the memory of all pages.
    pub fn clear(&self, store: &AuthenticatedStore) -> Result<(), SharedDataError> {
        (0..self.pages).try_for_each(|index| store.clear(&self.key(index)))
    }

    fn key(&self, index: u32) -> String {
        format!("snapshot/{}/{index}", self.slot)
    }

    /// Differs from the label of another snapshot's page in the same place.
    fn label(&self, epoch: &str, index: u32) -> String {
        format!("{} {} {index} {epoch}", self.id, self.version)
    }
}
