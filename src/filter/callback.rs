//! The end of a login attempt: the browser is back from the team domain with a code.

use std::rc::Rc;

use super::effect::{Call, CallAnswer, Effect};
use super::judge::{Bad, CookieNames, demand, trust};
use super::pending::{Pending, PendingBurn, PendingExchange};
use super::{Filter, Incoming, LOST_MS, Moment};
use crate::application::Placement;
use crate::login::Attempt;
use crate::names::RETURNS_COOKIE;
use crate::protocol::calls::{ExchangeAnswer, ExchangeRequest, Problem, ProblemReason, SameSite};
use crate::protocol::return_to;
use crate::reply::page::Page;
use crate::reply::{Reply, set_cookie};
use crate::request::kind::RequestKind;
use crate::request::{Head, cookies, query_parameter};
use crate::session::{Candidate, Source, Verified};

/// Returns from the team domain that are no loop, within [`LOOP_SECONDS`].
const MAX_RETURNS: usize = 5;
const LOOP_SECONDS: u64 = 30;
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
            .and_then(|state| find_attempt(head, places, state, moment.now_s()));
        let (code, (attempt, placement)) = match (code, known) {
            (Some(code), Some(known)) => (code, known),
            (None, _) => return Effect::Reply(start_again(kind, "code_missing")),
            (Some(code), None) => {
                let reason = state.map_or("state_missing", |_| "state_unknown");
                return self.burn(incoming, code, (places, reason), moment.now_ms);
            }
        };
        let returns = recent_returns(head, moment.now_s());
        // Many tabs that open at once come back at once: who is signed in is in no loop.
        if returns.len() >= MAX_RETURNS && self.judge(&placement, head, moment).is_err() {
            return Effect::Reply(loop_page(kind));
        }
        let exchange = PendingExchange {
            deadline_ms: self.deadline(moment.now_ms),
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
        .unwrap_or_else(|| Effect::Reply(control_away(kind)))
    }

    /// A code that came to the wrong browser is made useless, then the person may start again.
    fn burn(
        &mut self,
        incoming: Incoming<'_>,
        code: String,
        (places, reason): (&[Rc<Placement>], &'static str),
        now_ms: u64,
    ) -> Effect {
        let reply = start_again(incoming.kind, reason);
        let Some(place) = places.first() else {
            return Effect::Reply(reply);
        };
        let request = ExchangeRequest {
            code,
            code_verifier: None,
            origin: place.location.origin.to_string(),
        };
        let burn = PendingBurn {
            reply: reply.clone(),
            deadline_ms: self.deadline(now_ms),
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
        let kind = exchange.kind;
        let parsed = match answer.status {
            Some(200) => serde_json::from_slice::<ExchangeAnswer>(answer.body).ok(),
            Some(status) => return Effect::Reply(refused(kind, status, answer.body)),
            None => None,
        };
        let Some(tokens) = parsed else {
            return Effect::Reply(control_away(kind));
        };
        let judged = self.judge_exchanged(exchange, &tokens, moment);
        Effect::Reply(match judged {
            Ok(verified) => let_in(exchange, &tokens, &verified, moment.now_s()),
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
        })
    }

    fn judge_exchanged(
        &mut self,
        exchange: &PendingExchange,
        tokens: &ExchangeAnswer,
        moment: &Moment<'_>,
    ) -> Result<Verified, Bad> {
        let trust = trust(&self.config, &self.issuer, &self.follower, moment.now_ms)?;
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
            timeout_ms: self.config.control().timeout_ms,
        }))
    }

    /// When a call that begins now counts as lost.
    pub(super) fn deadline(&self, now_ms: u64) -> u64 {
        now_ms + self.config.control().timeout_ms + LOST_MS
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
    now: u64,
) -> Option<(Attempt, Rc<Placement>)> {
    Attempt::open(head, now).into_iter().find_map(|attempt| {
        let fits = |place: &&Rc<Placement>| attempt.has_state(state, &place.application.audience);
        let place = places.iter().find(fits).map(Rc::clone)?;
        Some((attempt, place))
    })
}

/// When this browser came back from the team domain of late, seconds since 1970.
fn recent_returns(head: Head<'_>, now: u64) -> Vec<u64> {
    let values = cookies::values(head, RETURNS_COOKIE);
    let text = values
        .first()
        .and_then(|value| std::str::from_utf8(value).ok())
        .unwrap_or_default();
    text.split('.')
        .filter_map(|time| time.parse().ok())
        .filter(|time: &u64| time.abs_diff(now) <= LOOP_SECONDS)
        .take(MAX_RETURNS)
        .collect()
}

/// Sets the cookies and returns the user to where they were going.
fn let_in(
    exchange: &PendingExchange,
    tokens: &ExchangeAnswer,
    verified: &Verified,
    now: u64,
) -> Reply {
    let claims = verified.claims();
    let names = CookieNames::of(&exchange.placement);
    let max_age = claims.session_exp.saturating_sub(now);
    let return_to = return_to::sanitize(&tokens.return_to);
    let location = format!("{}{return_to}", exchange.placement.location.origin);
    let mut returns = exchange.returns.clone();
    returns.push(now);
    let returns: Vec<_> = returns.iter().map(u64::to_string).collect();

    let mut reply = way_on(exchange, tokens, location).with(
        "set-cookie",
        set_cookie::token(&names.token, &tokens.token, tokens.cookie, max_age),
    );
    // With `cnf`, the verifier has matched the secret, so it is plain base64url.
    if let (Some(binding), Some(_)) = (&tokens.binding, &claims.cnf) {
        let value = set_cookie::binding(&names.binding, binding, tokens.cookie, max_age);
        reply = reply.with("set-cookie", value);
    }
    reply
        .with(
            "set-cookie",
            set_cookie::clear_login(&exchange.attempt.cookie_name()),
        )
        .with(
            "set-cookie",
            set_cookie::login(RETURNS_COOKIE, &returns.join("."), LOOP_SECONDS),
        )
}

/// A redirect; or, where `SameSite=Strict` would keep the cookies back from it, a page of this
/// site that moves on: by itself, unless another site began the attempt.
fn way_on(exchange: &PendingExchange, tokens: &ExchangeAnswer, location: String) -> Reply {
    if tokens.cookie.same_site != SameSite::Strict {
        return Reply::redirect("signed_in", location);
    }
    let page = Page::new("You are signed in", &["Going on to where you were."]);
    if exchange.attempt.is_cross_site() {
        let page = Page::new("You are signed in", &["Another site led you here."]);
        page.link(&location, "Continue")
            .keeping_the_fragment()
            .reply(200, "signed_in")
    } else {
        page.move_on(&location, "Continue")
            .keeping_the_fragment()
            .reply(200, "signed_in")
    }
}

/// What a refused exchange becomes.
fn refused(kind: RequestKind, status: u16, body: &[u8]) -> Reply {
    let reason = serde_json::from_slice::<Problem>(body).map(|problem| problem.reason);
    match (status, reason) {
        (400, Ok(ProblemReason::CodeUnknown)) => start_again(kind, "code_unknown"),
        (400, Ok(ProblemReason::CodeMismatch)) => start_again(kind, "code_mismatch"),
        (403, Ok(ProblemReason::SessionEnded | ProblemReason::LoginRequired)) => {
            start_again(kind, "session_ended")
        }
        (403, Ok(ProblemReason::UserBlocked)) => {
            let page = Page::new(
                "You cannot sign in right now",
                &[
                    "An administrator ended your sessions a moment ago.",
                    "Wait a minute, then try again.",
                ],
            );
            Reply::error(kind, 403, "user_blocked", &page)
        }
        (403, Ok(ProblemReason::PolicyDenied)) => {
            let page = Page::new(
                "No access",
                &["Your account has no access to this application."],
            );
            Reply::error(kind, 403, "policy_denied", &page)
        }
        _ => {
            log::warn!("the exchange of a code was answered with status {status}");
            control_away(kind)
        }
    }
}

fn start_again(kind: RequestKind, reason: &'static str) -> Reply {
    let page = Page::new(
        "This sign-in cannot be finished",
        &[
            "It was begun in another browser, took too long, or was finished before.",
            "Nothing was signed in. You can start again.",
            "If you come back to this page, allow this site to set cookies first.",
        ],
    )
    .link("/.access/login", "Sign in again");
    Reply::error(kind, 400, reason, &page)
}

fn loop_page(kind: RequestKind) -> Reply {
    let page = Page::new(
        "Sign-in goes round in circles",
        &[
            "You were signed in several times within seconds, and each session was lost again.",
            "Check that this site may set cookies and that this computer's clock is right.",
        ],
    )
    .link("/.access/login", "Try once more");
    Reply::error(kind, 400, "login_loop", &page)
}

fn control_away(kind: RequestKind) -> Reply {
    let page = Page::new(
        "Sign-in is not available right now",
        &["The sign-in service did not answer. Reload this page in a few seconds."],
    );
    Reply::error(kind, 503, "control_unavailable", &page).with("retry-after", "2".to_owned())
}
