//! The log: the deltas since the snapshot as the control service sent them, one after another in
//! blocks, in a ring with a fixed number of keys.

use super::layout::{LogEnd, SnapshotSlot};
use super::shared_data::{Precondition, SharedDataError};
use super::store::{AuthenticatedStore, Found};
use crate::feed::poller::Delta;

/// Keys of the ring.
pub const BLOCKS: u64 = 128;
/// A block is not extended beyond this length, so that adding a delta stays cheap.
pub const BLOCK_BYTES: usize = 64 * 1_024;
const HEAD_BYTES: usize = 20;

impl LogEnd {
    /// A log without deltas.
    pub fn new(id: u64) -> Self {
        Self {
            id,
            block: 0,
            bytes: 0,
            total: 0,
        }
    }

    /// Whether a block has not been overwritten yet.
    pub fn has(&self, block: u64) -> bool {
        block <= self.block && self.block - block < BLOCKS
    }

    /// The published bytes of a block; `None` if they are gone.
    pub fn block(
        &self,
        store: &AuthenticatedStore,
        epoch: &str,
        number: u64,
    ) -> Result<Found<Vec<u8>>, SharedDataError> {
        let mut found = store.read(&key(number), &self.label(epoch, number))?;
        if number == self.block {
            let bytes = usize::try_from(self.bytes).unwrap_or(usize::MAX);
            found.value = match found.value {
                // A log without deltas has no block.
                None if bytes == 0 => Some(Vec::new()),
                Some(block) if block.len() < bytes => None,
                Some(mut block) => {
                    block.truncate(bytes);
                    Some(block)
                }
                None => None,
            };
        }
        Ok(found)
    }

    /// Writes the last block.
    pub fn write(
        &self,
        store: &AuthenticatedStore,
        epoch: &str,
        block: &[u8],
        precondition: Precondition,
    ) -> Result<(), SharedDataError> {
        store.write(
            &key(self.block),
            &self.label(epoch, self.block),
            block,
            precondition,
        )
    }

    /// Frees the memory of the blocks before one.
    pub fn clear_before(
        &self,
        store: &AuthenticatedStore,
        block: u64,
    ) -> Result<(), SharedDataError> {
        let first = (self.block + 1).saturating_sub(BLOCKS);
        (first..block).try_for_each(|number| store.clear(&key(number)))
    }

    /// Whether the deltas after the snapshot have been overwritten, or soon will be.
    pub fn is_long(&self, snapshot: &SnapshotSlot) -> bool {
        let half = BLOCKS / 2;
        self.block.saturating_sub(snapshot.block) > half
            || self.total > snapshot.bytes.max(half * BLOCK_BYTES as u64)
    }

    fn label(&self, epoch: &str, number: u64) -> String {
        format!("{} {number} {epoch}", self.id)
    }
}

fn key(number: u64) -> String {
    format!("log/{}", number % BLOCKS)
}

/// Adds a delta to a block.
pub fn add(block: &mut Vec<u8>, delta: Delta<'_>) {
    let length = u32::try_from(delta.page.len()).unwrap_or(u32::MAX);
    block.extend(delta.after.to_le_bytes());
    block.extend(delta.version.to_le_bytes());
    block.extend(length.to_le_bytes());
    block.extend(delta.page);
}

/// The deltas of a block from a byte on, up to the first that is malformed.
pub fn deltas(block: &[u8], from: usize) -> impl Iterator<Item = Delta<'_>> {
    let mut rest = block.get(from..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (head, behind) = rest.split_at_checked(HEAD_BYTES)?;
        let number = |at: usize| Some(u64::from_le_bytes(head.get(at..at + 8)?.try_into().ok()?));
        let length = u32::from_le_bytes(head.get(16..)?.try_into().ok()?);
        let (page, behind) = behind.split_at_checked(usize::try_from(length).ok()?)?;
        rest = behind;
        Some(Delta {
            after: number(0)?,
            version: number(8)?,
            page,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deltas_come_out_as_they_went_in() {
        let mut block = Vec::new();
        let first = Delta {
            after: 41,
            version: 57,
            page: b"one",
        };
        let second = Delta {
            after: 57,
            version: 58,
            page: b"",
        };
        add(&mut block, first);
        let end = block.len();
        add(&mut block, second);
        assert_eq!(deltas(&block, 0).collect::<Vec<_>>(), [first, second]);
        assert_eq!(deltas(&block, end).collect::<Vec<_>>(), [second]);
        block.truncate(end - 1);
        assert_eq!(deltas(&block, 0).count(), 0, "cut off");
        assert_eq!(deltas(&block, 1_000).count(), 0);
    }

    #[test]
    fn a_ring_keeps_its_last_blocks() {
        let log = LogEnd {
            block: 200,
            ..LogEnd::new(1)
        };
        assert!(log.has(200) && log.has(73) && !log.has(72) && !log.has(201));
    }
}
