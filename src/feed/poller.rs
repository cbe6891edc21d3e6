//! Polls the feed: when a poll is due, what it asks for, and what its answer means.
//!
//! The poller schedules polls and collects the pages of a snapshot. What is in force belongs to
//! [`State`], which every answer is applied to. An answer returns what it was, so that the worker
//! group can publish it.

mod poll;

use std::time::Duration;

pub(super) use poll::{
    Applied, Asks, CompactionPage, Delta, GroupPoll, NodeProcess, PollRole, Received, Sender,
    SnapshotPage,
};
pub use poll::{FeedAnswer, Poll};

use super::backoff::{Backoff, Brought};
use super::error::FeedError;
use super::page::DecodedPage;
use super::snapshot::SnapshotBuilder;
use super::state::{Progress, State};
use super::timing::{COMPACTION_TIMEOUT, LOST_AFTER, POLL_MARGIN, Tick};
use crate::protocol::feed::PageKind;
use crate::time::UnixMillis;

/// Schedules polls and takes their answers.
#[derive(Debug)]
pub(super) struct Poller {
    backoff: Backoff,
    in_flight: Option<InFlight>,
    /// The pages so far of a snapshot that is being fetched.
    snapshot: Option<SnapshotBuilder>,
    errors: u64,
}

/// A poll that awaits its answer.
#[derive(Debug)]
struct InFlight {
    role: PollRole,
    lost_at: UnixMillis,
    /// Time from sending the poll until it counts as lost.
    allowance: Duration,
}

impl Poller {
    /// For a feed that is stale after some time.
    pub fn new(stale_after: Duration) -> Self {
        Self {
            backoff: Backoff::new(stale_after),
            in_flight: None,
            snapshot: None,
            errors: 0,
        }
    }

    /// The number of polls that failed.
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// Whether a poll awaits its answer.
    pub fn is_polling(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Whether a poll awaits its answer, or a snapshot is partly here.
    pub fn is_fetching(&self) -> bool {
        self.is_polling() || self.snapshot.is_some()
    }

    /// Gives up a poll whose answer is overdue. Returns what it was for.
    pub fn expire(&mut self, tick: Tick) -> Option<PollRole> {
        let in_flight = self.in_flight.as_mut()?;
        // A clock that was set back does not keep a lost poll alive.
        in_flight.lost_at = in_flight.lost_at.min(tick.now + in_flight.allowance);
        if tick.now < in_flight.lost_at {
            return None;
        }
        let lost = self.in_flight.take()?.role;
        if !matches!(lost, PollRole::Compaction(_)) {
            self.fail(tick);
        }
        Some(lost)
    }

    /// The poll that is due, if one is. It awaits its answer from now on.
    pub fn poll(&mut self, role: PollRole, state: &State, now: UnixMillis) -> Option<Poll> {
        let poll = match &role {
            PollRole::Compaction(query) => Poll {
                query: query.clone(),
                timeout: COMPACTION_TIMEOUT,
            },
            _ if !self.backoff.is_due(now) => return None,
            _ => {
                let wait = role.wait(state);
                let next = self.snapshot.as_ref().and_then(SnapshotBuilder::next);
                self.backoff.sent(now);
                Poll {
                    query: role.query(state, next, wait),
                    timeout: wait.saturating_add(POLL_MARGIN),
                }
            }
        };
        let allowance = poll.timeout.saturating_add(LOST_AFTER);
        self.in_flight = Some(InFlight {
            role,
            lost_at: now + allowance,
            allowance,
        });
        Some(poll)
    }

    /// Takes the answer to the poll in flight. Without one, the answer came too late and is ignored.
    ///
    /// # Errors
    /// The poll failed or its page was rejected, and nothing has changed. The next poll follows
    /// after a pause.
    pub fn answered<'a>(
        &mut self,
        state: &mut State,
        answer: FeedAnswer<'a>,
        tick: Tick,
    ) -> Result<Applied<'a>, FeedError> {
        let Some(InFlight { role, .. }) = self.in_flight.take() else {
            return Ok(unchanged(Received::Stray));
        };
        if matches!(role, PollRole::Compaction(_)) {
            let body = answer.body;
            let page = match answer.status {
                Some(200) => state.decode(body).ok(),
                _ => None,
            };
            let page = page.map(|page| Box::new(CompactionPage { page, body }));
            return Ok(unchanged(Received::CompactionPage(page)));
        }
        let applied = self.apply(state, &role, answer, tick.now);
        match &applied {
            // Nothing of it is in force yet: the feed is as old as before, and a failure of the
            // next page counts.
            Ok((applied, _)) if applied.progress == Progress::Partial => {
                self.backoff.skip(tick.now);
            }
            Ok((_, Brought::Nothing)) if role.asks() == Asks::ChangesAtOnce => {
                self.backoff.skip(tick.now);
                state.succeed(tick.now);
            }
            Ok((_, brought)) => {
                let wait = role.wait(state);
                self.backoff.succeeded(tick.now, *brought, wait);
                state.succeed(tick.now);
            }
            Err(_) => self.fail(tick),
        }
        applied.map(|(applied, _)| applied)
    }

    /// Drops the poll in flight and what has been fetched of a snapshot. The next poll is due at
    /// once.
    pub fn abandon(&mut self, now: UnixMillis) {
        self.in_flight = None;
        self.snapshot = None;
        self.backoff.skip(now);
    }

    /// The same if a snapshot is being fetched; a poll for changes stays in flight.
    pub fn abandon_snapshot(&mut self, now: UnixMillis) {
        let asks = self
            .in_flight
            .as_ref()
            .map(|in_flight| in_flight.role.asks());
        if self.snapshot.is_some() || asks == Some(Asks::Snapshot) {
            self.abandon(now);
        }
    }

    fn apply<'a>(
        &mut self,
        state: &mut State,
        role: &PollRole,
        answer: FeedAnswer<'a>,
        now: UnixMillis,
    ) -> Result<(Applied<'a>, Brought), FeedError> {
        match answer.status {
            Some(200) => {
                let page = state.decode(answer.body)?;
                match page.head.kind {
                    PageKind::Delta => self.delta(state, page, answer.body, now),
                    PageKind::Snapshot => self.snapshot_page(state, page, answer.body, now),
                }
            }
            Some(204) => {
                let asked_for_snapshot = self.snapshot.is_some() || role.asks() == Asks::Snapshot;
                if state.store().is_none() || asked_for_snapshot {
                    return Err(FeedError::SnapshotBroken);
                }
                Ok((unchanged(Received::NothingNew), Brought::Nothing))
            }
            Some(status) => Err(FeedError::Status(status)),
            None => Err(FeedError::Unreachable),
        }
    }

    fn delta<'a>(
        &mut self,
        state: &mut State,
        page: DecodedPage,
        body: &'a [u8],
        now: UnixMillis,
    ) -> Result<(Applied<'a>, Brought), FeedError> {
        if self.snapshot.is_some() {
            return Err(FeedError::SnapshotBroken);
        }
        let delta = Delta {
            after: page.head.after,
            version: page.head.version,
            page: body,
        };
        let brought = if page.is_empty() {
            Brought::VersionOnly
        } else {
            Brought::Changes
        };
        let applied = Applied {
            progress: state.apply_delta(page, now)?,
            received: Received::Delta(delta),
        };
        Ok((applied, brought))
    }

    fn snapshot_page<'a>(
        &mut self,
        state: &mut State,
        page: DecodedPage,
        body: &[u8],
        now: UnixMillis,
    ) -> Result<(Applied<'a>, Brought), FeedError> {
        let received = SnapshotPage {
            is_first: self.snapshot.is_none(),
            is_last: page.head.next.is_none(),
            epoch: page.head.epoch.clone(),
            version: page.head.version,
            bytes: page.to_bytes(body),
        };
        let snapshot = state.extend_snapshot(self.snapshot.take(), page, body.len(), now)?;
        let progress = if received.is_last {
            state.install(snapshot)?
        } else {
            self.snapshot = Some(snapshot);
            Progress::Partial
        };
        let applied = Applied {
            progress,
            received: Received::SnapshotPage(received),
        };
        Ok((applied, Brought::Nothing))
    }

    fn fail(&mut self, tick: Tick) {
        self.backoff.failed(tick);
        self.in_flight = None;
        self.snapshot = None;
        self.errors += 1;
    }
}

fn unchanged(received: Received<'_>) -> Applied<'_> {
    Applied {
        progress: Progress::Unchanged,
        received,
    }
}
