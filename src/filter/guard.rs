//! A request on its way to the origin: which application, is the session good, and what then.

use std::rc::Rc;

use super::changes::{admitted, anonymous, cleaned, reported};
use super::deadline::Deadline;
use super::effect::{Changes, Effect};
use super::judge::{Bad, Presented, shows_header_token};
use super::open_streams::{Full, full};
use super::pending::{Pending, PendingFeed};
use super::preflight::preflight;
use super::{
    FEED_WAIT, Filter, Incoming, MAX_UNKNOWN_KIDS, MAX_WAITING, MAX_WAITING_BYTES, Moment,
    unavailable,
};
use crate::application::authority::Authority;
use crate::application::path::Readings;
use crate::application::{Choice, Placement};
use crate::config::{Mode, UnknownHosts};
use crate::login::{Attempt, Beginning};
use crate::protocol::login::FILTER_PREFIX;
use crate::protocol::return_to;
use crate::reason::Refusal;
use crate::reply::Reply;
use crate::reply::page::Page;
use crate::reply::refusal::{self, Context};
use crate::request::Head;
use crate::request::kind::RequestKind;
use crate::session::token::UnverifiedToken;
use crate::time::UnixMillis;

/// Whether a request may still be held for the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    MayWait,
    HasWaited,
}

/// Where a request leads.
pub(super) enum Destination<'a> {
    /// To a host that nobody guards.
    Unguarded,
    /// Nowhere.
    Refused(u16, &'static str, &'static str),
    /// To the filter itself.
    Own(Authority<'a>),
    /// To an application, without a session.
    Bypassed,
    /// To an application.
    Guarded(Rc<Placement>),
}

impl Filter {
    /// The verdict on a request.
    pub(super) fn decide(
        &mut self,
        incoming: Incoming<'_>,
        moment: &mut Moment<'_>,
        patience: Patience,
    ) -> Effect {
        let destination = self.destination(incoming.head);
        if let Some(Destination::Own(authority)) = destination {
            return self.endpoint(incoming, &authority, moment);
        }
        match self.config.mode() {
            Mode::Enforce => self.verdict(incoming, destination, moment, patience),
            Mode::Report => {
                let effect = self.verdict(incoming, destination, moment, Patience::HasWaited);
                reported(incoming.head, effect)
            }
        }
    }

    fn verdict(
        &mut self,
        incoming: Incoming<'_>,
        destination: Option<Destination<'_>>,
        moment: &mut Moment<'_>,
        patience: Patience,
    ) -> Effect {
        let Incoming { head, kind, .. } = incoming;
        match destination {
            None if patience == Patience::MayWait => self
                .wait(incoming, moment.now)
                .unwrap_or_else(|| Effect::Reply(unavailable(kind, "not_ready"))),
            None => Effect::Reply(unavailable(kind, "not_ready")),
            Some(Destination::Unguarded) => Effect::Continue(Changes {
                unguarded: true,
                ..cleaned(head)
            }),
            Some(Destination::Refused(status, reason, sentence)) => {
                let page = Page::new("Nothing here", &[sentence]);
                Effect::Reply(Reply::error(kind, status, reason, &page))
            }
            Some(Destination::Own(authority)) => self.endpoint(incoming, &authority, moment),
            Some(Destination::Bypassed) => Effect::Continue(anonymous(head)),
            Some(Destination::Guarded(placement)) => {
                if kind == RequestKind::Preflight {
                    return preflight(head, &placement);
                }
                self.guard(incoming, &placement, moment, patience)
            }
        }
    }

    /// Where a request leads; `None` before the first feed.
    pub(super) fn destination<'a>(&self, head: Head<'a>) -> Option<Destination<'a>> {
        let table = self.feed.store()?.table();
        // What cannot be read may be a guarded host to whoever routes it, so it never passes.
        let Some(authority) = head.only(":authority").and_then(Authority::parse) else {
            return Some(Destination::Refused(
                400,
                "host_invalid",
                "The hostname cannot be read.",
            ));
        };
        let Some(host) = table.host(&authority) else {
            return Some(match self.config.unknown_hosts() {
                UnknownHosts::Pass => Destination::Unguarded,
                UnknownHosts::Deny => {
                    Destination::Refused(403, "unknown_host", "No application has this hostname.")
                }
            });
        };
        const AMBIGUOUS: Destination<'static> = Destination::Refused(
            400,
            "path_ambiguous",
            "The address can be read in more than one way.",
        );
        let Some(path) = Readings::of(head.path()) else {
            return Some(AMBIGUOUS);
        };
        let own = FILTER_PREFIX.as_bytes();
        if path.sent().starts_with(own) || path.decoded().starts_with(own) {
            return Some(Destination::Own(authority));
        }
        Some(match host.find(&path) {
            Choice::Ambiguous => AMBIGUOUS,
            Choice::NoApplication => {
                Destination::Refused(403, "no_application", "No application has this address.")
            }
            Choice::Found(placement) => {
                if placement.application.bypasses(&path, head.method()) {
                    Destination::Bypassed
                } else {
                    Destination::Guarded(Rc::clone(placement))
                }
            }
        })
    }

    fn guard(
        &mut self,
        incoming: Incoming<'_>,
        placement: &Rc<Placement>,
        moment: &mut Moment<'_>,
        patience: Patience,
    ) -> Effect {
        let Incoming { head, kind, .. } = incoming;
        match self.judge(placement, incoming, moment) {
            Ok(session) => match self.goes_on(incoming, placement, &session, moment) {
                Ok(()) => Effect::Continue(admitted(head, &session)),
                Err(Full) => Effect::Reply(full(kind)),
            },
            Err(Bad::NotReady) => Effect::Reply(unavailable(kind, "not_ready")),
            Err(Bad::Stale) => Effect::Reply(unavailable(kind, "stale")),
            Err(Bad::Refused(Refusal::KeyUnknown)) => {
                let kids = unknown_kids(head, placement);
                if patience == Patience::HasWaited {
                    self.remember_unknown(kids);
                } else if !kids.iter().any(|kid| self.unknown_kids.contains(kid))
                    && self.unknown_kids.len() < MAX_UNKNOWN_KIDS
                    && let Some(effect) = self.wait(incoming, moment.now)
                {
                    return effect;
                }
                self.refuse(incoming, placement, Refusal::KeyUnknown, moment)
            }
            Err(Bad::Refused(refusal)) => self
                .refresh(incoming, placement, refusal, moment)
                .unwrap_or_else(|refusal| self.refuse(incoming, placement, refusal, moment)),
        }
    }

    /// Holds a request until the feed moves, if there is room.
    fn wait(&mut self, incoming: Incoming<'_>, now: UnixMillis) -> Option<Effect> {
        let waits = |pending: &&Pending| matches!(pending, Pending::Feed(_));
        let waiting = self.pending.values().filter(waits).count();
        if waiting >= MAX_WAITING || incoming.head.size() > MAX_WAITING_BYTES {
            return None;
        }
        let waiting = PendingFeed {
            head: incoming.head.to_owned(),
            version: self.version(),
            deadline: Deadline::after(now, FEED_WAIT),
        };
        self.pending.insert(incoming.stream, Pending::Feed(waiting));
        Some(Effect::Pause)
    }

    fn remember_unknown(&mut self, kids: Vec<String>) {
        for kid in kids {
            if self.unknown_kids.len() < MAX_UNKNOWN_KIDS {
                self.unknown_kids.insert(kid);
            }
        }
    }

    /// What a bad session gets: a navigation is led to the login, all else is answered.
    pub(super) fn refuse(
        &mut self,
        Incoming { head, kind, .. }: Incoming<'_>,
        placement: &Placement,
        refusal: Refusal,
        moment: &mut Moment<'_>,
    ) -> Effect {
        // Whoever shows a token in a header is a script, whatever else it sends: it could follow
        // a redirect to the login, and would take the page there for an answer.
        let kind = match kind {
            RequestKind::Navigation | RequestKind::FramedNavigation | RequestKind::FormPost
                if shows_header_token(head) =>
            {
                RequestKind::SubRequest
            }
            kind => kind,
        };
        let to_login = kind == RequestKind::Navigation
            && !matches!(refusal, Refusal::PolicyDenied | Refusal::TokenAmbiguous);
        if to_login {
            let target = std::str::from_utf8(head.target()).unwrap_or("/");
            let reply = self.begin_login(head, placement, (refusal.as_str(), target), moment);
            return Effect::Reply(reply);
        }
        let login_url = login_url(placement);
        Effect::Reply(refusal::refuse(
            refusal,
            kind,
            Context {
                team_domain: &self.issuer,
                login_url: &login_url,
                cors_origins: &placement.application.cors_origins,
                head,
            },
        ))
    }

    /// The redirect to the team domain that begins a login attempt.
    pub(super) fn begin_login(
        &self,
        head: Head<'_>,
        placement: &Placement,
        (reason, return_to): (&'static str, &str),
        moment: &mut Moment<'_>,
    ) -> Reply {
        // A browser that does not say counts as led here by another site.
        let cross_site = !matches!(
            head.only("sec-fetch-site"),
            Some(b"none" | b"same-origin" | b"same-site")
        );
        let beginning = if cross_site {
            Beginning::AnotherSite
        } else {
            Beginning::Here
        };
        let now = moment.seconds();
        let attempt = Attempt::begin(moment.random, now, beginning);
        let location =
            attempt.login_location(&self.issuer, placement, return_to::sanitize(return_to));
        with_attempt(Reply::redirect(reason, location), &attempt, head, moment)
    }
}

/// A reply that begins an attempt, with its cookies.
pub(super) fn with_attempt(
    reply: Reply,
    attempt: &Attempt,
    head: Head<'_>,
    moment: &Moment<'_>,
) -> Reply {
    let open = Attempt::open(head, moment.seconds());
    let values = attempt.set_cookies(&open).into_iter();
    values.fold(reply, |reply, value| reply.with("set-cookie", value))
}

/// Where to sign in at an application, absolute.
pub(super) fn login_url(placement: &Placement) -> String {
    let origin = &placement.location.origin;
    let prefix = &placement.location.path_prefix;
    if prefix.is_empty() {
        format!("{origin}/.access/login")
    } else {
        let return_to = crate::reply::percent_encode(format!("{prefix}/").as_bytes());
        format!("{origin}/.access/login?return_to={return_to}")
    }
}

/// Key ids that a request's tokens name.
fn unknown_kids(head: Head<'_>, placement: &Placement) -> Vec<String> {
    Presented::to(placement, head)
        .tokens
        .iter()
        .filter_map(|candidate| UnverifiedToken::parse(candidate.token))
        .map(|token| token.unverified_kid)
        .collect()
}
