//! The root context: one configuration in one VM. Follows the feed, wakes what waits, hands over
//! metrics.

mod refresh;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

use super::control::Control;
use super::host::{self, HostRandom};
use super::renewals::Renewals;
use super::shared_data::HostSharedData;
use super::signature::EnvoySignatures;
use super::stream::{self, Stream};
use crate::config::Config;
use crate::feed::{FeedAnswer, Progress};
use crate::filter::{Call, CallAnswer, Filter, MAX_EFFECTS};
use crate::login::Random;
use crate::protocol::base64url;
use crate::session::signature::{HostSignatures, NoHostSignatures};
use crate::time::UnixMillis;

/// How often the root looks at what waits.
const TICK: Duration = Duration::from_millis(50);
/// The same while more streams are due than one callback may drive on.
const BUSY_TICK: Duration = Duration::from_millis(1);

/// What the contexts of one configuration share.
pub struct Shared {
    pub filter: RefCell<Filter>,
    pub control: Control,
    /// Cookies of sessions that were refreshed, until their responses come.
    pub renewals: Renewals,
    busy: Cell<bool>,
}

impl Shared {
    /// Ticks at once, or as ever. Each change restarts the timer, so only changes reach the host.
    pub fn set_busy(&self, busy: bool) {
        if self.busy.replace(busy) != busy {
            let _ = host::tick_every(if busy { BUSY_TICK } else { TICK });
        }
    }
}

/// The root context.
pub struct Root {
    id: u32,
    shared: Option<Rc<Shared>>,
    poll: Option<u32>,
    calls: HashMap<u32, u32>,
    refreshes: HashMap<u32, u64>,
    metrics: HashMap<String, u32>,
    last_error: Option<String>,
}

impl Root {
    /// A root context that has no configuration yet.
    pub fn new(id: u32) -> Self {
        Self {
            id,
            shared: None,
            poll: None,
            calls: HashMap::new(),
            refreshes: HashMap::new(),
            metrics: HashMap::new(),
            last_error: None,
        }
    }

    fn configure(&mut self, size: usize) -> Result<(), String> {
        let config = Config::read(&host::configuration(size)).map_err(|error| error.to_string())?;
        let control = Control::of(&config)?;
        let signatures: Box<dyn HostSignatures> = match EnvoySignatures::self_tested() {
            Some(signatures) => Box::new(signatures),
            None => {
                log::warn!("this host checks no signatures: they are checked in pure Rust");
                Box::new(NoHostSignatures)
            }
        };
        let mut filter = Filter::new(config, signatures, instance());
        filter.share(Box::new(HostSharedData), control.credential(), host::now());
        self.shared = Some(Rc::new(Shared {
            filter: RefCell::new(filter),
            control,
            renewals: Renewals::default(),
            busy: Cell::new(true),
        }));
        host::tick_every(BUSY_TICK).map_err(|error| error.to_string())
    }

    fn poll_if_due(&mut self, shared: &Shared, now: UnixMillis) {
        let Ok(mut filter) = shared.filter.try_borrow_mut() else {
            return;
        };
        let Some(poll) = filter.poll(now, HostRandom.number()) else {
            return;
        };
        match shared.control.poll(&poll) {
            Ok(token) => self.poll = Some(token),
            Err(error) => {
                let nothing = FeedAnswer {
                    status: None,
                    body: b"",
                };
                let _ = filter.feed_answered(now, HostRandom.number(), nothing);
                drop(filter);
                self.say_once(format!("the feed cannot be polled: {error}"));
            }
        }
    }

    /// Takes over what another VM of this process has fetched.
    fn look(&mut self, shared: &Shared, now: UnixMillis) {
        let looked = match shared.filter.try_borrow_mut() {
            Ok(mut filter) => filter.look(now, HostRandom.number()),
            Err(_) => return,
        };
        match looked {
            Ok(Progress::Changed { .. }) => self.say_held(shared),
            Ok(Progress::Partial | Progress::Unchanged) => {}
            Err(error) => self.say_once(format!("the feed: {error}")),
        }
    }

    fn take_page(&mut self, headers: usize, size: usize) {
        let Some(shared) = self.shared.clone() else {
            return;
        };
        let (now, body) = (host::now(), host::call_body(size));
        let answer = FeedAnswer {
            status: host::call_status(headers),
            body: &body,
        };
        let Ok(mut filter) = shared.filter.try_borrow_mut() else {
            return;
        };
        let progress = filter.feed_answered(now, HostRandom.number(), answer);
        drop(filter);
        match progress {
            Ok(Progress::Partial) => self.poll_if_due(&shared, now),
            Ok(Progress::Changed { .. }) => {
                self.last_error = None;
                self.say_held(&shared);
                self.look(&shared, now);
                self.wake(&shared, now);
            }
            Ok(Progress::Unchanged) => self.last_error = None,
            Err(error) => self.say_once(format!("the feed: {error}")),
        }
    }

    /// Drives on what has waited long enough, a bounded number at a time: the host runs the
    /// effects on other streams nested in this callback.
    fn wake(&mut self, shared: &Rc<Shared>, now: UnixMillis) {
        let (due, loading) = match shared.filter.try_borrow() {
            Ok(filter) => (filter.due(now), filter.is_loading()),
            Err(_) => return,
        };
        for stream in &due {
            let call = stream::wake(shared, *stream, now);
            let _ = host::act_on(self.id);
            if let Some(call) = call {
                self.ask(shared, *stream, &call);
            }
        }
        self.cut(shared, now, MAX_EFFECTS - due.len().min(MAX_EFFECTS));
        let filter = shared.filter.try_borrow();
        let more = filter.is_ok_and(|filter| filter.has_refresh_calls() || filter.has_cuts());
        shared.set_busy(loading || more || due.len() >= MAX_EFFECTS);
    }

    /// Ends requests whose sessions are good no more.
    fn cut(&self, shared: &Shared, now: UnixMillis, at_most: usize) {
        let cuts = match shared.filter.try_borrow_mut() {
            Ok(mut filter) => filter.cuts(now, at_most),
            Err(_) => return,
        };
        for cut in cuts {
            // One that is gone needs no end.
            if host::act_on(cut.stream).is_ok()
                && let Err(error) = host::reply(&cut.reply)
            {
                log::error!("{error}");
            }
            let _ = host::act_on(self.id);
        }
    }

    /// Makes the call of a request that waited for the feed before.
    fn ask(&mut self, shared: &Shared, stream: u32, call: &Call) {
        match shared.control.call(call) {
            Ok(token) => drop(self.calls.insert(token, stream)),
            Err(error) => {
                log::warn!("{error}");
                stream::answer(shared, stream, CallAnswer::none());
                let _ = host::act_on(self.id);
            }
        }
    }

    fn report(&mut self, shared: &Shared, now: UnixMillis) {
        let Ok(mut filter) = shared.filter.try_borrow_mut() else {
            return;
        };
        for (name, count) in filter.take_counters() {
            if let Some(reason) = name.strip_prefix("portcullis.reported.") {
                log::info!("mode report: {count} requests would have been refused: {reason}");
            }
            if let Some(metric) = self.metric(name, host::counter) {
                let _ = host::increment(metric, count);
            }
        }
        let Some(gauges) = filter.gauges(now) else {
            return;
        };
        for (name, value) in [
            ("portcullis.feed.version", gauges.version),
            ("portcullis.feed.age_seconds", gauges.age_seconds),
            ("portcullis.feed.entries", gauges.entries),
        ] {
            if let Some(metric) = self.metric(name.to_owned(), host::gauge) {
                let _ = host::record(metric, value);
            }
        }
    }

    fn metric(
        &mut self,
        name: String,
        define: fn(&str) -> Result<u32, host::HostError>,
    ) -> Option<u32> {
        if let Some(metric) = self.metrics.get(&name) {
            return Some(*metric);
        }
        let metric = define(&name).ok()?;
        self.metrics.insert(name, metric);
        Some(metric)
    }

    /// For whoever compares what each filter holds with the database.
    fn say_held(&self, shared: &Shared) {
        if let Ok(filter) = shared.filter.try_borrow()
            && let Some(held) = filter.held()
        {
            log::debug!("filter {} {held}", self.id);
        }
    }

    /// The same trouble is logged once, not at every attempt.
    fn say_once(&mut self, error: String) {
        if self.last_error.as_ref() != Some(&error) {
            log::warn!("{error}");
            self.last_error = Some(error);
        }
    }
}

/// The configuration goes, and with it the answer of a poll that is under way: another VM polls
/// from now on.
impl Drop for Root {
    fn drop(&mut self) {
        if let Some(Ok(mut filter)) = self.shared.as_ref().map(|s| s.filter.try_borrow_mut()) {
            filter.leave(host::now());
        }
    }
}

impl Context for Root {
    fn on_http_call_response(&mut self, token: u32, headers: usize, body: usize, _trailers: usize) {
        if self.poll == Some(token) {
            self.poll = None;
            self.take_page(headers, body);
        } else if let Some(refresh) = self.refreshes.remove(&token) {
            self.take_token(refresh, headers, body);
        } else if let (Some(stream), Some(shared)) = (self.calls.remove(&token), &self.shared) {
            let body = host::call_body(body);
            let status = host::call_status(headers);
            stream::answer(
                shared,
                stream,
                CallAnswer {
                    status,
                    body: &body,
                },
            );
            let _ = host::act_on(self.id);
        }
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, size: usize) -> bool {
        match self.configure(size) {
            Ok(()) => true,
            Err(error) => {
                log::error!("{error}");
                false
            }
        }
    }

    fn on_tick(&mut self) {
        if let Some(shared) = self.shared.clone() {
            let now = host::now();
            self.look(&shared, now);
            self.poll_if_due(&shared, now);
            self.ask_for_tokens(&shared, now);
            self.wake(&shared, now);
            self.report(&shared, now);
        }
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(id, self.shared.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// A name for this VM.
fn instance() -> String {
    let mut bytes = [0; 9];
    HostRandom.fill(&mut bytes);
    base64url::encode(&bytes)
}
