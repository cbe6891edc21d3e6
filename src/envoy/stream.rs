//! A request's context: its head becomes an event, its effect becomes host calls.

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use super::host::{self, HostRandom, client_address};
use super::shared::Shared;
use crate::filter::{Call, CallAnswer, Effect, Filter, Moment, trailers_to_remove};
use crate::request::Head;
use crate::time::UnixMillis;

/// One request.
pub struct Stream {
    id: u32,
    shared: Option<Rc<Shared>>,
}

impl Stream {
    /// A request of a configuration. Without a configuration no request is let through.
    pub fn new(id: u32, shared: Option<Rc<Shared>>) -> Self {
        Self { id, shared }
    }

    /// The request has arrived.
    fn begin(&self, has_body: bool) -> Effect {
        let Some(shared) = &self.shared else {
            return Effect::internal_error();
        };
        let map = match host::request_headers() {
            Ok(map) => map,
            Err(error) => {
                log::error!("{error}");
                return Effect::internal_error();
            }
        };
        let Some(fields) = host::fields(&map) else {
            return Effect::internal_error();
        };
        let Ok(mut filter) = shared.filter.try_borrow_mut() else {
            return Effect::internal_error();
        };
        let mut random = HostRandom;
        let mut moment = moment(&mut random, host::now());
        filter.begin(self.id, Head::new(&fields, has_body), &mut moment)
    }
}

impl Context for Stream {
    fn on_http_call_response(
        &mut self,
        _token: u32,
        headers: usize,
        body: usize,
        _trailers: usize,
    ) {
        let Some(shared) = &self.shared else {
            return;
        };
        let body = host::call_body(body);
        let answer = CallAnswer {
            status: host::call_status(headers),
            body: &body,
        };
        let mut random = HostRandom;
        let mut moment = moment(&mut random, host::now());
        let effect = match shared.filter.try_borrow_mut() {
            Ok(mut filter) => filter.answered(self.id, answer, &mut moment),
            Err(_) => Some(Effect::internal_error()),
        };
        if let Some(Effect::Call(_)) = effect {
            log::error!("a request was to make a second call");
        } else if let Some(effect) = effect {
            resume(shared, self.id, effect);
        }
    }
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        match self.begin(!end_of_stream) {
            Effect::Continue(changes) => match host::change(&changes) {
                Ok(()) => Action::Continue,
                Err(error) => {
                    log::error!("{error}");
                    reply(&Effect::internal_error())
                }
            },
            Effect::Pause => Action::Pause,
            Effect::AwaitRoot => {
                if let Some(shared) = &self.shared {
                    shared.set_busy(true);
                }
                Action::Pause
            }
            Effect::Call(call) => {
                let sent = self
                    .shared
                    .as_ref()
                    .map(|shared| shared.control.call(&call));
                match sent {
                    Some(Ok(_)) => Action::Pause,
                    _ => self.call_failed(),
                }
            }
            effect @ Effect::Reply(_) => reply(&effect),
        }
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        match Self::clean_trailers() {
            Ok(()) => Action::Continue,
            Err(error) => {
                log::error!("{error}");
                reply(&Effect::internal_error())
            }
        }
    }

    fn on_http_response_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        let shared = self.shared.as_ref();
        let changes = shared.and_then(|shared| shared.response_changes.take(self.id));
        if let Some(changes) = changes
            && let Err(error) = host::change_response(&changes)
        {
            // The browser keeps its old token, which is refreshed again.
            log::error!("{error}");
        }
        Action::Continue
    }
}

impl Stream {
    /// Removes the trailers that must not reach the origin.
    fn clean_trailers() -> Result<(), host::HostError> {
        let map = host::request_trailers()?;
        let fields = host::fields(&map).unwrap_or_default();
        let names = trailers_to_remove(&fields);
        names.iter().try_for_each(|name| host::remove_trailer(name))
    }

    /// The call could not be sent: to the core this is a call without an answer.
    fn call_failed(&self) -> Action {
        let mut random = HostRandom;
        let mut moment = moment(&mut random, host::now());
        let shared = self.shared.as_ref();
        let filter = shared.and_then(|shared| shared.filter.try_borrow_mut().ok());
        let effect = filter
            .and_then(|mut filter| filter.answered(self.id, CallAnswer::none(), &mut moment))
            .unwrap_or_else(Effect::internal_error);
        reply(&effect)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            let _ = shared.response_changes.take(self.id);
            if let Ok(mut filter) = shared.filter.try_borrow_mut() {
                filter.forget(self.id);
            }
        }
    }
}

/// Resumes a request that waited, from the root's callback. A call that the request has yet to
/// make is returned: the root makes it, and brings the answer by [`answer`].
pub fn wake(shared: &Shared, stream: u32, now: UnixMillis) -> Option<Call> {
    drive(shared, stream, |filter| {
        let mut random = HostRandom;
        filter.wake(stream, &mut moment(&mut random, now))
    })
}

/// Resumes a request whose call the root has made.
pub fn answer(shared: &Shared, stream: u32, answer: CallAnswer<'_>) {
    let second_call = drive(shared, stream, |filter| {
        let mut random = HostRandom;
        filter.answered(stream, answer, &mut moment(&mut random, host::now()))
    });
    if second_call.is_some() {
        log::error!("a request was to make a second call");
    }
}

fn drive(
    shared: &Shared,
    stream: u32,
    step: impl FnOnce(&mut Filter) -> Option<Effect>,
) -> Option<Call> {
    let Ok(mut filter) = shared.filter.try_borrow_mut() else {
        return None;
    };
    if host::act_on(stream).is_err() {
        filter.forget(stream);
        return None;
    }
    let effect = step(&mut filter);
    drop(filter);
    resume(shared, stream, effect?)
}

/// What becomes of a paused request.
fn resume(shared: &Shared, stream: u32, effect: Effect) -> Option<Call> {
    match effect {
        Effect::Continue(mut changes) => {
            let response = std::mem::take(&mut changes.response);
            if !response.is_empty() {
                shared.response_changes.keep(stream, response);
            }
            let continued = host::change(&changes).and_then(|()| host::resume());
            if let Err(error) = continued {
                log::error!("{error}");
                reply(&Effect::internal_error());
            }
        }
        Effect::Reply(_) => {
            reply(&effect);
        }
        Effect::Pause => {}
        Effect::AwaitRoot => shared.set_busy(true),
        Effect::Call(call) => return Some(call),
    }
    None
}

fn reply(effect: &Effect) -> Action {
    if let Effect::Reply(answer) = effect
        && let Err(error) = host::reply(answer)
    {
        log::error!("{error}");
    }
    Action::Pause
}

fn moment(random: &mut HostRandom, now: UnixMillis) -> Moment<'_> {
    Moment {
        now,
        random,
        address: &client_address,
    }
}
