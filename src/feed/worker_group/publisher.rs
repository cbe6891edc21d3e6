//! Publishes what the leader has fetched. Pages are written first and the manifest last, and only
//! over a manifest that this VM wrote or read itself: a VM that lost the lease without noticing
//! fails.

use super::layout::{LogEnd, MANIFEST, Manifest, SnapshotSlot};
use super::log::{self, BLOCK_BYTES};
use super::shared_data::{Precondition, SharedDataError};
use super::store::{AuthenticatedStore, Found};
use crate::feed::poller::{Delta, SnapshotPage};
use crate::feed::timing::SETTLE;
use crate::time::UnixMillis;

/// What this VM has published, to which it can add.
#[derive(Debug)]
pub struct Publisher {
    manifest: Manifest,
    /// The last block of the log.
    block: Vec<u8>,
    /// Until when the other VMs are given time to apply the last change.
    settles_until: UnixMillis,
}

/// A snapshot of which some pages are written.
#[derive(Debug)]
pub struct IncomingSnapshot {
    epoch: String,
    slot: SnapshotSlot,
}

impl Publisher {
    /// Continues what another VM published; `None` if its log cannot be read.
    pub fn resume(
        store: &AuthenticatedStore,
        manifest: &Manifest,
    ) -> Result<Option<Self>, SharedDataError> {
        let log = &manifest.log;
        let found = log.block(store, &manifest.epoch, log.block)?;
        Ok(found.value.map(|block| Self {
            manifest: manifest.clone(),
            block,
            settles_until: UnixMillis::EPOCH,
        }))
    }

    /// What has been published.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Whether the other VMs are given time to apply the last change.
    pub fn is_settling(&self, now: UnixMillis) -> bool {
        now < self.settles_until && self.settles_until <= now + SETTLE
    }

    /// Appends a delta to the log.
    pub fn delta(
        &mut self,
        store: &AuthenticatedStore,
        delta: Delta<'_>,
        now: UnixMillis,
    ) -> Result<(), SharedDataError> {
        if self.manifest.version != delta.after {
            return Err(SharedDataError::Changed);
        }
        let precondition = self.precondition(store)?;
        let mut manifest = Manifest {
            version: delta.version,
            fetched: now,
            ..self.manifest.clone()
        };
        let log = &mut manifest.log;
        if !self.block.is_empty() && self.block.len() + delta.page.len() > BLOCK_BYTES {
            self.block.clear();
            log.block += 1;
        }
        let before = self.block.len();
        log::add(&mut self.block, delta);
        log.bytes = self.block.len() as u64;
        log.total += (self.block.len() - before) as u64;
        // Whatever the key holds is replaced: this VM has the whole block.
        let held = log.block(store, &manifest.epoch, log.block)?.precondition;
        log.write(store, &manifest.epoch, &self.block, held)?;
        store.write_small(MANIFEST, &manifest, precondition)?;
        self.manifest = manifest;
        self.settles_until = now + SETTLE;
        Ok(())
    }

    /// Publishes that a poll succeeded and brought no change.
    pub fn nothing_new(
        &mut self,
        store: &AuthenticatedStore,
        now: UnixMillis,
    ) -> Result<(), SharedDataError> {
        let precondition = self.precondition(store)?;
        self.manifest.fetched = now;
        store.write_small(MANIFEST, &self.manifest, precondition)
    }

    /// Publishes a newer snapshot in place of the one before the log, which then has `total` bytes
    /// after the snapshot.
    pub fn replace_snapshot(
        &mut self,
        store: &AuthenticatedStore,
        slot: SnapshotSlot,
        total: u64,
    ) -> Result<(), SharedDataError> {
        let precondition = self.precondition(store)?;
        let mut manifest = self.manifest.clone();
        manifest.log.total = total;
        manifest.log.clear_before(store, slot.block)?;
        manifest.snapshot = slot;
        store.write_small(MANIFEST, &manifest, precondition)?;
        let old = std::mem::replace(&mut self.manifest, manifest);
        old.snapshot.clear(store)
    }

    /// The precondition of the next write of the manifest. Another VM's manifest means that this
    /// VM is no longer the leader; an unreadable one is replaced.
    pub fn precondition(
        &self,
        store: &AuthenticatedStore,
    ) -> Result<Precondition, SharedDataError> {
        let Found {
            value,
            precondition,
        } = store.read_small::<Manifest>(MANIFEST)?;
        match value {
            Some(other) if other != self.manifest => Err(SharedDataError::Changed),
            _ => Ok(precondition),
        }
    }
}

impl IncomingSnapshot {
    /// Begins with the first page, in the slot that what it replaces does not use.
    pub fn new(page: &SnapshotPage, replaces: Option<&Manifest>, id: u64) -> Self {
        let mut slot = SnapshotSlot::beside(replaces.map(|manifest| &manifest.snapshot), id);
        slot.version = page.version;
        Self {
            epoch: page.epoch.clone(),
            slot,
        }
    }

    /// Writes a page. It stays unknown to the other VMs.
    pub fn add(
        &mut self,
        store: &AuthenticatedStore,
        page: &SnapshotPage,
    ) -> Result<(), SharedDataError> {
        self.slot.put(store, &self.epoch, &page.bytes)
    }

    /// Publishes the complete snapshot with an empty log, and frees what it replaces.
    pub fn publish(
        self,
        store: &AuthenticatedStore,
        replaces: Option<&Manifest>,
        precondition: Precondition,
        now: UnixMillis,
    ) -> Result<Publisher, SharedDataError> {
        let manifest = Manifest {
            epoch: self.epoch,
            version: self.slot.version,
            fetched: now,
            log: LogEnd::new(self.slot.id),
            snapshot: self.slot,
        };
        store.write_small(MANIFEST, &manifest, precondition)?;
        if let Some(old) = replaces {
            old.snapshot.clear(store)?;
            old.log.clear_before(store, old.log.block + 1)?;
        }
        Ok(Publisher {
            manifest,
            block: Vec::new(),
            settles_until: now + SETTLE,
        })
    }
}
