//! Calls for new tokens. The root makes them, because an answer goes to the context that called:
//! a stream that called for all would leave the others waiting when its client disconnects.

use std::rc::Rc;

use super::Root;
use crate::envoy::host;
use crate::envoy::shared::Shared;
use crate::filter::CallAnswer;
use crate::time::UnixMillis;

impl Root {
    /// Makes the calls that are due. A call that cannot be made counts as answered at once.
    pub(super) fn make_refresh_calls(&mut self, shared: &Shared, now: UnixMillis) {
        let Ok(mut filter) = shared.filter.try_borrow_mut() else {
            return;
        };
        for due in filter.refresh_calls(now) {
            match shared.control.call(&due.call) {
                Ok(token) => drop(self.refreshes.insert(token, due.id)),
                Err(error) => {
                    log::warn!("a session cannot be refreshed: {error}");
                    filter.refresh_answered(due.id, CallAnswer::none(), now);
                }
            }
        }
    }

    /// A call for a new token was answered: the requests that wait for it are resumed.
    pub(super) fn refresh_answered(
        &mut self,
        shared: &Rc<Shared>,
        refresh: u64,
        headers: usize,
        size: usize,
    ) {
        let (now, body) = (host::now(), host::call_body(size));
        let answer = CallAnswer {
            status: host::call_status(headers),
            body: &body,
        };
        if let Ok(mut filter) = shared.filter.try_borrow_mut() {
            filter.refresh_answered(refresh, answer, now);
        }
        self.wake(shared, now);
    }
}
