//! Requests that were forwarded to their application, until they end: what a session opened is
//! cut when the session ends.
//!
//! Every such request is registered here before it is forwarded. Once a second, and whenever the
//! feed has changed, the verifier judges each again. Requests whose sessions are no longer good
//! are cut, a bounded number in one callback.

mod registry;

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use super::authenticate::{Authenticator, Session};
use super::event::{Moment, Visit};
use super::readers::{reader_of, reply_readable_by};
use crate::reason::Refusal;
use crate::reply::Reply;
use crate::reply::page::MessagePage;
use crate::request::kind::RequestKind;
use crate::session::{Demand, Trust};
use crate::time::UnixMillis;
pub(super) use registry::Full;
use registry::{Open, Registry};

/// How often all are judged again although the feed has not changed.
const JUDGE_EVERY: Duration = Duration::from_secs(1);
/// How long a request that is no stream may outlast its session's expiry. Its session was good
/// when it came, and its application may have carried out a part of it. A revocation does not wait.
const ALLOWANCE: Duration = Duration::from_secs(30);

/// Requests under way.
#[derive(Default)]
pub(super) struct OpenStreams {
    registry: Registry,
    cuts: VecDeque<Cut>,
    judged: UnixMillis,
}

/// A request to be ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Its stream.
    pub stream: u32,
    /// What ends it. Where the response has begun, its client sees it break off.
    pub reply: Reply,
}

impl OpenStreams {
    /// Registers a request that is to be forwarded.
    pub fn add(
        &mut self,
        visit: Visit<'_>,
        session: &Session,
        moment: &Moment<'_>,
    ) -> Result<(), Full> {
        let incoming = visit.incoming;
        let is_stream =
            incoming.kind.lasts() || incoming.head.all("accept").any(names_event_stream);
        // A policy may ask for the address while the stream is open.
        let address = match session.address {
            None if is_stream => (moment.address)(),
            known => known,
        };
        let open = Open {
            placement: Rc::clone(visit.placement),
            verified: session.verified.clone(),
            kind: incoming.kind,
            address,
            last_good: Cell::new(moment.now),
            is_stream,
            reader: reader_of(visit),
        };
        self.registry.add(incoming.stream, open)
    }

    /// A request has ended.
    pub fn remove(&mut self, stream: u32) {
        self.registry.remove(stream);
    }

    /// How many requests are under way.
    pub fn len(&self) -> usize {
        self.registry.len()
    }

    /// Requests to be ended now, at most so many. Whether there are more says [`Self::has_cuts`].
    pub fn cuts(
        &mut self,
        authenticator: &Authenticator,
        now: UnixMillis,
        at_most: usize,
    ) -> Vec<Cut> {
        if now.abs_diff(self.judged) >= JUDGE_EVERY {
            self.judge(authenticator, now);
        }
        let count = self.cuts.len().min(at_most);
        self.cuts.drain(..count).collect()
    }

    /// Whether there are requests to be ended.
    pub fn has_cuts(&self) -> bool {
        !self.cuts.is_empty()
    }

    /// Judges all requests again.
    pub fn judge(&mut self, authenticator: &Authenticator, now: UnixMillis) {
        self.judged = now;
        if self.registry.len() == 0 {
            return;
        }
        let trust = authenticator.in_force.trust(now);
        let ended = |(stream, open)| {
            let reason = match trust {
                Ok(trust) => why_ended(authenticator, open, trust, now)?.as_str(),
                Err(unavailable) => unavailable.reason(),
            };
            Some((stream, reason))
        };
        let ended: Vec<_> = self.registry.iter().filter_map(ended).collect();
        for (stream, reason) in ended {
            if let Some(open) = self.registry.remove(stream) {
                let reply = session_ended(open.kind, reason);
                let reply = match open.reader {
                    Some(reader) => reply_readable_by(&reader, reply),
                    None => reply,
                };
                self.cuts.push_back(Cut { stream, reply });
            }
        }
    }
}

/// Why a request must not continue, if so.
fn why_ended(
    authenticator: &Authenticator,
    open: &Open,
    trust: Trust<'_>,
    now: UnixMillis,
) -> Option<Refusal> {
    let claims = open.verified.claims();
    let audience = claims.aud.first()?;
    let store = authenticator.store()?;
    let is_there = store.table().leads_to(audience, &open.placement.location);
    let Some(application) = store.application(audience).filter(|_| is_there) else {
        return Some(Refusal::TokenNotForHere);
    };
    let demand = Demand {
        application,
        now: now.to_seconds(),
        bindings: &[],
        address: open.address,
        navigates: false,
    };
    let verifier = &authenticator.verifier;
    let Err(refusal) = verifier.verify_again(trust, demand, &open.verified) else {
        open.last_good.set(now);
        return None;
    };
    let waits = refusal == Refusal::SessionExpired
        && !open.is_stream
        && now.duration_since(open.last_good.get()) < ALLOWANCE;
    (!waits).then_some(refusal)
}

fn names_event_stream(accept: &[u8]) -> bool {
    accept.split(|b| matches!(b, b',' | b';')).any(|range| {
        range
            .trim_ascii()
            .eq_ignore_ascii_case(b"text/event-stream")
    })
}

/// Not 401, which says that the application has not seen the request and it can be sent again.
fn session_ended(kind: RequestKind, reason: &'static str) -> Reply {
    let page = MessagePage::new(
        "Your session ended during the request",
        &[
            "The application may already have carried out your request.",
            "Sign in again, and check before you repeat it.",
        ],
    )
    .link("/.access/login", "Sign in again");
    let status = match reason {
        "stale" | "not_ready" => 503,
        _ => 403,
    };
    page.error(kind, status, reason)
}

/// The answer to a request for which there is no room.
pub(super) fn too_many(kind: RequestKind) -> Reply {
    let page = MessagePage::new(
        "Too many open connections",
        &["Close some of this application's windows, then try again."],
    )
    .link("", "Try again");
    page.error(kind, 503, "too_many_streams")
}
