//! Requests that wait, by their streams, and how many may.

pub(super) mod deadline;
mod wait;

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;

use super::effect::{Call, Effect, MAX_EFFECTS};
use super::endpoints::signed_out::PendingLogout;
use super::event::Incoming;
use super::login::burn::PendingBurn;
use super::login::exchange::PendingExchange;
use super::refresh::waiting::PendingRefresh;
use super::service::waiting::PendingService;
use super::shared_calls::SharedCall;
use crate::protocol::calls::RefreshAnswer;
use crate::request::{Head, OwnedHead};
use crate::time::UnixMillis;
use deadline::Deadline;
pub(super) use wait::Wait;

/// How long a request waits for the feed.
pub(super) const FEED_WAIT: Duration = Duration::from_secs(2);
/// How long after its timeout a callout counts as lost.
pub(super) const LOST_AFTER: Duration = Duration::from_millis(500);
/// Requests that may wait for the feed at once in one VM.
const MAX_WAITING_FOR_FEED: usize = 256;
/// Requests that may wait for new tokens at once in one VM.
const MAX_WAITING_FOR_TOKENS: usize = 256;
/// And for one of them: a session must not take the places of all others.
const MAX_WAITING_FOR_ONE_TOKEN: usize = 64;
/// Requests that may wait at once in one VM until the pairs that they show are judged.
const MAX_WAITING_SERVICES: usize = 256;
/// How many of them may show pairs that are not known, which any client can invent.
const MAX_WAITING_STRANGE_SERVICES: usize = 128;
/// And how many may show the same pair.
const MAX_WAITING_FOR_ONE_SERVICE: usize = 64;
/// How large the head of a request may be that waits for the feed or a token.
const MAX_WAITING_BYTES: usize = 32 * 1_024;
/// Callouts that may wait at once in one VM.
const MAX_CALLS: usize = 64;
/// How many of them may be for the callbacks of browsers without a session, which any client can
/// cause.
pub(super) const MAX_CALLS_OF_STRANGERS: usize = 48;
/// How many of those may burn codes: they must leave room for people who sign in.
pub(super) const MAX_BURNS: usize = 16;

/// The requests that wait in one VM.
pub(super) struct PendingRequests {
    by_stream: HashMap<u32, Waiting>,
    call_timeout: Duration,
}

/// What a request waits for.
pub(super) enum Pending {
    /// For the feed, which may bring what it needs.
    Feed(PendingFeed),
    /// For its session to be refreshed.
    Refresh(PendingRefresh),
    /// For the pair that it shows to be judged.
    Service(PendingService),
    /// For the exchange of the callback's code.
    Exchange(PendingExchange),
    /// For a code to be burnt that must not be used.
    Burn(PendingBurn),
    /// For the global session to be ended.
    Logout(PendingLogout),
}

/// A request that waits for the feed.
pub(super) struct PendingFeed {
    pub head: OwnedHead,
    version: Option<u64>,
}

struct Waiting {
    pending: Pending,
    deadline: Deadline,
    /// The other origin that may read the reply.
    reader: Option<String>,
}

impl PendingRequests {
    /// No requests. A call to the control service may take `call_timeout`.
    pub fn new(call_timeout: Duration) -> Self {
        Self {
            by_stream: HashMap::new(),
            call_timeout,
        }
    }

    /// Holds a request until the feed moves on from `version`; `None` if there is no room.
    pub fn wait_for_feed(
        &mut self,
        incoming: Incoming<'_>,
        version: Option<u64>,
        now: UnixMillis,
    ) -> Option<Effect> {
        let waiting = self.count(|pending| matches!(pending, Pending::Feed(_)));
        if waiting >= MAX_WAITING_FOR_FEED || !Self::can_keep(incoming.head) {
            return None;
        }
        let head = incoming.head.to_owned();
        let waiting = Waiting {
            pending: Pending::Feed(PendingFeed { head, version }),
            deadline: Deadline::after(now, FEED_WAIT),
            reader: None,
        };
        self.by_stream.insert(incoming.stream, waiting);
        Some(Effect::Pause)
    }

    /// Whether a head is small enough to be kept while its request waits.
    pub fn can_keep(head: Head<'_>) -> bool {
        head.size() <= MAX_WAITING_BYTES
    }

    /// Whether one more request may wait for a new token, and for the token that is being asked
    /// for already, if it is.
    pub fn has_room_for_token(&self, refresh: Option<&Rc<SharedCall<RefreshAnswer>>>) -> bool {
        let all = self.count(|pending| matches!(pending, Pending::Refresh(_)));
        let for_this = refresh.map_or(0, |refresh| {
            self.count(
                |pending| matches!(pending, Pending::Refresh(waiting) if waiting.is_for(refresh)),
            )
        });
        all < MAX_WAITING_FOR_TOKENS && for_this < MAX_WAITING_FOR_ONE_TOKEN
    }

    /// Whether one more request may wait for a pair to be judged, and for the call that is under way,
    /// if it is. Pairs that were found good before have places that no others take.
    pub fn has_room_for_service(&self, call: Option<&Rc<SharedCall<()>>>, is_known: bool) -> bool {
        let services = |is_counted: &dyn Fn(&PendingService) -> bool| {
            self.count(
                |pending| matches!(pending, Pending::Service(waiting) if is_counted(waiting)),
            )
        };
        let for_this = call.map_or(0, |call| services(&|waiting| waiting.is_for(call)));
        services(&|_| true) < MAX_WAITING_SERVICES
            && for_this < MAX_WAITING_FOR_ONE_SERVICE
            && (is_known || services(&|waiting| !waiting.is_known) < MAX_WAITING_STRANGE_SERVICES)
    }

    /// Holds a request until its session has been refreshed.
    pub fn wait_for_token(&mut self, stream: u32, pending: PendingRefresh) -> Effect {
        self.await_root(stream, pending.deadline(), Pending::Refresh(pending))
    }

    /// Holds a request until the pair that it shows has been judged.
    pub fn wait_for_service(&mut self, stream: u32, pending: PendingService) -> Effect {
        self.await_root(stream, pending.deadline(), Pending::Service(pending))
    }

    /// Holds a request until a call of the root has ended.
    fn await_root(&mut self, stream: u32, deadline: Deadline, pending: Pending) -> Effect {
        let waiting = Waiting {
            pending,
            deadline,
            reader: None,
        };
        self.by_stream.insert(stream, waiting);
        Effect::AwaitRoot
    }

    /// Makes the call that a request is to wait for, and holds it until the answer has come;
    /// `None` if too many calls wait already.
    pub fn call(
        &mut self,
        stream: u32,
        request: &impl Serialize,
        pending: Pending,
        now: UnixMillis,
    ) -> Option<Effect> {
        let name = pending.call_name()?;
        if !self.has_room_for_call(&pending) {
            return None;
        }
        let call = self.call_of(name, request)?;
        let waiting = Waiting {
            pending,
            deadline: self.call_deadline(now),
            reader: None,
        };
        self.by_stream.insert(stream, waiting);
        Some(Effect::Call(call))
    }

    /// A call to the control service, in JSON; `None` if it cannot be written.
    pub fn call_of(&self, name: &'static str, request: &impl Serialize) -> Option<Call> {
        Some(Call {
            name,
            body: serde_json::to_string(request).ok()?,
            timeout: self.call_timeout,
        })
    }

    /// When a call that begins now counts as lost.
    pub fn call_deadline(&self, now: UnixMillis) -> Deadline {
        Deadline::after(now, self.call_timeout + LOST_AFTER)
    }

    /// Remembers which other origin may read the reply to a request that waits.
    pub fn set_reader(&mut self, stream: u32, reader: String) {
        if let Some(waiting) = self.by_stream.get_mut(&stream) {
            waiting.reader = Some(reader);
        }
    }

    /// What a request waited for, and the other origin that may read the reply; it no longer waits.
    pub fn take(&mut self, stream: u32) -> Option<(Pending, Option<String>)> {
        // Nearly no request waits.
        if self.by_stream.is_empty() {
            return None;
        }
        let waiting = self.by_stream.remove(&stream)?;
        Some((waiting.pending, waiting.reader))
    }

    /// The same, if it waited for a call of its own.
    pub fn take_called(&mut self, stream: u32) -> Option<(Pending, Option<String>)> {
        let waiting = self.by_stream.get(&stream)?;
        waiting.pending.call_name()?;
        self.take(stream)
    }

    /// Streams whose wait has ended, at most [`MAX_EFFECTS`]: by its deadline, or because what
    /// they wait for has come. `version` is the feed's.
    pub fn due(&self, now: UnixMillis, version: Option<u64>) -> Vec<u32> {
        self.by_stream
            .iter()
            .filter(|(_, waiting)| waiting.is_due(now, version))
            .map(|(stream, _)| *stream)
            .take(MAX_EFFECTS)
            .collect()
    }

    /// Whether one more call may be made.
    fn has_room_for_call(&self, wanted: &Pending) -> bool {
        let calls = self.count(|pending| pending.call_name().is_some());
        let burns =
            |pending: &Pending| matches!(pending, Pending::Burn(_)) && pending.is_of_a_stranger();
        calls < MAX_CALLS
            && (!wanted.is_of_a_stranger()
                || self.count(Pending::is_of_a_stranger) < MAX_CALLS_OF_STRANGERS)
            && (!burns(wanted) || self.count(burns) < MAX_BURNS)
    }

    fn count(&self, is_counted: impl Fn(&Pending) -> bool) -> usize {
        let waiting = self.by_stream.values();
        waiting
            .filter(|waiting| is_counted(&waiting.pending))
            .count()
    }
}

impl Pending {
    /// The call that it waits for, if it waits for a call of its own.
    fn call_name(&self) -> Option<&'static str> {
        match self {
            Self::Feed(_) | Self::Refresh(_) | Self::Service(_) => None,
            Self::Exchange(_) | Self::Burn(_) => Some("exchange"),
            Self::Logout(_) => Some("logout"),
        }
    }

    /// Whether it waits for a call that any client could have caused.
    fn is_of_a_stranger(&self) -> bool {
        match self {
            Self::Exchange(exchange) => !exchange.is_signed_in,
            Self::Burn(burn) => !burn.is_signed_in,
            Self::Feed(_) | Self::Refresh(_) | Self::Service(_) | Self::Logout(_) => false,
        }
    }
}

impl Waiting {
    fn is_due(&self, now: UnixMillis, version: Option<u64>) -> bool {
        let has_come = match &self.pending {
            Pending::Feed(waiting) => waiting.version != version,
            Pending::Refresh(waiting) => waiting.answer().is_some(),
            Pending::Service(waiting) => waiting.has_ended(),
            Pending::Exchange(_) | Pending::Burn(_) | Pending::Logout(_) => false,
        };
        has_come || self.deadline.has_passed(now)
    }
}
