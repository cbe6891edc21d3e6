//! The filter: events in, one effect out.
//!
//! A request arrives with its head and gets one effect, by the steps in [`serve`]. Where that is
//! a pause, the request waits in [`pending`] by its stream's id until an answer, the feed or its
//! deadline wakes it. An ended request is forgotten and cannot be driven again.

mod authenticate;
mod control_answer;
mod counters;
mod effect;
mod endpoints;
mod event;
mod feed_events;
mod final_dot;
mod forward;
mod hop_by_hop;
mod identity;
mod login;
mod open_streams;
mod overrides;
mod pending;
mod preflight;
mod readers;
mod refresh;
mod respond;
mod route;
mod serve;
mod service;
mod shared_calls;
pub mod statistics;
mod unknown_keys;

use crate::config::{Config, StaleAction};
use crate::feed::{Feed, FeedSettings, StalePolicy};
use crate::request::Head;
use crate::session::Verifier;
use crate::session::signature::HostSignatures;
use crate::time::UnixMillis;

use authenticate::{Authenticator, InForce};
use control_answer::ControlAnswer;
use counters::{Counters, Totals};
pub use effect::{Call, CallAnswer, Changes, Effect, MAX_EFFECTS, ResponseChanges};
use event::Incoming;
pub use event::{Moment, Random};
pub use forward::trailers_to_remove;
pub use open_streams::Cut;
use open_streams::OpenStreams;
use pending::{PendingRequests, Wait};
use refresh::Refreshes;
use refresh::refused::refusal;
use service::tokens::ServiceTokens;
pub use shared_calls::{RootCall, RootCallId};
use unknown_keys::UnknownKeys;

/// The filter of one configuration in one VM.
pub struct Filter {
    config: Config,
    authenticator: Authenticator,
    pending: PendingRequests,
    refreshes: Refreshes,
    services: ServiceTokens,
    open_streams: OpenStreams,
    unknown_keys: UnknownKeys,
    counters: Counters,
}

impl Filter {
    /// A filter that has no feed yet. `instance` names this VM to the control service.
    #[must_use]
    pub fn new(config: Config, host: Box<dyn HostSignatures>, instance: String) -> Self {
        let denies_when_stale = config.when_stale().then == StaleAction::Deny;
        let feed = Feed::new(FeedSettings {
            audiences: config.audiences().to_vec(),
            team_hostname: config.team_domain().hostname().to_owned(),
            when_stale: StalePolicy {
                after: config.when_stale().after,
                denies: denies_when_stale,
            },
            max_revocations: config.max_revocations(),
            instance,
        });
        let in_force = InForce {
            feed,
            team_domain: config.team_domain().to_string(),
            denies_when_stale,
        };
        Self {
            authenticator: Authenticator {
                in_force,
                verifier: Verifier::new(host),
            },
            pending: PendingRequests::new(config.control().timeout),
            refreshes: Refreshes::new(refusal),
            services: ServiceTokens::default(),
            open_streams: OpenStreams::default(),
            unknown_keys: UnknownKeys::default(),
            counters: Counters::default(),
            config,
        }
    }

    /// A request has arrived.
    pub fn begin(&mut self, stream: u32, head: Head<'_>, moment: &mut Moment<'_>) -> Effect {
        self.authenticator.verifier.begin_event();
        let feed = &self.authenticator.in_force.feed;
        if feed.is_out_of_touch(moment.now) {
            // What cannot be read is polled for, and ages until then.
            let _ = self.look(moment.now, moment.random.number());
        }
        let effect = self.serve(Incoming::new(stream, head), moment, Wait::Anything);
        let effect = self.readable(stream, head, effect);
        self.counted(effect)
    }

    /// The call of a paused request was answered; `None` if the request has ended.
    pub fn answered(
        &mut self,
        stream: u32,
        answer: CallAnswer<'_>,
        moment: &mut Moment<'_>,
    ) -> Option<Effect> {
        let (pending, reader) = self.pending.take_called(stream)?;
        self.authenticator.verifier.begin_event();
        let effect = self.resume(stream, pending, answer, moment);
        let effect = self.still_readable(stream, reader, effect);
        Some(self.counted(effect))
    }

    /// Streams whose wait has ended, at most [`MAX_EFFECTS`]; each is then to be woken.
    #[must_use]
    pub fn due(&self, now: UnixMillis) -> Vec<u32> {
        self.pending.due(now, self.authenticator.version())
    }

    /// Resumes a request whose wait has ended; `None` if the request has ended.
    pub fn wake(&mut self, stream: u32, moment: &mut Moment<'_>) -> Option<Effect> {
        let (pending, reader) = self.pending.take(stream)?;
        self.authenticator.verifier.begin_event();
        let effect = self.resume(stream, pending, CallAnswer::none(), moment);
        let effect = self.still_readable(stream, reader, effect);
        Some(self.counted(effect))
    }

    /// A request has ended, whether it waited or not.
    pub fn forget(&mut self, stream: u32) {
        self.pending.take(stream);
        self.open_streams.remove(stream);
    }

    /// The calls that are due for the root to make.
    pub fn root_calls(&mut self, now: UnixMillis) -> Vec<RootCall> {
        let refreshes = self.refreshes.due(now).into_iter();
        let services = self.services.due(now).into_iter();
        let refreshes = refreshes.map(|(id, call)| (RootCallId::Refresh(id), call));
        let services = services.map(|(id, call)| (RootCallId::Service(id), call));
        let mut calls = Vec::new();
        for (id, call) in refreshes.chain(services) {
            self.counters.count(call.name, "asked");
            calls.push(RootCall { id, call });
        }
        calls
    }

    /// Whether the root has calls to make.
    #[must_use]
    pub fn has_root_calls(&self) -> bool {
        self.refreshes.has_due() || self.services.has_due()
    }

    /// A call of the root was answered. The requests that wait for it are due now.
    pub fn root_call_answered(&mut self, id: RootCallId, answer: CallAnswer<'_>, now: UnixMillis) {
        match id {
            RootCallId::Refresh(id) => {
                let answer = self.heard(ControlAnswer::json(answer));
                self.refreshes.answered(id, answer, now);
            }
            RootCallId::Service(id) => {
                let answer = self.heard(ControlAnswer::json(answer));
                self.services.answered(id, answer, now);
            }
        }
    }

    /// Requests to be ended now, at most so many: their sessions are no longer good. Whether
    /// there are more says [`Self::has_cuts`].
    pub fn cuts(&mut self, now: UnixMillis, at_most: usize) -> Vec<Cut> {
        let cuts = self.open_streams.cuts(&self.authenticator, now, at_most);
        for cut in &cuts {
            self.counters.count("cut", cut.reply.reason);
        }
        cuts
    }

    /// Whether there are requests to be ended.
    #[must_use]
    pub fn has_cuts(&self) -> bool {
        self.open_streams.has_cuts()
    }

    /// How many requests are under way.
    #[must_use]
    pub fn open_streams(&self) -> usize {
        self.open_streams.len()
    }

    /// Counts since they were last taken.
    pub fn take_counters(&mut self) -> impl Iterator<Item = (String, u64)> + use<> {
        self.counters.take(Totals {
            signatures: self.authenticator.verifier.checked(),
            feed_errors: self.authenticator.in_force.feed.errors(),
        })
    }

    /// Counts what the control service said to a call.
    fn heard<T>(&mut self, answer: ControlAnswer<T>) -> ControlAnswer<T> {
        self.counters.count("control", answer.counted());
        answer
    }

    /// Counts an effect that ends a request: the one place where that is done.
    fn counted(&mut self, effect: Effect) -> Effect {
        self.counters.count_end(&effect);
        effect
    }
}

#[cfg(test)]
mod tests;
