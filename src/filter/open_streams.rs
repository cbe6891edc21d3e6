//! Requests that went on to their application, until they end: what a session opened is closed
//! when the session ends.
//!
//! Every one is here; none goes on that is not. Once a second, and whenever the feed has moved,
//! each is judged again by the verifier, and what is good no more is cut, a bounded number in
//! one callback.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use super::judge::{Bad, Session, trust};
use super::{Filter, Incoming, Moment};
use crate::application::Placement;
use crate::config::Mode;
use crate::reason::Refusal;
use crate::reply::Reply;
use crate::reply::page::Page;
use crate::request::kind::RequestKind;
use crate::session::{Demand, Trust, Verified};
use crate::time::UnixMillis;

/// Requests that may be under way at once in one VM: about 10 MB.
const MAX_OPEN: usize = 65_536;
/// Streams among them that one session may hold open.
const MAX_STREAMS_OF_A_SESSION: u32 = 256;
/// How often all are judged again although the feed has not moved.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a request that is no stream may outlast its session's expiry. It was good when it
/// came, and its application may have carried out a part of it. A revocation does not wait.
const ALLOWANCE: Duration = Duration::from_secs(30);

/// Requests under way.
#[derive(Default)]
pub(super) struct OpenStreams {
    open: HashMap<u32, Open>,
    /// Streams of each session that has some.
    streams: HashMap<String, u32>,
    cuts: VecDeque<Cut>,
    looked: UnixMillis,
}

struct Open {
    placement: Rc<Placement>,
    verified: Verified,
    kind: RequestKind,
    address: Option<IpAddr>,
    /// When it was last found good.
    good: Cell<UnixMillis>,
    /// Whether it is meant to last.
    is_stream: bool,
}

/// A request to be ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Its stream.
    pub stream: u32,
    /// What ends it. Where the response has begun, its client sees it break off.
    pub reply: Reply,
}

/// There is no room for one more.
pub(super) struct Full;

impl Filter {
    /// Remembers a request that goes on, for as long as it does.
    pub(super) fn goes_on(
        &mut self,
        incoming: Incoming<'_>,
        placement: &Rc<Placement>,
        session: &Session,
        moment: &Moment<'_>,
    ) -> Result<(), Full> {
        if self.config.mode() == Mode::Report {
            return Ok(());
        }
        let open = Open {
            placement: Rc::clone(placement),
            verified: session.verified.clone(),
            kind: incoming.kind,
            address: session.address,
            good: Cell::new(moment.now),
            is_stream: incoming.kind.lasts() || incoming.head.all("accept").any(names_event_stream),
        };
        self.open_streams.add(incoming.stream, open)
    }

    /// Requests to be ended now, at most so many: their sessions are good no more. Whether there
    /// are more says [`Self::has_cuts`].
    pub fn cuts(&mut self, now: UnixMillis, at_most: usize) -> Vec<Cut> {
        let since = now.abs_diff(self.open_streams.looked);
        if since >= LOOK_EVERY {
            self.judge_open_streams(now);
        }
        let many = self.open_streams.cuts.len().min(at_most);
        let cuts: Vec<_> = self.open_streams.cuts.drain(..many).collect();
        for cut in &cuts {
            self.counters.count("cut", cut.reply.reason);
        }
        cuts
    }

    /// Whether there are more requests to be ended.
    #[must_use]
    pub fn has_cuts(&self) -> bool {
        !self.open_streams.cuts.is_empty()
    }

    /// Requests that are under way.
    #[must_use]
    pub fn open_streams(&self) -> usize {
        self.open_streams.open.len()
    }

    /// Judges everything that is under way once more.
    pub(super) fn judge_open_streams(&mut self, now: UnixMillis) {
        self.open_streams.looked = now;
        if self.open_streams.open.is_empty() {
            return;
        }
        let trusted = trust(&self.config, &self.issuer, &self.feed, now);
        let ended: Vec<_> = self
            .open_streams
            .open
            .iter()
            .filter_map(|(stream, open)| {
                let reason = match trusted {
                    Ok(trust) => self.ended(open, trust, now)?.as_str(),
                    Err(Bad::Stale) => "stale",
                    Err(_) => "not_ready",
                };
                Some((*stream, reason))
            })
            .collect();
        for (stream, reason) in ended {
            self.open_streams.cut(stream, reason);
        }
    }

    /// Why a request may not go on, if so.
    fn ended(&self, open: &Open, trust: Trust<'_>, now: UnixMillis) -> Option<Refusal> {
        let claims = open.verified.claims();
        let audience = claims.aud.first()?;
        let application = self.feed.store()?.application(audience);
        let location = &open.placement.location;
        let Some(application) = application.filter(|one| one.locations().contains(location)) else {
            return Some(Refusal::TokenNotForHere);
        };
        let demand = Demand {
            application,
            now: now.to_seconds(),
            bindings: &[],
            address: open.address,
            navigates: false,
        };
        let Err(refusal) = self.verifier.verify_again(trust, demand, &open.verified) else {
            open.good.set(now);
            return None;
        };
        let waits = refusal == Refusal::SessionExpired
            && !open.is_stream
            && now.duration_since(open.good.get()) < ALLOWANCE;
        (!waits).then_some(refusal)
    }
}

impl OpenStreams {
    fn add(&mut self, stream: u32, open: Open) -> Result<(), Full> {
        if self.open.len() >= MAX_OPEN {
            return Err(Full);
        }
        if open.is_stream {
            let sid = &open.verified.claims().sid;
            let count = self.streams.get(sid).copied().unwrap_or_default();
            if count >= MAX_STREAMS_OF_A_SESSION {
                return Err(Full);
            }
            self.streams.insert(sid.clone(), count + 1);
        }
        self.open.insert(stream, open);
        Ok(())
    }

    /// A request has ended.
    pub fn remove(&mut self, stream: u32) -> Option<RequestKind> {
        let open = self.open.remove(&stream)?;
        let sid = &open.verified.claims().sid;
        if open.is_stream
            && let Some(count) = self.streams.get_mut(sid)
        {
            *count -= 1;
            if *count == 0 {
                self.streams.remove(sid);
            }
        }
        Some(open.kind)
    }

    fn cut(&mut self, stream: u32, reason: &'static str) {
        if let Some(kind) = self.remove(stream) {
            let reply = ended(kind, reason);
            self.cuts.push_back(Cut { stream, reply });
        }
    }
}

impl RequestKind {
    /// Whether such a request is meant to last.
    fn lasts(self) -> bool {
        matches!(self, Self::WebSocket | Self::Grpc)
    }
}

fn names_event_stream(accept: &[u8]) -> bool {
    accept.split(|b| matches!(b, b',' | b';')).any(|range| {
        range
            .trim_ascii()
            .eq_ignore_ascii_case(b"text/event-stream")
    })
}

/// No 401, which says that the application has not seen the request and it can be sent again.
fn ended(kind: RequestKind, reason: &'static str) -> Reply {
    let page = Page::new(
        "Your session ended during the request",
        &[
            "The request was under way. The application may have carried it out.",
            "Sign in again and look before you repeat it.",
        ],
    );
    let status = match reason {
        "stale" | "not_ready" => 503,
        _ => 403,
    };
    Reply::error(kind, status, reason, &page)
}

/// What a request gets for which there is no room.
pub(super) fn full(kind: RequestKind) -> Reply {
    let page = Page::new(
        "Too many open connections",
        &["Close some of this application's windows, then try again."],
    );
    Reply::error(kind, 503, "too_many_streams", &page)
}
