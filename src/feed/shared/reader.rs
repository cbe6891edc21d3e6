//! Takes over what another VM fetched: the deltas that follow on what is held, or else the
//! snapshot and the deltas after it. A large snapshot is taken over page by page.

use super::SharedDataError;
use super::log::deltas;
use super::position::{Base, Position};
use super::sealed::Sealed;
use crate::feed::follower::{Follower, Progress};
use crate::feed::page::Page;
use crate::feed::snapshot::Gathering;
use crate::feed::store::Store;
use crate::session::revocations::Fingerprints;

/// Bytes of a snapshot after which the host is let go on: a few full pages, and about 15 ms.
const STEP_BYTES: usize = 1_024 * 1_024;

/// Where a VM is in what is shared.
#[derive(Debug, Default)]
pub struct Reader {
    cursor: Option<Cursor>,
    loading: Option<Loading>,
    /// The last position that was tried in vain, by version and time: its snapshot is not read
    /// again at every tick.
    in_vain: Option<(u64, u64)>,
}

/// How far a VM got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// To the position.
    Position,
    /// A part of the way; the next step leads on.
    Halfway,
    /// What leads on is not there.
    Nowhere,
}

/// How far the log has been read.
#[derive(Debug, Clone, Copy)]
struct Cursor {
    log: u64,
    block: u64,
    bytes: usize,
}

/// A snapshot that is being taken over.
#[derive(Debug)]
struct Loading {
    base: Base,
    next: u32,
    gathered: Option<Gathering>,
}

impl Reader {
    /// Leads a follower towards a position; says what changed and how far it got.
    pub fn step(
        &mut self,
        sealed: &Sealed,
        follower: &mut Follower,
        position: &Position,
        now: u64,
    ) -> Result<(Progress, Reached), SharedDataError> {
        let held = follower
            .store()
            .filter(|store| store.epoch() == position.epoch);
        let held = held.map(Store::version);
        if held >= Some(position.version) {
            self.loading = None;
            return Ok((Progress::Unchanged, Reached::Position));
        }
        let tried = Some((position.version, position.fetched));
        if self.in_vain == tried {
            return Ok((Progress::Unchanged, Reached::Nowhere));
        }
        if held.is_some() && self.loading.is_none() {
            let (progress, reached) = self.replay(sealed, follower, position, now)?;
            if reached {
                return Ok((progress, Reached::Position));
            }
            if held >= Some(position.base.version) {
                self.in_vain = tried;
                return Ok((progress, Reached::Nowhere));
            }
        }
        let (progress, reached) = match self.load(sealed, follower, position)? {
            Some(Progress::Gathering) => return Ok((Progress::Gathering, Reached::Halfway)),
            Some(changed) => {
                self.cursor = None;
                let (_, reached) = self.replay(sealed, follower, position, now)?;
                (changed, reached)
            }
            None => (Progress::Unchanged, false),
        };
        self.loading = None;
        if reached {
            return Ok((progress, Reached::Position));
        }
        self.in_vain = tried;
        Ok((progress, Reached::Nowhere))
    }

    /// Applies the deltas that follow on what is held; says whether they lead to the position.
    fn replay(
        &mut self,
        sealed: &Sealed,
        follower: &mut Follower,
        position: &Position,
        now: u64,
    ) -> Result<(Progress, bool), SharedDataError> {
        let log = &position.log;
        let begin = Cursor {
            log: log.id,
            block: position.base.block,
            bytes: 0,
        };
        let known = |cursor: &Cursor| cursor.log == log.id && log.has(cursor.block);
        let mut cursor = self.cursor.filter(known).unwrap_or(begin);
        let mut progress = Progress::Unchanged;
        for number in cursor.block..=log.block {
            let Some(block) = log.block(sealed, &position.epoch, number)?.value else {
                return Ok((progress, false));
            };
            let from = if number == cursor.block {
                cursor.bytes
            } else {
                0
            };
            for delta in deltas(&block, from) {
                if delta.version <= version(follower) {
                    continue;
                }
                match follower.follow(now, delta.page) {
                    Ok(changed) => progress = and(progress, changed),
                    Err(_) => return Ok((progress, false)),
                }
            }
            cursor = Cursor {
                log: log.id,
                block: number,
                bytes: block.len(),
            };
        }
        self.cursor = Some(cursor);
        Ok((progress, version(follower) >= position.version))
    }

    /// Takes over a part of the snapshot; `None` if it is not there.
    fn load(
        &mut self,
        sealed: &Sealed,
        follower: &mut Follower,
        position: &Position,
    ) -> Result<Option<Progress>, SharedDataError> {
        let base = &position.base;
        let loading = match self.loading.take() {
            Some(loading) if loading.base.id == base.id => self.loading.insert(loading),
            _ => self.loading.insert(Loading::of(base.clone())),
        };
        let mut bytes = 0;
        while loading.next < base.pages {
            if bytes >= STEP_BYTES {
                return Ok(Some(Progress::Gathering));
            }
            let Some(page) = base.page(sealed, &position.epoch, loading.next)? else {
                return Ok(None);
            };
            bytes += page.len();
            if !loading.add(&page, follower.fingerprints()) {
                return Ok(None);
            }
        }
        let gathered = self.loading.take().and_then(|loading| loading.gathered);
        let whole = gathered.filter(|gathered| gathered.next().is_none());
        // Without what followed it a snapshot is worth nothing: it lacks revocations.
        if !leads_on(sealed, position)? {
            return Ok(None);
        }
        Ok(whole.and_then(|snapshot| follower.adopt(snapshot).ok()))
    }
}

impl Loading {
    fn of(base: Base) -> Self {
        Self {
            base,
            next: 0,
            gathered: None,
        }
    }

    /// Adds a page, within the same bounds and by the same checks as one that was polled for.
    fn add(&mut self, bytes: &[u8], fingerprints: &Fingerprints) -> bool {
        self.next += 1;
        let Some(page) = Page::from_bytes(bytes, fingerprints) else {
            return false;
        };
        let gathered = match self.gathered.take() {
            Some(mut gathered) => gathered.add(page, bytes.len()).map(|()| gathered),
            None => Gathering::begin(page, fingerprints, bytes.len()),
        };
        self.gathered = gathered.ok();
        self.gathered.is_some()
    }
}

/// Whether the deltas after the snapshot are all there.
fn leads_on(sealed: &Sealed, position: &Position) -> Result<bool, SharedDataError> {
    let (base, log) = (&position.base, &position.log);
    let mut version = base.version;
    for number in base.block..=log.block {
        let Some(block) = log.block(sealed, &position.epoch, number)?.value else {
            return Ok(false);
        };
        for delta in deltas(&block, 0) {
            if delta.after <= version {
                version = version.max(delta.version);
            }
        }
    }
    Ok(version >= position.version)
}

fn version(follower: &Follower) -> u64 {
    follower.store().map_or(0, Store::version)
}

/// What two changes are together.
fn and(first: Progress, second: Progress) -> Progress {
    match (first, second) {
        (Progress::Changed { keys: one }, Progress::Changed { keys: other }) => {
            Progress::Changed { keys: one || other }
        }
        (changed @ Progress::Changed { .. }, _) | (_, changed) => changed,
    }
}
