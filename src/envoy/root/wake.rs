//! Other streams from the root's callbacks: requests whose wait has ended are resumed, and
//! requests whose sessions have ended are cut.

use std::rc::Rc;

use super::Root;
use crate::envoy::host;
use crate::envoy::shared::Shared;
use crate::envoy::stream;
use crate::filter::{Call, CallAnswer, MAX_EFFECTS};
use crate::time::UnixMillis;

impl Root {
    /// Resumes requests whose wait has ended, a bounded number at a time: the host runs the
    /// effects on other streams nested in this callback.
    pub(super) fn wake(&mut self, shared: &Rc<Shared>, now: UnixMillis) {
        let (due, loading) = match shared.filter.try_borrow() {
            Ok(filter) => (filter.due(now), filter.is_loading()),
            Err(_) => return,
        };
        for stream in &due {
            let call = stream::wake(shared, *stream, now);
            let _ = host::act_on(self.id);
            if let Some(call) = call {
                self.call(shared, *stream, &call);
            }
        }
        self.cut(shared, now, MAX_EFFECTS - due.len().min(MAX_EFFECTS));
        let filter = shared.filter.try_borrow();
        let more = filter.is_ok_and(|filter| filter.has_root_calls() || filter.has_cuts());
        shared.set_busy(loading || more || due.len() >= MAX_EFFECTS);
    }

    /// The call of a request that waited for the feed before was answered.
    pub(super) fn call_answered(
        &mut self,
        shared: &Shared,
        stream: u32,
        headers: usize,
        size: usize,
    ) {
        let body = host::call_body(size);
        let answer = CallAnswer {
            status: host::call_status(headers),
            body: &body,
        };
        stream::answer(shared, stream, answer);
        let _ = host::act_on(self.id);
    }

    /// Makes the call of a request that waited for the feed before.
    fn call(&mut self, shared: &Shared, stream: u32, call: &Call) {
        match shared.control.call(call) {
            Ok(token) => drop(self.calls.insert(token, stream)),
            Err(error) => {
                log::warn!("{error}");
                stream::answer(shared, stream, CallAnswer::none());
                let _ = host::act_on(self.id);
            }
        }
    }

    /// Ends requests whose sessions are no longer good.
    fn cut(&self, shared: &Shared, now: UnixMillis, at_most: usize) {
        let cuts = match shared.filter.try_borrow_mut() {
            Ok(mut filter) => filter.cuts(now, at_most),
            Err(_) => return,
        };
        for cut in cuts {
            // A stream that has ended meanwhile cannot be acted on.
            if host::act_on(cut.stream).is_ok()
                && let Err(error) = host::reply(&cut.reply)
            {
                log::error!("{error}");
            }
            let _ = host::act_on(self.id);
        }
    }
}
