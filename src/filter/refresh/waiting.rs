//! A request that waits for a new token.

use std::rc::Rc;

use crate::filter::control_answer::ControlAnswer;
use crate::filter::pending::deadline::Deadline;
use crate::filter::shared_calls::SharedCall;
use crate::protocol::calls::RefreshAnswer;
use crate::request::OwnedHead;
use crate::session::Refreshable;

/// A request that waits for a new token.
pub(in crate::filter) struct PendingRefresh {
    /// Its head.
    pub head: OwnedHead,
    /// The token that it came with.
    pub old: Refreshable,
    /// The call that it waits for.
    pub refresh: Rc<SharedCall<RefreshAnswer>>,
}

impl PendingRefresh {
    /// What the control service said to the call, as soon as it has ended.
    pub fn answer(&self) -> Option<&ControlAnswer<RefreshAnswer>> {
        self.refresh.answer()
    }

    /// When the wait ends at the latest.
    pub fn deadline(&self) -> Deadline {
        self.refresh.deadline()
    }

    /// Whether it waits for this call.
    pub fn is_for(&self, refresh: &Rc<SharedCall<RefreshAnswer>>) -> bool {
        Rc::ptr_eq(&self.refresh, refresh)
    }
}
