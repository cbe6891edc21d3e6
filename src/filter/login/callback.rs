//! `GET /.access/callback`, the end of a login attempt: the browser is back from the team domain
//! with a code.

use std::rc::Rc;

use super::attempt::{Attempt, Beginning};
use super::burn::PendingBurn;
use super::exchange::PendingExchange;
use super::replies::{control_unavailable, login_loop, start_again};
use super::returns::Returns;
use super::silent;
use super::way_back::WayBack;
use crate::application::Placement;
use crate::filter::authenticate::Authenticator;
use crate::filter::effect::Effect;
use crate::filter::event::{Incoming, Moment, Visit};
use crate::filter::pending::{Pending, PendingRequests};
use crate::protocol::calls::ExchangeRequest;
use crate::reply::Reply;
use crate::request::kind::RequestKind;
use crate::request::{Head, query_parameter};
use crate::time::{UnixMillis, UnixSeconds};

/// The longest code that is sent to the control service.
const MAX_CODE_BYTES: usize = 256;

/// What the callback waits for, or answers at once. `places` are the applications on its host.
pub(in crate::filter) fn callback(
    authenticator: &mut Authenticator,
    pending: &mut PendingRequests,
    incoming: Incoming<'_>,
    places: &[Rc<Placement>],
    moment: &Moment<'_>,
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
            let reply = silent::without_code(head);
            return Effect::Reply(silent::ended(&attempt, &placement, reply));
        }
        (None, _) => {
            let place = query_parameter(head.query(), "return_to");
            let back = WayBack::to(place.as_deref());
            return Effect::Reply(start_again(kind, "code_missing", back));
        }
        (Some(code), None) => {
            let Some(place) = places.first() else {
                return Effect::internal_error();
            };
            let visit = incoming.to(place);
            let waiting = PendingBurn {
                kind,
                reason: state.as_ref().map_or("state_missing", |_| "state_unknown"),
                is_signed_in: authenticator.authenticate(visit, moment).is_ok(),
                by_itself: state.is_some_and(|state| !Attempt::unverified_is_again(&state)),
            };
            return burn(pending, visit, code, waiting, moment.now);
        }
    };
    let visit = incoming.to(&placement);
    let is_signed_in = authenticator.authenticate(visit, moment).is_ok();
    let exchange = PendingExchange {
        is_signed_in,
        returns: Returns::of(head, moment.seconds()),
        kind,
        placement,
        attempt,
    };
    // Many tabs that open at once come back at once: a user who is signed in is in no loop.
    if exchange.returns.are_too_many() && !is_signed_in {
        return Effect::Reply(exchange.ended(login_loop(kind)));
    }
    let unavailable = exchange.ended(control_unavailable(kind));
    let request = ExchangeRequest {
        code,
        code_verifier: Some(exchange.attempt.code_verifier()),
        origin: exchange.placement.location.origin.to_string(),
    };
    let waiting = Pending::Exchange(exchange);
    pending
        .call(stream, &request, waiting, moment.now)
        .unwrap_or(Effect::Reply(unavailable))
}

/// Makes a code useless, and then answers.
fn burn(
    pending: &mut PendingRequests,
    visit: Visit<'_>,
    code: String,
    burn: PendingBurn,
    now: UnixMillis,
) -> Effect {
    let request = ExchangeRequest {
        code,
        code_verifier: None,
        origin: visit.placement.location.origin.to_string(),
    };
    let kind = burn.kind;
    pending
        .call(visit.incoming.stream, &request, Pending::Burn(burn), now)
        .unwrap_or_else(|| Effect::Reply(control_unavailable(kind)))
}

pub(super) fn is_code(code: &str) -> bool {
    (1..=MAX_CODE_BYTES).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_graphic())
}

/// The browser's attempt, and the application, that a `state` belongs to.
pub(super) fn find_attempt(
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
