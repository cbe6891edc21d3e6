//! Which tokens the control service is being asked for: each once, however many requests wait.
//!
//! A call begins when the first request waits for it, and ends when it is answered or lost. Only
//! the requests that wait keep what it brought.

use std::cell::OnceCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::outcome::Outcome;
use super::refused::RefusedTokens;
use crate::filter::effect::{Call, CallAnswer, MAX_EFFECTS};
use crate::filter::pending::deadline::Deadline;
use crate::reason::Refusal;
use crate::time::UnixMillis;

/// A call for a new token.
pub struct RefreshCall {
    /// Its number, by which the answer finds the requests that wait.
    pub id: u64,
    /// What to send.
    pub call: Call,
}

/// A refresh that requests wait for.
pub(in crate::filter) struct Refresh {
    id: u64,
    deadline: Deadline,
    outcome: OnceCell<Outcome>,
}

/// All refreshes of one filter.
#[derive(Default)]
pub(in crate::filter) struct Refreshes {
    last_id: u64,
    /// By the old token's id.
    open: HashMap<String, Rc<Refresh>>,
    to_ask: VecDeque<RefreshCall>,
    refused: RefusedTokens,
}

impl Refresh {
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.get()
    }

    pub fn deadline(&self) -> Deadline {
        self.deadline
    }

    fn is_lost(&self, now: UnixMillis) -> bool {
        self.deadline.has_passed(now)
    }
}

impl Refreshes {
    /// The refresh of a token that is under way.
    pub fn open(&self, jti: &str) -> Option<Rc<Refresh>> {
        self.open.get(jti).cloned()
    }

    /// Why the control service has refused the token a moment ago.
    pub fn refused(&self, jti: &str, now: UnixMillis) -> Option<Refusal> {
        self.refused.find(jti, now)
    }

    /// A refresh of a token for which none is under way.
    pub fn begin(&mut self, jti: &str, call: Call, deadline: Deadline) -> Rc<Refresh> {
        self.last_id += 1;
        let refresh = Rc::new(Refresh {
            id: self.last_id,
            deadline,
            outcome: OnceCell::new(),
        });
        self.open.insert(jti.to_owned(), Rc::clone(&refresh));
        self.to_ask.push_back(RefreshCall {
            id: self.last_id,
            call,
        });
        refresh
    }

    /// Whether calls are to be made.
    pub fn has_due(&self) -> bool {
        !self.to_ask.is_empty()
    }

    /// The next calls to make for which a request still waits. Lost calls are given up.
    pub fn due(&mut self, now: UnixMillis) -> Vec<RefreshCall> {
        self.open.retain(|_, refresh| {
            let lost = refresh.is_lost(now);
            if lost {
                let _ = refresh.outcome.set(Outcome::Failed);
            }
            !lost
        });
        let mut due = Vec::new();
        while due.len() < MAX_EFFECTS
            && let Some(call) = self.to_ask.pop_front()
        {
            if self.is_awaited(call.id) {
                due.push(call);
            } else {
                // All requests have ended before the call was made.
                self.open.retain(|_, refresh| refresh.id != call.id);
            }
        }
        due
    }

    /// A call has ended. An answer after the deadline finds no request.
    pub fn answered(&mut self, id: u64, answer: CallAnswer<'_>, now: UnixMillis) {
        let outcome = Outcome::of(answer);
        let of_id = self.open.iter().find(|(_, refresh)| refresh.id == id);
        let Some(jti) = of_id.map(|(jti, _)| jti.clone()) else {
            return;
        };
        if let Outcome::Refused(refusal) = &outcome {
            self.refused.remember(&jti, *refusal, now);
        }
        if let Some(refresh) = self.open.remove(&jti) {
            let _ = refresh.outcome.set(outcome);
        }
    }

    fn is_awaited(&self, id: u64) -> bool {
        self.open
            .values()
            .any(|refresh| refresh.id == id && Rc::strong_count(refresh) > 1)
    }
}
