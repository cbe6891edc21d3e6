//! The end of a login attempt: the browser is back from the team domain with a code.

mod replies;

use std::rc::Rc;
use std::time::Duration;

use super::deadline::Deadline;
use super::effect::{Call, CallAnswer, Effect};
use super::judge::{Bad, demand, trust};
use super::pending::{Pending, PendingBurn, PendingExchange};
use super::{Filter, Incoming, LOST_AFTER, Moment, silent};
use crate::application::Placement;
use crate::login::{Attempt, Beginning};
use crate::names::RETURNS_COOKIE;
use crate::protocol::calls::{ExchangeAnswer, ExchangeRequest};
use crate::reply::Reply;
use crate::reply::page::Page;
use crate::request::kind::RequestKind;
use crate::request::{Head, cookies, query_parameter};
use crate::session::{Candidate, Source, Verified};
use crate::time::{UnixMillis, UnixSeconds};
use replies::{control_away, finished_before, let_in, loop_page, refused, start_again};

/// Returns from the team domain that are no loop, within [`LOOP_WITHIN`].
const MAX_RETURNS: usize = 5;
const LOOP_WITHIN: Duration = Duration::from_secs(30);
/// The longest code that is passed on.
const MAX_CODE_BYTES: usize = 256;

impl Filter {
    /// `GET /.access/callback`.
    pub(super) fn callback(
        &mut self,
        incoming: Incoming<'_>,
        places: &[Rc<Placement>],
        moment: &mut Moment<'_>,
    ) -> Effect {
        let Incoming { stream, head, kind } = incoming;
        if kind == RequestKind::Prefetch {
            return Effect::Reply(Reply::empty(401, "prefetch"));
        }
        let code = query_parameter(head.query(), "code").filter(|code| is_code(code));
        let state = query_parameter(head.query(), "state");
        let known = state
            .as_ref()
            .and_then(|state| find_attempt(head, places, state, moment.seconds()));
        let (code, (attempt, placement)) = match (code, known) {
            (Some(code), Some(known)) => (code, known),
            (None, Some((attempt, placement))) if attempt.beginning() == Beginning::Silent => {
                let reply = silent::refused(head);
                return Effect::Reply(silent::ended(&attempt, &placement, reply));
            }
            (None, _) => return Effect::Reply(start_again(kind, "code_missing")),
            (Some(code), None) => {
                let reason = state.map_or("state_missing", |_| "state_unknown");
                return self.burn(incoming, code, (places, reason), moment);
            }
        };
        let returns = recent_returns(head, moment.seconds());
        // Many tabs that open at once come back at once: who is signed in is in no loop.
        if returns.len() >= MAX_RETURNS && self.judge(&placement, incoming, moment).is_err() {
            let reply = loop_page(kind);
            return Effect::Reply(silent::ended(&attempt, &placement, reply));
        }
        let away = silent::ended(&attempt, &placement, control_away(kind));
        let exchange = PendingExchange {
            deadline: self.deadline(moment.now),
            kind,
            returns,
            placement,
            attempt,
        };
        self.call(
            stream,
            "exchange",
            &ExchangeRequest {
                code,
                code_verifier: Some(exchange.attempt.code_verifier()),
                origin: exchange.placement.location.origin.to_string(),
            },
            Pending::Exchange(exchange),
        )
        .unwrap_or(Effect::Reply(away))
    }

    /// A code that came to the wrong browser is made useless, then the person may start again.
    fn burn(
        &mut self,
        incoming: Incoming<'_>,
        code: String,
        (places, reason): (&[Rc<Placement>], &'static str),
        moment: &mut Moment<'_>,
    ) -> Effect {
        let Some(place) = places.first() else {
            return Effect::Reply(start_again(incoming.kind, reason));
        };
        // As a form does that was sent twice, once its first answer has been followed.
        let signed_in = self.judge(place, incoming, moment).is_ok();
        let reply = if signed_in {
            finished_before(incoming.kind, reason)
        } else {
            start_again(incoming.kind, reason)
        };
        let request = ExchangeRequest {
            code,
            code_verifier: None,
            origin: place.location.origin.to_string(),
        };
        let burn = PendingBurn {
            reply: reply.clone(),
            deadline: self.deadline(moment.now),
        };
        self.call(incoming.stream, "exchange", &request, Pending::Burn(burn))
            .unwrap_or(Effect::Reply(reply))
    }

    /// The exchange was answered: the token is judged like any other before it is set.
    pub(super) fn exchanged(
        &mut self,
        exchange: &PendingExchange,
        answer: CallAnswer<'_>,
        moment: &mut Moment<'_>,
    ) -> Effect {
        let reply = self.after_exchange(exchange, answer, moment);
        Effect::Reply(silent::ended(&exchange.attempt, &exchange.placement, reply))
    }

    fn after_exchange(
        &mut self,
        exchange: &PendingExchange,
        answer: CallAnswer<'_>,
        moment: &mut Moment<'_>,
    ) -> Reply {
        let kind = exchange.kind;
        let parsed = match answer.status {
            Some(200) => serde_json::from_slice::<ExchangeAnswer>(answer.body).ok(),
            Some(status) => return refused(kind, status, answer.body),
            None => None,
        };
        let Some(tokens) = parsed else {
            return control_away(kind);
        };
        match self.judge_exchanged(exchange, &tokens, moment) {
            Ok(verified) => let_in(exchange, &tokens, &verified, moment.seconds()),
            Err(Bad::Refused(refusal)) => {
                log::warn!("the control service issued a token that is refused here: {refusal}");
                let page = Page::new(
                    "Sign-in did not work",
                    &[
                        "The sign-in service issued a session that is not valid here.",
                        "A clock or a key does not fit. Whoever runs this application must look at it.",
                    ],
                );
                Reply::error(kind, 502, refusal.as_str(), &page)
            }
            Err(Bad::Stale) => super::unavailable(kind, "stale"),
            Err(Bad::NotReady) => super::unavailable(kind, "not_ready"),
        }
    }

    fn judge_exchanged(
        &mut self,
        exchange: &PendingExchange,
        tokens: &ExchangeAnswer,
        moment: &Moment<'_>,
    ) -> Result<Verified, Bad> {
        let trust = trust(&self.config, &self.issuer, &self.feed, moment.now)?;
        let bindings: Vec<&[u8]> = tokens.binding.iter().map(String::as_bytes).collect();
        let demand = demand(&exchange.placement, &bindings, moment);
        let candidate = Candidate {
            token: tokens.token.as_bytes(),
            source: Source::Cookie,
        };
        self.verifier
            .verify(trust, demand, candidate)
            .map_err(Bad::Refused)
    }

    /// Calls the control service for a stream; `None` if too many calls wait already.
    pub(super) fn call(
        &mut self,
        stream: u32,
        name: &'static str,
        request: &impl serde::Serialize,
        pending: Pending,
    ) -> Option<Effect> {
        if !self.has_room_for(&pending) {
            return None;
        }
        let body = serde_json::to_string(request).ok()?;
        self.pending.insert(stream, pending);
        Some(Effect::Call(Call {
            name,
            body,
            timeout: self.config.control().timeout,
        }))
    }

    /// When a call that begins now counts as lost.
    pub(super) fn deadline(&self, now: UnixMillis) -> Deadline {
        Deadline::after(now, self.config.control().timeout + LOST_AFTER)
    }
}

fn is_code(code: &str) -> bool {
    (1..=MAX_CODE_BYTES).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_graphic())
}

/// The browser's attempt, and the application, that a `state` belongs to.
fn find_attempt(
    head: Head<'_>,
    places: &[Rc<Placement>],
    state: &str,
    now: UnixSeconds,
) -> Option<(Attempt, Rc<Placement>)> {
    Attempt::open(head, now).into_iter().find_map(|attempt| {
        let fits = |place: &&Rc<Placement>| attempt.has_state(state, &place.application.audience);
        let place = places.iter().find(fits).map(Rc::clone)?;
        Some((attempt, place))
    })
}

/// When this browser came back from the team domain of late.
fn recent_returns(head: Head<'_>, now: UnixSeconds) -> Vec<UnixSeconds> {
    let values = cookies::values(head, RETURNS_COOKIE);
    let text = values
        .first()
        .and_then(|value| std::str::from_utf8(value).ok())
        .unwrap_or_default();
    text.split('.')
        .filter_map(|time| time.parse().ok().map(UnixSeconds::new))
        .filter(|time| time.abs_diff(now) <= LOOP_WITHIN)
        .take(MAX_RETURNS)
        .collect()
}
