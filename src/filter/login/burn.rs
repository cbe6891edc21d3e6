//! A code that came to the wrong browser is made useless. It signs nobody in; the control service
//! tells the page that its owner asked for, where a new sign-in begins.

use super::replies::{control_unavailable, finished_before, start_again};
use super::way_back::WayBack;
use crate::filter::effect::{CallAnswer, Effect};
use crate::filter::event::Visit;
use crate::filter::pending::{Pending, PendingRequests};
use crate::protocol::calls::{BurnAnswer, ExchangeRequest};
use crate::reply::Reply;
use crate::request::kind::RequestKind;
use crate::time::UnixMillis;

/// A callback that waits for its code to be made useless.
#[derive(Debug, Clone)]
pub(in crate::filter) struct PendingBurn {
    /// The kind of the callback's request.
    pub(super) kind: RequestKind,
    /// Why the code is not exchanged.
    pub(super) reason: &'static str,
    /// Whether the browser has a good session here.
    pub(super) is_signed_in: bool,
    /// Whether a new sign-in may begin by itself.
    pub(super) by_itself: bool,
}

impl PendingBurn {
    /// Whether anyone could have caused it.
    pub fn is_of_a_stranger(&self) -> bool {
        !self.is_signed_in
    }

    /// The control service answered. Without an answer the code may still be good, so the page
    /// tries again by itself.
    pub fn answered(&self, answer: CallAnswer<'_>) -> Reply {
        let burnt = match answer.status {
            Some(200) => serde_json::from_slice::<BurnAnswer>(answer.body).ok(),
            Some(204) => None,
            _ => return control_unavailable(self.kind),
        };
        let back = WayBack {
            place: burnt.as_ref().map(|burnt| burnt.return_to.as_str()),
            by_itself: self.by_itself,
        };
        if self.is_signed_in {
            finished_before(self.kind, self.reason, back)
        } else {
            start_again(self.kind, self.reason, back)
        }
    }
}

/// Makes a code useless, and then answers.
pub(super) fn burn(
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
