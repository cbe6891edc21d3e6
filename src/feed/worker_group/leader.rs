//! What the VM that holds the lease does for the others, and in which phase it is.
//!
//! ```text
//! CatchingUp ──resume──▶ Publishing ◀──▶ Compacting
//!     │                      ▲
//!     └──resync──▶ Resyncing ┘
//! ```
//!
//! The last page of a snapshot leads from every phase to `Publishing`.

use super::compaction::{Compaction, Step};
use super::layout::{MANIFEST, Manifest};
use super::publisher::{IncomingSnapshot, Publisher};
use super::shared_data::SharedDataError;
use super::store::AuthenticatedStore;
use crate::feed::freshness::StalePolicy;
use crate::feed::poller::{Asks, CompactionPage, Received, Sender, SnapshotPage};
use crate::feed::timing::Tick;

/// The leader's part.
#[derive(Debug, Default)]
pub struct Leader {
    phase: Phase,
    /// A snapshot of which some pages are written. The control service may answer any poll with
    /// one.
    incoming: Option<IncomingSnapshot>,
}

/// What the leader has published, and what it fetches.
#[derive(Debug, Default)]
enum Phase {
    /// It cannot yet add to what an earlier leader published.
    #[default]
    CatchingUp,
    /// It fetches a snapshot, because it cannot add to what an earlier leader published.
    Resyncing { replaces: Option<Manifest> },
    /// It publishes each change.
    Publishing(Publisher),
    /// It publishes each change, and between its polls fetches a newer snapshot.
    Compacting {
        publisher: Publisher,
        compaction: Compaction,
        next: NextPoll,
    },
}

/// What the next poll of a leader that compacts is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NextPoll {
    Changes,
    Compaction,
}

impl Leader {
    /// Whether it has neither resumed nor begun to resync.
    pub fn is_catching_up(&self) -> bool {
        matches!(self.phase, Phase::CatchingUp)
    }

    /// Whether it fetches a snapshot to replace what is shared.
    pub fn is_resyncing(&self) -> bool {
        matches!(self.phase, Phase::Resyncing { .. })
    }

    /// What it has published, if the other VMs can follow it.
    pub fn publisher(&self) -> Option<&Publisher> {
        match &self.phase {
            Phase::Publishing(publisher) | Phase::Compacting { publisher, .. } => Some(publisher),
            Phase::CatchingUp | Phase::Resyncing { .. } => None,
        }
    }

    /// What its next poll asks for.
    pub fn asks(&self) -> Asks {
        match self.phase {
            Phase::Resyncing { .. } => Asks::Snapshot,
            Phase::Compacting { .. } => Asks::ChangesAtOnce,
            Phase::CatchingUp | Phase::Publishing(_) => Asks::Changes,
        }
    }

    /// The query of its next poll, if that is for a compaction.
    pub fn compaction_query(&self, sender: &Sender, when_stale: StalePolicy) -> Option<String> {
        match &self.phase {
            Phase::Compacting {
                compaction,
                next: NextPoll::Compaction,
                ..
            } => Some(compaction.query(sender, when_stale)),
            _ => None,
        }
    }

    /// Continues what an earlier leader published, if its log can be read.
    pub fn resume(
        &mut self,
        store: &AuthenticatedStore,
        manifest: &Manifest,
    ) -> Result<(), SharedDataError> {
        if let Some(publisher) = Publisher::resume(store, manifest)? {
            self.phase = Phase::Publishing(publisher);
            self.incoming = None;
        }
        Ok(())
    }

    /// Fetches a snapshot from now on, which will replace what an earlier leader published.
    pub fn resync(&mut self, replaces: Option<Manifest>) {
        self.phase = Phase::Resyncing { replaces };
        self.incoming = None;
    }

    /// Begins a compaction if the log has grown long. Returns whether it did.
    pub fn compact(&mut self, tick: Tick) -> bool {
        let is_long = |publisher: &Publisher| {
            let manifest = publisher.manifest();
            manifest.log.is_long(&manifest.snapshot)
        };
        match std::mem::take(&mut self.phase) {
            // A snapshot of which pages are written uses the other slot.
            Phase::Publishing(publisher) if self.incoming.is_none() && is_long(&publisher) => {
                self.phase = Phase::Compacting {
                    compaction: Compaction::new(publisher.manifest(), unique_id(tick)),
                    publisher,
                    next: NextPoll::Compaction,
                };
                true
            }
            other => {
                self.phase = other;
                false
            }
        }
    }

    /// Publishes what a poll brought. `seen` is what is shared, if this VM has not published it.
    pub fn publish(
        &mut self,
        store: &AuthenticatedStore,
        received: Received<'_>,
        seen: Option<&Manifest>,
        tick: Tick,
    ) -> Result<(), SharedDataError> {
        let now = tick.now;
        match received {
            Received::Stray => Ok(()),
            Received::NothingNew => match self.publisher_after_poll() {
                Some(publisher) => publisher.nothing_new(store, now),
                None => Ok(()),
            },
            Received::Delta(delta) => match self.publisher_after_poll() {
                Some(publisher) => publisher.delta(store, delta, now),
                None => Ok(()),
            },
            Received::SnapshotPage(page) => self.snapshot_page(store, &page, seen, tick),
            Received::CompactionPage(page) => self.compaction_page(store, page),
        }
    }

    /// What a change can be added to. Without it the other VMs notice that they lag. Where a
    /// compaction is under way, its next page comes next.
    fn publisher_after_poll(&mut self) -> Option<&mut Publisher> {
        match &mut self.phase {
            Phase::Publishing(publisher) => Some(publisher),
            Phase::Compacting {
                publisher, next, ..
            } => {
                *next = NextPoll::Compaction;
                Some(publisher)
            }
            Phase::CatchingUp | Phase::Resyncing { .. } => None,
        }
    }

    /// Adds a page to the compaction, or ends it if there is none or the page does not fit.
    fn compaction_page(
        &mut self,
        store: &AuthenticatedStore,
        page: Option<Box<CompactionPage<'_>>>,
    ) -> Result<(), SharedDataError> {
        let Phase::Compacting {
            compaction, next, ..
        } = &mut self.phase
        else {
            return Ok(());
        };
        *next = NextPoll::Changes;
        let step = match page {
            Some(fetched) => compaction.add(store, *fetched)?,
            None => Step::Failed,
        };
        if step == Step::Continue {
            return Ok(());
        }
        if let Some((publisher, compaction)) = self.end_compaction()
            && step == Step::Complete
        {
            compaction.finish(store, publisher)?;
        }
        Ok(())
    }

    fn snapshot_page(
        &mut self,
        store: &AuthenticatedStore,
        page: &SnapshotPage,
        seen: Option<&Manifest>,
        tick: Tick,
    ) -> Result<(), SharedDataError> {
        // A snapshot for all makes one for later VMs useless.
        self.end_compaction();
        if page.is_first {
            let replaces = match &self.phase {
                Phase::Resyncing { replaces } => replaces.as_ref(),
                _ => self.publisher().map(Publisher::manifest).or(seen),
            };
            self.incoming = Some(IncomingSnapshot::new(page, replaces, unique_id(tick)));
        }
        let mut incoming = self.incoming.take().ok_or(SharedDataError::Changed)?;
        incoming.add(store, page)?;
        if !page.is_last {
            self.incoming = Some(incoming);
            return Ok(());
        }
        let precondition = match self.publisher() {
            Some(publisher) => publisher.precondition(store)?,
            None => store.read_small::<Manifest>(MANIFEST)?.precondition,
        };
        let replaces = match std::mem::take(&mut self.phase) {
            Phase::Publishing(publisher) | Phase::Compacting { publisher, .. } => {
                Some(publisher.manifest().clone())
            }
            Phase::Resyncing { replaces } => replaces,
            Phase::CatchingUp => seen.cloned(),
        };
        let publisher = incoming.publish(store, replaces.as_ref(), precondition, tick.now)?;
        self.phase = Phase::Publishing(publisher);
        Ok(())
    }

    /// Only publishes from now on. Returns what the compaction has fetched.
    fn end_compaction(&mut self) -> Option<(&mut Publisher, Compaction)> {
        match std::mem::take(&mut self.phase) {
            Phase::Compacting {
                publisher,
                compaction,
                ..
            } => {
                self.phase = Phase::Publishing(publisher);
                match &mut self.phase {
                    Phase::Publishing(publisher) => Some((publisher, compaction)),
                    _ => None,
                }
            }
            other => {
                self.phase = other;
                None
            }
        }
    }
}

/// A number that no other snapshot or log has.
fn unique_id(Tick { now, random }: Tick) -> u64 {
    (now.get() << 20) | u64::from(random & 0xf_ffff)
}
