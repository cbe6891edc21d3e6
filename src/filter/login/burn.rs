//! A code that came to the wrong browser is made useless. It signs nobody in; the control service
//! tells the page that its owner asked for, where a new sign-in begins.

use super::replies::{control_unavailable, finished_before, start_again};
use super::way_back::WayBack;
use crate::filter::control_answer::ControlAnswer;
use crate::protocol::calls::BurnAnswer;
use crate::reply::Reply;
use crate::request::kind::RequestKind;

/// A callback that waits for its code to be made useless.
#[derive(Debug, Clone)]
pub(in crate::filter) struct PendingBurn {
    /// The kind of the callback's request.
    pub(super) kind: RequestKind,
    /// Why the code is not exchanged.
    pub(super) reason: &'static str,
    /// Whether the browser has a good session here.
    pub(in crate::filter) is_signed_in: bool,
    /// Whether a new sign-in may begin by itself.
    pub(super) by_itself: bool,
}

impl PendingBurn {
    /// The control service answered. Without an answer the code may still be good, so the page
    /// tries again by itself.
    pub fn answered(&self, answer: ControlAnswer<Option<BurnAnswer>>) -> Reply {
        let burnt = match answer {
            ControlAnswer::Done(burnt) => burnt,
            // The code cannot be used here.
            ControlAnswer::Refused(_) => None,
            ControlAnswer::NoAnswer(_) => return control_unavailable(self.kind),
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
