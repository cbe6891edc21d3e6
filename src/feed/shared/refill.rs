//! A new snapshot for VMs that will start later, fetched page by page between polls once the log
//! has grown long. Nobody who follows reads it, and nothing of it is taken over here.

use super::SharedDataError;
use super::position::{Base, Position};
use super::publisher::Publisher;
use super::sealed::Sealed;
use crate::feed::bounds::{MAX_PAGES, MAX_SNAPSHOT_BYTES};
use crate::feed::follower::PAGE_LIMIT;
use crate::feed::page::Page;
use crate::protocol::feed::PageKind;
use crate::reply::percent_encode;

/// A snapshot on its way.
#[derive(Debug)]
pub struct Refill {
    epoch: String,
    base: Base,
    next: Option<String>,
    total_before: u64,
}

impl Refill {
    /// Begins a snapshot beside what is shared.
    pub fn begin(position: &Position, id: u64) -> Self {
        let mut base = Base::beside(Some(&position.base), id);
        base.block = position.log.block;
        Self {
            epoch: position.epoch.clone(),
            base,
            next: None,
            total_before: position.log.total - position.log.bytes.min(position.log.total),
        }
    }

    /// The poll for the next page.
    pub fn query(&self, instance: &str) -> String {
        match &self.next {
            Some(next) => {
                let next = percent_encode(next.as_bytes());
                format!("next={next}&limit={PAGE_LIMIT}&instance={instance}")
            }
            None => format!("limit={PAGE_LIMIT}&instance={instance}"),
        }
    }

    /// Takes a page; says whether it was the last, and `None` if the snapshot leads nowhere.
    pub fn take(
        &mut self,
        sealed: &Sealed,
        page: Page,
        body: &[u8],
    ) -> Result<Option<bool>, SharedDataError> {
        let head = &page.head;
        let first = self.base.pages == 0;
        if first {
            self.base.version = head.version;
        }
        let leads_on = head.next.as_ref() != self.next.as_ref() || head.next.is_none();
        let fits = head.kind == PageKind::Snapshot
            && head.epoch == self.epoch
            && head.version == self.base.version
            && self.base.pages < MAX_PAGES
            && self.base.bytes < MAX_SNAPSHOT_BYTES as u64;
        if !fits || !leads_on {
            return Ok(None);
        }
        self.base.put(sealed, &self.epoch, &page.to_bytes(body))?;
        self.next = page.head.next;
        Ok(Some(self.next.is_none()))
    }

    /// Puts the whole snapshot into the place of the old one.
    pub fn finish(self, sealed: &Sealed, publisher: &mut Publisher) -> Result<(), SharedDataError> {
        let now = publisher
            .position()
            .map_or(0, |position| position.log.total);
        let total = now.saturating_sub(self.total_before);
        publisher.replace_base(sealed, self.base, total)
    }
}
