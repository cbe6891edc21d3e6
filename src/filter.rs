//! The filter: events in, one effect out.
//!
//! A request begins with its head and gets one effect. Where that is a pause, the request waits
//! here by its stream's id, and the answer of its callout, the feed or its deadline drives it on.
//! An ended request is forgotten and cannot be driven again.

mod callback;
mod changes;
mod deadline;
mod effect;
mod endpoint;
mod guard;
mod judge;
mod logout;
mod open_streams;
mod pending;
mod preflight;
mod refresh;
mod silent;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::time::Duration;

use crate::config::{Config, StaleAction};
use crate::feed::{
    Feed, FeedAnswer, FeedError, FeedGauges, FeedSettings, Poll, Progress, Scope, SharedData,
    StalePolicy,
};
use crate::login::Random;
use crate::metrics::Counters;
use crate::reply::Reply;
use crate::reply::page::Page;
use crate::request::Head;
use crate::request::kind::RequestKind;
use crate::session::Verifier;
use crate::session::signature::HostSignatures;
use crate::time::{UnixMillis, UnixSeconds};

pub use effect::{Call, CallAnswer, Changes, Effect};
pub use open_streams::Cut;
use open_streams::OpenStreams;
use pending::Pending;
pub use refresh::RefreshCall;
use refresh::Refreshes;

/// How long a request waits for the feed.
const FEED_WAIT: Duration = Duration::from_secs(2);
/// Requests that may wait for the feed at once in one VM, and how large the head of one may be.
const MAX_WAITING: usize = 256;
const MAX_WAITING_BYTES: usize = 32 * 1_024;
/// Callouts that may wait at once in one VM.
const MAX_CALLS: usize = 64;
/// How many of them may burn codes: anybody can cause those.
const MAX_BURNS: usize = 16;
/// Unknown key ids that are remembered until the feed changes.
const MAX_UNKNOWN_KIDS: usize = 64;
/// How long after its timeout a callout counts as lost.
const LOST_AFTER: Duration = Duration::from_millis(500);
/// Streams that may be driven on in one host callback.
pub const MAX_EFFECTS: usize = 32;

/// The filter of one configuration in one VM.
pub struct Filter {
    config: Config,
    issuer: String,
    feed: Feed,
    verifier: Verifier,
    pending: HashMap<u32, Pending>,
    refreshes: Refreshes,
    open_streams: OpenStreams,
    unknown_kids: HashSet<String>,
    counters: Counters,
    reported: (u64, u64, u64),
}

/// The moment of an event, and what can be asked about it.
pub struct Moment<'a> {
    /// When it happened.
    pub now: UnixMillis,
    /// Random bytes.
    pub random: &'a mut dyn Random,
    /// The client's address, asked only where a policy needs it.
    pub address: &'a dyn Fn() -> Option<IpAddr>,
}

/// A request as the core's steps pass it on.
#[derive(Clone, Copy)]
struct Incoming<'a> {
    stream: u32,
    head: Head<'a>,
    kind: RequestKind,
}

impl<'a> Incoming<'a> {
    fn new(stream: u32, head: Head<'a>) -> Self {
        let kind = RequestKind::of(head);
        Self { stream, head, kind }
    }
}

impl Moment<'_> {
    fn seconds(&self) -> UnixSeconds {
        self.now.to_seconds()
    }
}

impl Filter {
    /// A filter that has no feed yet. `instance` names this VM to the control service.
    #[must_use]
    pub fn new(config: Config, host: Box<dyn HostSignatures>, instance: String) -> Self {
        let feed = Feed::new(FeedSettings {
            audiences: config.audiences().to_vec(),
            when_stale: StalePolicy {
                after: config.when_stale().after,
                denies: config.when_stale().then == StaleAction::Deny,
            },
            max_revocations: config.max_revocations(),
            instance,
        });
        Self {
            issuer: config.team_domain().to_string(),
            feed,
            verifier: Verifier::new(host),
            pending: HashMap::new(),
            refreshes: Refreshes::default(),
            open_streams: OpenStreams::default(),
            unknown_kids: HashSet::new(),
            counters: Counters::default(),
            reported: (0, 0, 0),
            config,
        }
    }

    /// Shares the feed with the other VMs of the process, and takes over what they have.
    pub fn share(&mut self, data: Box<dyn SharedData>, credential: &str, now: UnixMillis) {
        let scope = Scope {
            credential,
            team_domain: &self.issuer,
            cluster: &self.config.control().cluster,
        };
        let _ = self.feed.share(data, &scope, now);
    }

    /// A request has come.
    pub fn begin(&mut self, stream: u32, head: Head<'_>, moment: &mut Moment<'_>) -> Effect {
        if self.feed.is_out_of_touch(moment.now) {
            // What cannot be read is polled for, and grows old meanwhile.
            let _ = self.look(moment.now, moment.random.number());
        }
        let effect = self.decide(
            Incoming::new(stream, head),
            moment,
            guard::Patience::MayWait,
        );
        self.counted(effect)
    }

    /// The callout of a paused request was answered; `None` if the request has ended.
    pub fn answered(
        &mut self,
        stream: u32,
        answer: CallAnswer<'_>,
        moment: &mut Moment<'_>,
    ) -> Option<Effect> {
        let effect = match self.pending.remove(&stream)? {
            Pending::Exchange(exchange) => self.exchanged(&exchange, answer, moment),
            Pending::Burn(burn) => Effect::Reply(burn.reply),
            Pending::Logout(logout) => Effect::Reply(logout.answered(answer)),
            waiting @ (Pending::Feed(_) | Pending::Refresh(_)) => {
                self.pending.insert(stream, waiting);
                return None;
            }
        };
        Some(self.counted(effect))
    }

    /// Streams whose wait has ended, at most [`MAX_EFFECTS`]; each is then to be woken.
    #[must_use]
    pub fn due(&self, now: UnixMillis) -> Vec<u32> {
        let version = self.version();
        self.pending
            .iter()
            .filter(|(_, pending)| pending.is_due(now, version))
            .map(|(stream, _)| *stream)
            .take(MAX_EFFECTS)
            .collect()
    }

    /// Drives a request on whose wait has ended; `None` if it has ended itself.
    pub fn wake(&mut self, stream: u32, moment: &mut Moment<'_>) -> Option<Effect> {
        let effect = match self.pending.remove(&stream)? {
            Pending::Feed(waiting) => {
                let fields = waiting.head.fields();
                self.decide(
                    Incoming::new(stream, Head::new(&fields, waiting.head.has_body())),
                    moment,
                    guard::Patience::HasWaited,
                )
            }
            Pending::Refresh(waiting) => self.refreshed(stream, &waiting, moment),
            Pending::Exchange(exchange) => self.exchanged(&exchange, CallAnswer::none(), moment),
            Pending::Burn(burn) => Effect::Reply(burn.reply),
            Pending::Logout(logout) => Effect::Reply(logout.answered(CallAnswer::none())),
        };
        Some(self.counted(effect))
    }

    /// A request has ended, whether it waited or not.
    pub fn forget(&mut self, stream: u32) {
        // Nearly no request waits.
        if !self.pending.is_empty() {
            self.pending.remove(&stream);
        }
        self.open_streams.remove(stream);
    }

    /// The poll that is due, if one is.
    pub fn poll(&mut self, now: UnixMillis, random: u32) -> Option<Poll> {
        self.feed.poll(now, random)
    }

    /// The feed was answered.
    ///
    /// # Errors
    /// The page was dropped; why is for the log.
    pub fn feed_answered(
        &mut self,
        now: UnixMillis,
        random: u32,
        answer: FeedAnswer<'_>,
    ) -> Result<Progress, FeedError> {
        let progress = self.feed.answered(now, random, answer)?;
        self.changed(progress, now);
        Ok(progress)
    }

    /// Looks at what other VMs of the process have fetched.
    ///
    /// # Errors
    /// They cannot be relied on for a while; why is for the log.
    pub fn look(&mut self, now: UnixMillis, random: u32) -> Result<Progress, FeedError> {
        let before = self.position();
        let looked = self.feed.look(now, random);
        let progress = match looked {
            Ok(progress @ Progress::Changed { .. }) => progress,
            // A part was taken over before the rest failed: it may have brought keys.
            _ if self.position() != before => Progress::Changed { keys: true },
            _ => Progress::Unchanged,
        };
        self.changed(progress, now);
        looked
    }

    /// Whether what other VMs have fetched is being taken over, and nothing is there before.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        self.feed.is_loading()
    }

    /// The configuration goes.
    pub fn leave(&mut self, now: UnixMillis) {
        self.feed.leave(now);
    }

    fn changed(&mut self, progress: Progress, now: UnixMillis) {
        if let Progress::Changed { keys } = progress {
            self.unknown_kids.clear();
            if keys {
                self.verifier.forget();
            }
            self.judge_open_streams(now);
        }
    }

    /// Counts since they were last taken.
    pub fn take_counters(&mut self) -> impl Iterator<Item = (String, u64)> + use<> {
        let (by_host, in_pure_rust) = self.verifier.checked();
        let now = (by_host, in_pure_rust, self.feed.errors());
        let (host, pure, errors) = self.reported;
        for (group, name, many) in [
            ("signature", "host", now.0 - host),
            ("signature", "pure", now.1 - pure),
            ("feed", "errors", now.2 - errors),
        ] {
            if many > 0 {
                self.counters.add(group, name, many);
            }
        }
        self.reported = now;
        self.counters.take()
    }

    /// Figures of the feed, if it is this VM's to tell them.
    pub fn gauges(&mut self, now: UnixMillis) -> Option<FeedGauges> {
        self.feed.gauges(now)
    }

    /// What is held, for the log: to be compared with the control service's database.
    #[must_use]
    pub fn held(&self) -> Option<String> {
        let store = self.feed.store()?;
        let (version, revocations) = (store.version(), store.revocations());
        Some(format!(
            "holds version {version}: {} revocations, digest {}",
            revocations.len(),
            revocations.digest()
        ))
    }

    /// What is held: of which life of the database, and at which version.
    fn position(&self) -> Option<(String, u64)> {
        let store = self.feed.store()?;
        Some((store.epoch().to_owned(), store.version()))
    }

    fn version(&self) -> Option<u64> {
        self.feed.store().map(crate::feed::Store::version)
    }

    /// Whether one more call may be made, or one more code burnt.
    fn has_room_for(&self, wanted: &Pending) -> bool {
        let count = |fits: fn(&Pending) -> bool| self.pending.values().filter(|p| fits(p)).count();
        let burns = count(|pending| matches!(pending, Pending::Burn(_)));
        let calls = count(|pending| !matches!(pending, Pending::Feed(_) | Pending::Refresh(_)));
        calls < MAX_CALLS && (burns < MAX_BURNS || !matches!(wanted, Pending::Burn(_)))
    }

    /// Every effect that ends a request is counted once, here.
    fn counted(&mut self, effect: Effect) -> Effect {
        match &effect {
            Effect::Continue(changes) => {
                self.counters.count("verdict", changes.verdict());
                if let Some(reason) = changes.reported {
                    self.counters.count("reported", reason);
                }
            }
            Effect::Reply(reply) => {
                self.counters.count("verdict", verdict_of(reply));
                self.counters.count("reason", reply.reason);
            }
            Effect::Pause | Effect::Refresh | Effect::Call(_) => {}
        }
        effect
    }
}

fn verdict_of(reply: &Reply) -> &'static str {
    match reply.status {
        300..=399 => "redirect",
        200..=299 if reply.grpc_status.is_none() => "answer",
        _ => "refuse",
    }
}

/// 503 for a filter that has no feed, or one that is too old.
fn unavailable(kind: RequestKind, reason: &'static str) -> Reply {
    let page = Page::new(
        "Not available right now",
        &[
            "Sign-in cannot be checked at the moment.",
            "Try again in a few seconds.",
        ],
    );
    Reply::error(kind, 503, reason, &page).with("retry-after", "1".to_owned())
}
