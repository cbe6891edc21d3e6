//! Refresh inside the request: a session that has only expired continues without a redirect.
//!
//! The request waits here. The root asks the control service once for each token, and the one
//! verifier judges the answer for every request that waits, by what is in force at that moment.
//! An expired token opens nothing. If the control service refuses, the request gets what it would
//! have got; if it gives no answer, the session has not ended, and the request may be repeated.

pub(super) mod refused;
mod resume;
pub(super) mod waiting;

use super::authenticate::presented::Presented;
use super::authenticate::{Authenticator, Judge, demand};
use super::effect::{Call, Effect};
use super::event::{Moment, Visit};
use super::pending::PendingRequests;
use super::shared_calls::recent::{InVain, Pause};
use super::shared_calls::{NewCall, SharedCalls};
use crate::application::Placement;
use crate::protocol::calls::{RefreshAnswer, RefreshRequest};
use crate::reason::Refusal;
use crate::request::kind::RequestKind;
use crate::session::{Demand, Refreshable, Source};
use waiting::PendingRefresh;

/// The calls for new tokens, by the ids of the old ones.
pub(super) type Refreshes = SharedCalls<RefreshAnswer>;

/// An expired session as a request presents it.
struct Expired<'a> {
    token: &'a [u8],
    binding: Option<&'a [u8]>,
    old: Refreshable,
}

/// Why a request does not wait for a new token.
pub(super) enum NotHeld {
    /// It has no token that may be refreshed, or its head is too large to be kept and nothing is
    /// known of a call for its token.
    Impossible,
    /// A call for its token was in vain a moment ago.
    InVain(InVain),
    /// Too many requests wait already, or its head is too large to be kept while others wait for
    /// the same token.
    NoRoom,
}

/// Whether a refresh can help a request of this kind that is refused. A token that fails an
/// earlier check is not of this project, or not for here.
pub(super) fn can_help(kind: RequestKind, refusal: Refusal) -> bool {
    refusal >= Refusal::SessionExpired && kind.is_refreshed()
}

/// Holds a request with a bad session until the session has been refreshed.
pub(super) fn hold(
    refreshes: &mut Refreshes,
    authenticator: &mut Authenticator,
    pending: &mut PendingRequests,
    visit: Visit<'_>,
    moment: &mut Moment<'_>,
) -> Result<Effect, NotHeld> {
    let head = visit.incoming.head;
    let expired = refreshable(authenticator, visit, moment).ok_or(NotHeld::Impossible)?;
    if let Some(in_vain) = refreshes.recent(expired.old.jti(), moment.now) {
        return Err(NotHeld::InVain(in_vain));
    }
    let open = refreshes.open(expired.old.jti());
    if !PendingRequests::can_keep(head) {
        return Err(match open {
            Some(_) => NotHeld::NoRoom,
            None => NotHeld::Impossible,
        });
    }
    if !pending.has_room_for_token(open.as_ref()) {
        return Err(NotHeld::NoRoom);
    }
    let refresh = match open {
        Some(refresh) => refresh,
        None => {
            let call = call(pending, &expired, visit.placement).ok_or(NotHeld::Impossible)?;
            let new = NewCall {
                call,
                deadline: pending.call_deadline(moment.now),
                pause: Pause::after_no_answer(moment.random.number()),
                made_anyway: false,
            };
            refreshes.begin(expired.old.jti(), new)
        }
    };
    let waiting = PendingRefresh {
        head: head.to_owned(),
        old: expired.old,
        refresh,
    };
    Ok(pending.wait_for_token(visit.incoming.stream, waiting))
}

/// The first token of a request that may be refreshed. A token in a header may not: no response
/// would replace it there.
fn refreshable<'a>(
    authenticator: &mut Authenticator,
    visit: Visit<'a>,
    moment: &Moment<'_>,
) -> Option<Expired<'a>> {
    let Judge { trust, verifier } = authenticator.judge(moment.now).ok()?;
    let presented = Presented::to(visit.placement, visit.incoming.head);
    let demand = Demand {
        navigates: visit.incoming.kind.navigates(),
        ..demand(visit.placement, &presented.bindings, moment)
    };
    presented
        .tokens
        .into_iter()
        .filter(|candidate| candidate.source == Source::Cookie)
        .find_map(|candidate| {
            let old = verifier.verify_to_refresh(trust, demand, candidate);
            old.ok().map(|old| Expired {
                token: candidate.token,
                binding: old.binding(&presented.bindings),
                old,
            })
        })
}

/// The call for a token and a secret that have been verified, so both are ASCII.
fn call(pending: &PendingRequests, expired: &Expired<'_>, placement: &Placement) -> Option<Call> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let request = RefreshRequest {
        token: text(expired.token),
        binding_secret: expired.binding.map(text),
        origin: placement.location.origin.to_string(),
    };
    pending.call_of("refresh", &request)
}
