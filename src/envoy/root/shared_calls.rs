//! Calls that requests of many streams may wait for. The root makes them, because an answer goes to
//! the context that called: a stream that called for all would leave the others waiting when its client
//! disconnects.

use std::rc::Rc;

use super::Root;
use crate::envoy::host;
use crate::envoy::shared::Shared;
use crate::filter::{CallAnswer, RootCallId};
use crate::time::UnixMillis;

impl Root {
    /// Makes the calls that are due. A call that cannot be made counts as answered at once.
    pub(super) fn make_calls(&mut self, shared: &Shared, now: UnixMillis) {
        let Ok(mut filter) = shared.filter.try_borrow_mut() else {
            return;
        };
        for due in filter.root_calls(now) {
            match shared.control.call(&due.call) {
                Ok(token) => drop(self.shared_calls.insert(token, due.id)),
                Err(error) => {
                    log::warn!("the control service cannot be asked: {error}");
                    filter.root_call_answered(due.id, CallAnswer::none(), now);
                }
            }
        }
    }

    /// A call was answered: the requests that wait for it are resumed.
    pub(super) fn shared_call_answered(
        &mut self,
        shared: &Rc<Shared>,
        call: RootCallId,
        headers: usize,
        size: usize,
    ) {
        let (now, body) = (host::now(), host::call_body(size));
        let answer = CallAnswer {
            status: host::call_status(headers),
            body: &body,
        };
        if let Ok(mut filter) = shared.filter.try_borrow_mut() {
            filter.root_call_answered(call, answer, now);
        }
        self.wake(shared, now);
    }
}
