//! The feed: polls that are due, their answers, and what other VMs of the process have fetched.

use std::rc::Rc;

use super::Root;
use crate::envoy::host::{self, HostRandom};
use crate::envoy::shared::Shared;
use crate::feed::{FeedAnswer, Progress};
use crate::filter::Random;
use crate::time::UnixMillis;

impl Root {
    /// Sends the poll that is due, if one is.
    pub(super) fn poll_if_due(&mut self, shared: &Shared, now: UnixMillis) {
        let Ok(mut filter) = shared.filter.try_borrow_mut() else {
            return;
        };
        let Some(poll) = filter.poll(now, HostRandom.number()) else {
            return;
        };
        match shared.control.poll(&poll) {
            Ok(token) => self.poll = Some(token),
            Err(error) => {
                let nothing = FeedAnswer {
                    status: None,
                    body: b"",
                };
                let _ = filter.feed_answered(now, HostRandom.number(), nothing);
                drop(filter);
                self.log_once(format!("the feed cannot be polled: {error}"));
            }
        }
    }

    /// Takes over what another VM of this process has fetched.
    pub(super) fn look(&mut self, shared: &Shared, now: UnixMillis) {
        let looked = match shared.filter.try_borrow_mut() {
            Ok(mut filter) => filter.look(now, HostRandom.number()),
            Err(_) => return,
        };
        match looked {
            Ok(Progress::Changed { .. }) => self.log_held(shared),
            Ok(Progress::Partial | Progress::Unchanged) => {}
            Err(error) => self.log_once(format!("the feed: {error}")),
        }
    }

    /// A poll was answered.
    pub(super) fn feed_answered(&mut self, shared: &Rc<Shared>, headers: usize, size: usize) {
        let (now, body) = (host::now(), host::call_body(size));
        let answer = FeedAnswer {
            status: host::call_status(headers),
            body: &body,
        };
        let Ok(mut filter) = shared.filter.try_borrow_mut() else {
            return;
        };
        let progress = filter.feed_answered(now, HostRandom.number(), answer);
        drop(filter);
        match progress {
            Ok(Progress::Partial) => self.poll_if_due(shared, now),
            Ok(Progress::Changed { .. }) => {
                self.last_error = None;
                self.log_held(shared);
                self.look(shared, now);
                self.wake(shared, now);
            }
            Ok(Progress::Unchanged) => self.last_error = None,
            Err(error) => self.log_once(format!("the feed: {error}")),
        }
    }

    /// Logs what this filter holds, to be compared with the database.
    fn log_held(&self, shared: &Shared) {
        if let Ok(filter) = shared.filter.try_borrow()
            && let Some(held) = filter.held()
        {
            log::debug!("filter {} {held}", self.id);
        }
    }
}
