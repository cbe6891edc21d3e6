//! Telling the others what was fetched for them.

use super::{Refill, Sharing};
use crate::feed::follower::{Follower, Progress, Taken};
use crate::feed::page::Page;
use crate::feed::shared::SharedDataError;
use crate::feed::shared::log::Delta;
use crate::feed::shared::publisher::SnapshotPage;

/// How long the next poll waits for the others to apply what came, in milliseconds: a few ticks.
/// It can then say that they have.
pub(super) const SETTLE_MS: u64 = 200;
/// How often a new snapshot may be begun, in milliseconds: it is the whole feed.
const REFILL_EVERY_MS: u64 = 60_000;

impl Sharing {
    /// Shares what the last good poll brought. If that fails, another VM may do better.
    pub fn tell(
        &mut self,
        follower: &Follower,
        (progress, body): (Progress, &[u8]),
        (now, random): (u64, u32),
    ) {
        if self.holds
            && self
                .try_to_tell(follower, (progress, body), (now, random))
                .is_err()
        {
            let released = self.release(now);
            let _ = self.or_broken(now, released);
        }
    }

    fn try_to_tell(
        &mut self,
        follower: &Follower,
        (progress, body): (Progress, &[u8]),
        (now, random): (u64, u32),
    ) -> Result<(), SharedDataError> {
        self.confirm(follower, now)?;
        let shares = self.publisher.position().is_some();
        match follower.taken() {
            Taken::Page {
                first,
                epoch,
                version,
                bytes,
            } => {
                let last = progress != Progress::Gathering;
                let page = SnapshotPage {
                    first: *first,
                    last,
                    of: (epoch, *version),
                    bytes,
                };
                self.refill = None;
                self.publisher
                    .page(&self.sealed, page, (now, name(now, random)))?;
                if last {
                    self.begins_anew = false;
                    self.settles_until = now + SETTLE_MS;
                }
            }
            Taken::Delta { after, version } if shares => {
                let delta = Delta {
                    after: *after,
                    version: *version,
                    page: body,
                };
                self.publisher.delta(&self.sealed, delta, now)?;
                self.settles_until = now + SETTLE_MS;
            }
            Taken::Nothing if shares => self.publisher.nothing_new(&self.sealed, now)?,
            // Nothing to add it to: the others notice that they lag behind.
            Taken::Delta { .. } | Taken::Nothing => {}
        }
        self.refills_next = self.refill.is_some();
        Ok(())
    }

    /// Begins a new snapshot for later VMs when the log has grown long.
    pub(super) fn refill_if_long(&mut self, now: u64, random: u32) {
        self.refill_after = self.refill_after.min(now + REFILL_EVERY_MS);
        let position = self.publisher.position();
        let long = position.filter(|position| position.log.is_long(&position.base));
        if let (None, Some(position), true) = (&self.refill, long, now >= self.refill_after) {
            self.refill = Some(Refill::begin(position, name(now, random)));
            self.refills_next = true;
            self.refill_after = now + REFILL_EVERY_MS;
        }
    }

    /// A page of that snapshot was answered; `None` if nothing came.
    pub fn refilled(&mut self, page: Option<&[u8]>, follower: &Follower, now: u64) {
        self.refills_next = false;
        let Some(mut refill) = self.refill.take() else {
            return;
        };
        let taken = match page {
            Some(body) => match Page::read(body, follower.fingerprints()) {
                Ok(page) => refill.take(&self.sealed, page, body),
                Err(_) => Ok(None),
            },
            None => Ok(None),
        };
        let done = match taken {
            Ok(Some(true)) => refill.finish(&self.sealed, &mut self.publisher),
            Ok(Some(false)) => {
                self.refill = Some(refill);
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if done.is_err() {
            let released = self.release(now);
            let _ = self.or_broken(now, released);
        }
    }
}

/// A number that no other snapshot has.
fn name(now: u64, random: u32) -> u64 {
    (now << 20) | u64::from(random & 0xf_ffff)
}
