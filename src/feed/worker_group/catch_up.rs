//! Applies what another VM shared: the deltas after the version in force, or else the snapshot and
//! the deltas after it. A large snapshot is loaded in several steps.

use super::layout::{Manifest, SnapshotSlot};
use super::log::deltas;
use super::shared_data::SharedDataError;
use super::store::AuthenticatedStore;
use crate::feed::error::FeedError;
use crate::feed::page::DecodedPage;
use crate::feed::poller::Delta;
use crate::feed::snapshot::SnapshotBuilder;
use crate::feed::state::{Progress, State};
use crate::protocol::feed::PageKind;
use crate::time::UnixMillis;

/// Bytes of a snapshot that one step loads, so that the host can do something else in between: a
/// few full pages, about 15 ms.
const STEP_BYTES: usize = 1_024 * 1_024;

/// How far this VM has read what is shared.
#[derive(Debug, Default)]
pub struct CatchUp {
    cursor: Option<Cursor>,
    loading: Option<Loading>,
    /// The manifest that could not be reached. Its snapshot is not read again on every tick.
    failed: Option<Target>,
}

/// What tells one manifest from the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Target {
    version: u64,
    fetched: UnixMillis,
}

/// How far a step got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// The manifest's version is in force.
    Manifest,
    /// A part of the snapshot is loaded; the next step continues.
    Partway,
    /// What leads to the manifest's version is not there.
    Nothing,
}

/// How far the log has been read.
#[derive(Debug, Clone, Copy)]
struct Cursor {
    log: u64,
    block: u64,
    bytes: usize,
}

/// A snapshot that is being loaded.
#[derive(Debug)]
struct Loading {
    slot: SnapshotSlot,
    next: u32,
    snapshot: Option<SnapshotBuilder>,
}

impl CatchUp {
    /// Leads this VM towards a manifest. Returns what changed and how far it got.
    pub fn step(
        &mut self,
        store: &AuthenticatedStore,
        state: &mut State,
        manifest: &Manifest,
        now: UnixMillis,
    ) -> Result<(Progress, Reached), SharedDataError> {
        let held = held(state, manifest);
        if held >= Some(manifest.version) {
            self.loading = None;
            return Ok((Progress::Unchanged, Reached::Manifest));
        }
        let target = Some(Target {
            version: manifest.version,
            fetched: manifest.fetched,
        });
        if self.failed == target {
            return Ok((Progress::Unchanged, Reached::Nothing));
        }
        let mut progress = Progress::Unchanged;
        if held.is_some() && self.loading.is_none() {
            progress = self.replay(store, state, manifest, now)?;
            if state.version() >= manifest.version {
                return Ok((progress, Reached::Manifest));
            }
            if held >= Some(manifest.snapshot.version) {
                self.failed = target;
                return Ok((progress, Reached::Nothing));
            }
        }
        match self.load(store, state, manifest, now)? {
            Some(Progress::Partial) => return Ok((Progress::Partial, Reached::Partway)),
            Some(changed) => {
                self.cursor = None;
                progress = changed;
                self.replay(store, state, manifest, now)?;
            }
            None => {}
        }
        self.loading = None;
        if self::held(state, manifest) >= Some(manifest.version) {
            return Ok((progress, Reached::Manifest));
        }
        self.failed = target;
        Ok((progress, Reached::Nothing))
    }

    /// Applies the deltas that follow on the version in force, as far as they lead.
    fn replay(
        &mut self,
        store: &AuthenticatedStore,
        state: &mut State,
        manifest: &Manifest,
        now: UnixMillis,
    ) -> Result<Progress, SharedDataError> {
        let log = &manifest.log;
        let start = Cursor {
            log: log.id,
            block: manifest.snapshot.block,
            bytes: 0,
        };
        let is_valid = |cursor: &Cursor| cursor.log == log.id && log.has(cursor.block);
        let mut cursor = self.cursor.filter(is_valid).unwrap_or(start);
        let mut progress = Progress::Unchanged;
        for number in cursor.block..=log.block {
            let Some(block) = log.block(store, &manifest.epoch, number)?.value else {
                return Ok(progress);
            };
            let from = if number == cursor.block {
                cursor.bytes
            } else {
                0
            };
            for delta in deltas(&block, from) {
                if delta.version <= state.version() {
                    continue;
                }
                match apply(state, delta, now) {
                    Ok(changed) => progress = progress.and(changed),
                    Err(_) => return Ok(progress),
                }
            }
            cursor = Cursor {
                log: log.id,
                block: number,
                bytes: block.len(),
            };
        }
        self.cursor = Some(cursor);
        Ok(progress)
    }

    /// Loads a part of the snapshot and puts it in force once it is complete; `None` if it cannot
    /// be loaded.
    fn load(
        &mut self,
        store: &AuthenticatedStore,
        state: &mut State,
        manifest: &Manifest,
        now: UnixMillis,
    ) -> Result<Option<Progress>, SharedDataError> {
        let slot = &manifest.snapshot;
        let loading = match self.loading.take() {
            Some(loading) if loading.slot.id == slot.id => self.loading.insert(loading),
            _ => self.loading.insert(Loading::new(slot.clone())),
        };
        let mut bytes = 0;
        while loading.next < slot.pages {
            if bytes >= STEP_BYTES {
                return Ok(Some(Progress::Partial));
            }
            let Some(page) = slot.page(store, &manifest.epoch, loading.next)? else {
                return Ok(None);
            };
            bytes += page.len();
            if !loading.add(state, &page, now) {
                return Ok(None);
            }
        }
        let snapshot = self.loading.take().and_then(|loading| loading.snapshot);
        let complete = snapshot.filter(|snapshot| snapshot.next().is_none());
        // Without the deltas after it, a snapshot would lack revocations.
        if !log_is_complete(store, manifest)? {
            return Ok(None);
        }
        Ok(complete.and_then(|snapshot| state.install(snapshot).ok()))
    }
}

impl Loading {
    fn new(slot: SnapshotSlot) -> Self {
        Self {
            slot,
            next: 0,
            snapshot: None,
        }
    }

    /// Adds a page. Returns whether it fits.
    fn add(&mut self, state: &mut State, bytes: &[u8], now: UnixMillis) -> bool {
        self.next += 1;
        let page = DecodedPage::from_bytes(bytes, state.fingerprints());
        self.snapshot = page.and_then(|page| {
            let snapshot = self.snapshot.take();
            state.extend_snapshot(snapshot, page, bytes.len(), now).ok()
        });
        self.snapshot.is_some()
    }
}

/// The version in force if it is of the manifest's epoch.
fn held(state: &State, manifest: &Manifest) -> Option<u64> {
    let store = state.store()?;
    (store.epoch() == manifest.epoch).then(|| store.version())
}

/// Applies a delta that starts at the version in force or before it. It may repeat changes that
/// have been applied already.
fn apply(state: &mut State, delta: Delta<'_>, now: UnixMillis) -> Result<Progress, FeedError> {
    let mut page = state.decode(delta.page)?;
    if page.head.kind != PageKind::Delta || page.head.after > state.version() {
        return Err(FeedError::DoesNotFollow);
    }
    page.head.after = state.version();
    state.apply_delta(page, now)
}

/// Whether the log has all deltas after the snapshot.
fn log_is_complete(
    store: &AuthenticatedStore,
    manifest: &Manifest,
) -> Result<bool, SharedDataError> {
    let (snapshot, log) = (&manifest.snapshot, &manifest.log);
    let mut version = snapshot.version;
    for number in snapshot.block..=log.block {
        let Some(block) = log.block(store, &manifest.epoch, number)?.value else {
            return Ok(false);
        };
        for delta in deltas(&block, 0) {
            if delta.after <= version {
                version = version.max(delta.version);
            }
        }
    }
    Ok(version >= manifest.version)
}

impl Progress {
    /// Two changes together.
    fn and(self, later: Self) -> Self {
        match (self, later) {
            (Self::Changed { keys: one }, Self::Changed { keys: other }) => {
                Self::Changed { keys: one || other }
            }
            (changed @ Self::Changed { .. }, _) | (_, changed) => changed,
        }
    }
}
