//! A request that waits until the control service has judged the pair that it shows.

use std::rc::Rc;

use crate::filter::pending::Wait;
use crate::filter::pending::deadline::Deadline;
use crate::filter::shared_calls::SharedCall;
use crate::request::OwnedHead;

/// A request that waits until the control service has judged its pair.
pub(in crate::filter) struct PendingService {
    /// Its head.
    pub head: OwnedHead,
    /// The call that it waits for.
    pub call: Rc<SharedCall<()>>,
    /// Whether the pair was found good before.
    pub is_known: bool,
    /// What it may wait for after that.
    pub then: Wait,
}

impl PendingService {
    /// Whether the call has ended.
    pub fn has_ended(&self) -> bool {
        self.call.answer().is_some()
    }

    /// When the wait ends at the latest.
    pub fn deadline(&self) -> Deadline {
        self.call.deadline()
    }

    /// Whether it waits for this call.
    pub fn is_for(&self, call: &Rc<SharedCall<()>>) -> bool {
        Rc::ptr_eq(&self.call, call)
    }
}
