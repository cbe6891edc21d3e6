//! Refresh inside the request: a session that has only expired goes on without a redirect.
//!
//! The request waits here, the root asks the control service once for each token, and the answer
//! is judged for every request that waits by the one verifier, with what is in force by then.
//! An expired token opens nothing: without a new one the request gets what it would have got.

mod asked;
mod outcome;
mod refused;
mod renewal;

use std::rc::Rc;

use super::deadline::Deadline;
use super::effect::{Call, CallAnswer, Effect};
use super::judge::{Presented, demand, trust};
use super::pending::Pending;
use super::{Filter, Incoming, MAX_WAITING_BYTES, Moment};
use crate::application::Placement;
use crate::config::Mode;
use crate::protocol::calls::RefreshRequest;
use crate::reason::Refusal;
use crate::request::OwnedHead;
use crate::request::kind::RequestKind;
use crate::session::{Demand, Refreshable, Source};
use crate::time::UnixMillis;
use asked::Refresh;
pub use asked::RefreshCall;
pub(super) use asked::Refreshes;
use outcome::Outcome;

/// Requests that may wait for new tokens at once in one VM.
const MAX_WAITING_FOR_TOKENS: usize = 256;
/// And for one of them: a session must not take the places of all others.
const MAX_WAITING_FOR_ONE_TOKEN: usize = 64;

/// A request that waits for a new token.
pub(super) struct PendingRefresh {
    head: OwnedHead,
    old: Refreshable,
    refresh: Rc<Refresh>,
}

/// An expired session as a request presents it.
struct Expired<'a> {
    token: &'a [u8],
    binding: Option<&'a [u8]>,
    old: Refreshable,
}

impl PendingRefresh {
    /// Whether the wait has ended.
    pub fn is_over(&self) -> bool {
        self.refresh.outcome().is_some()
    }

    /// When it ends at the latest.
    pub fn deadline(&self) -> Deadline {
        self.refresh.deadline()
    }
}

impl Filter {
    /// The calls for new tokens that are due: for the root to make, since a call of a stream
    /// would end with it.
    pub fn refresh_calls(&mut self, now: UnixMillis) -> Vec<RefreshCall> {
        let calls = self.refreshes.due(now);
        for _ in &calls {
            self.counters.count("refresh", "asked");
        }
        calls
    }

    /// Whether calls for new tokens have yet to be made.
    #[must_use]
    pub fn has_refresh_calls(&self) -> bool {
        self.refreshes.has_due()
    }

    /// A call for a new token was answered. Those who wait are due now.
    pub fn refresh_answered(&mut self, id: u64, answer: CallAnswer<'_>, now: UnixMillis) {
        self.refreshes.answered(id, Outcome::of(answer), now);
    }

    /// Holds a request with a bad session until the session has been refreshed.
    ///
    /// # Errors
    /// Why it is refused, where that cannot be.
    pub(super) fn refresh(
        &mut self,
        incoming: Incoming<'_>,
        placement: &Placement,
        refusal: Refusal,
        moment: &Moment<'_>,
    ) -> Result<Effect, Refusal> {
        // What is refused for less is no token of ours, or not for here.
        let refreshes = refusal >= Refusal::SessionExpired
            && incoming.kind.is_refreshed()
            && self.config.mode() == Mode::Enforce;
        if !refreshes {
            return Err(refusal);
        }
        let Some(expired) = self.refreshable(incoming, placement, moment) else {
            return Err(refusal);
        };
        if let Some(refused) = self.refreshes.refused(expired.old.jti(), moment.now) {
            return Err(refused);
        }
        self.wait_for_token(incoming, placement, expired, moment.now)
            .ok_or(refusal)
    }

    /// The first token of a request that may be refreshed. What came in a header is not, since
    /// no response would replace it there.
    fn refreshable<'a>(
        &mut self,
        incoming: Incoming<'a>,
        placement: &Placement,
        moment: &Moment<'_>,
    ) -> Option<Expired<'a>> {
        let trust = trust(&self.config, &self.issuer, &self.feed, moment.now).ok()?;
        let presented = Presented::to(placement, incoming.head);
        let demand = Demand {
            navigates: incoming.kind.navigates(),
            ..demand(placement, &presented.bindings, moment)
        };
        presented
            .tokens
            .into_iter()
            .filter(|candidate| candidate.source == Source::Cookie)
            .find_map(|candidate| {
                let old = self.verifier.verify_to_refresh(trust, demand, candidate);
                old.ok().map(|old| Expired {
                    token: candidate.token,
                    binding: old.binding(&presented.bindings),
                    old,
                })
            })
    }

    /// `None` if too many wait, or the request is too large to be kept.
    fn wait_for_token(
        &mut self,
        incoming: Incoming<'_>,
        placement: &Placement,
        expired: Expired<'_>,
        now: UnixMillis,
    ) -> Option<Effect> {
        let waits = |pending: &&Pending| matches!(pending, Pending::Refresh(_));
        let waiting = self.pending.values().filter(waits).count();
        if waiting >= MAX_WAITING_FOR_TOKENS || incoming.head.size() > MAX_WAITING_BYTES {
            return None;
        }
        let refresh = match self.refreshes.open(expired.old.jti()) {
            Some(refresh) if self.waiting_for(&refresh) >= MAX_WAITING_FOR_ONE_TOKEN => {
                return None;
            }
            Some(refresh) => refresh,
            None => {
                let call = self.refresh_call(&expired, placement)?;
                let deadline = self.deadline(now);
                self.refreshes.begin(expired.old.jti(), call, deadline)
            }
        };
        let pending = PendingRefresh {
            head: incoming.head.to_owned(),
            old: expired.old,
            refresh,
        };
        self.pending
            .insert(incoming.stream, Pending::Refresh(pending));
        Some(Effect::Refresh)
    }

    fn waiting_for(&self, refresh: &Rc<Refresh>) -> usize {
        let waits = |pending: &&Pending| matches!(pending, Pending::Refresh(waiting) if Rc::ptr_eq(&waiting.refresh, refresh));
        self.pending.values().filter(waits).count()
    }

    /// Token and secret have been verified, so both are ASCII.
    fn refresh_call(&self, expired: &Expired<'_>, placement: &Placement) -> Option<Call> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let request = RefreshRequest {
            token: text(expired.token),
            binding_secret: expired.binding.map(text),
            origin: placement.location.origin.to_string(),
        };
        Some(Call {
            name: "refresh",
            body: serde_json::to_string(&request).ok()?,
            timeout: self.config.control().timeout,
        })
    }
}

impl RequestKind {
    /// Whether a session is refreshed inside such a request.
    fn is_refreshed(self) -> bool {
        !matches!(self, Self::Preflight | Self::Prefetch)
    }
}
