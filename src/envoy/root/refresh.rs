//! Calls for new tokens. The root makes them: an answer goes to the context that asked, and a
//! stream that asked for all would leave the others waiting when its client goes.

use std::rc::Rc;

use super::{Root, Shared};
use crate::envoy::host;
use crate::filter::CallAnswer;
use crate::time::UnixMillis;

impl Root {
    /// Makes the calls that are due. One that cannot be made is answered at once.
    pub(super) fn ask_for_tokens(&mut self, shared: &Rc<Shared>, now: UnixMillis) {
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

    /// Takes an answer, and drives on those who wait for it.
    pub(super) fn take_token(&mut self, refresh: u64, headers: usize, size: usize) {
        let Some(shared) = self.shared.clone() else {
            return;
        };
        let (now, body) = (host::now(), host::call_body(size));
        let answer = CallAnswer {
            status: host::call_status(headers),
            body: &body,
        };
        if let Ok(mut filter) = shared.filter.try_borrow_mut() {
            filter.refresh_answered(refresh, answer, now);
        }
        self.wake(&shared, now);
    }
}
