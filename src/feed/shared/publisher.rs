//! Shares what the VM that polls has fetched. Pages are written first and the position last, and
//! only over what this VM wrote or read itself: one that lost the lease without noticing fails.

use super::log::{self, BLOCK_BYTES, Delta};
use super::position::{Base, LogEnd, POSITION, Position};
use super::sealed::{Found, Sealed};
use super::{Over, SharedDataError};

/// What the VM that polls has shared.
#[derive(Debug, Default)]
pub struct Publisher {
    position: Option<Position>,
    /// What a snapshot on its way takes the place of.
    former: Option<Position>,
    block: Vec<u8>,
    coming: Option<(String, Base)>,
}

/// A page of a snapshot.
#[derive(Debug, Clone, Copy)]
pub struct SnapshotPage<'a> {
    /// Whether it is the snapshot's first.
    pub first: bool,
    /// Whether it is its last.
    pub last: bool,
    /// The snapshot's epoch and version.
    pub of: (&'a str, u64),
    /// The page.
    pub bytes: &'a [u8],
}

impl Publisher {
    /// Forgets everything: another VM may go on.
    pub fn stop(&mut self) {
        *self = Self::default();
    }

    /// What has been shared; `None` until there is a whole snapshot.
    pub fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }

    /// Goes on where another VM ended; says whether that is possible.
    pub fn resume(
        &mut self,
        sealed: &Sealed,
        position: &Position,
    ) -> Result<bool, SharedDataError> {
        let log = &position.log;
        let found = log.block(sealed, &position.epoch, log.block)?;
        self.coming = None;
        self.position = found.value.is_some().then(|| position.clone());
        self.block = found.value.unwrap_or_default();
        Ok(self.position.is_some())
    }

    /// Waits for a snapshot, which takes the place of what others shared.
    pub fn begin_anew(&mut self, former: Option<&Position>) {
        *self = Self {
            former: former.cloned(),
            ..Self::default()
        };
    }

    /// A page of a snapshot came; the last makes all of them known.
    pub fn page(
        &mut self,
        sealed: &Sealed,
        page: SnapshotPage<'_>,
        (now, id): (u64, u64),
    ) -> Result<(), SharedDataError> {
        let (epoch, version) = page.of;
        if page.first {
            let old = self.position.as_ref().or(self.former.as_ref());
            let mut base = Base::beside(old.map(|position| &position.base), id);
            base.version = version;
            self.coming = Some((epoch.to_owned(), base));
        }
        let Some((epoch, base)) = &mut self.coming else {
            return Err(SharedDataError::Changed);
        };
        base.put(sealed, epoch, page.bytes)?;
        if !page.last {
            return Ok(());
        }
        let (epoch, base) = (epoch.clone(), base.clone());
        self.coming = None;
        let over = match &self.position {
            Some(mine) => own(sealed, mine)?,
            None => sealed.read_small::<Position>(POSITION)?.over,
        };
        let old = self.position.take().or(self.former.take());
        self.block.clear();
        let position = Position {
            epoch,
            version,
            fetched: now,
            base,
            log: LogEnd::new(id),
        };
        sealed.write_small(POSITION, &position, over)?;
        self.position = Some(position);
        if let Some(old) = old {
            old.base.clear(sealed)?;
            old.log.clear_before(sealed, old.log.block + 1)?;
        }
        Ok(())
    }

    /// A delta came.
    pub fn delta(
        &mut self,
        sealed: &Sealed,
        delta: Delta<'_>,
        now: u64,
    ) -> Result<(), SharedDataError> {
        let old = self.position.clone().ok_or(SharedDataError::Changed)?;
        if old.version != delta.after {
            return Err(SharedDataError::Changed);
        }
        let over = own(sealed, &old)?;
        let mut position = Position {
            version: delta.version,
            fetched: now,
            ..old
        };
        let log = &mut position.log;
        if !self.block.is_empty() && self.block.len() + delta.page.len() > BLOCK_BYTES {
            self.block.clear();
            log.block += 1;
        }
        let before = self.block.len();
        log::add(&mut self.block, delta);
        let added = (self.block.len() - before) as u64;
        // Whatever is there: what this VM holds is the whole block.
        log.bytes = self.block.len() as u64;
        log.total += added;
        let block = log.block(sealed, &position.epoch, log.block)?.over;
        log.write(sealed, &position.epoch, &self.block, block)?;
        sealed.write_small(POSITION, &position, over)?;
        self.position = Some(position);
        Ok(())
    }

    /// A poll was answered, and nothing is new.
    pub fn nothing_new(&mut self, sealed: &Sealed, now: u64) -> Result<(), SharedDataError> {
        let Some(position) = &mut self.position else {
            return Ok(());
        };
        let over = own(sealed, position)?;
        position.fetched = now;
        sealed.write_small(POSITION, position, over)
    }

    /// A new snapshot beside the log takes the place of the old one.
    pub fn replace_base(
        &mut self,
        sealed: &Sealed,
        base: Base,
        total: u64,
    ) -> Result<(), SharedDataError> {
        let old = self.position.clone().ok_or(SharedDataError::Changed)?;
        let over = own(sealed, &old)?;
        let mut position = old.clone();
        position.log.total = total;
        position.log.clear_before(sealed, base.block)?;
        position.base = base;
        sealed.write_small(POSITION, &position, over)?;
        self.position = Some(position);
        old.base.clear(sealed)
    }
}

/// What the next position replaces: this one, or what is none. Another VM's means that this one
/// must not go on.
fn own(sealed: &Sealed, mine: &Position) -> Result<Over, SharedDataError> {
    let Found { value, over } = sealed.read_small::<Position>(POSITION)?;
    match value {
        Some(other) if other != *mine => Err(SharedDataError::Changed),
        _ => Ok(over),
    }
}
