//! Which tokens the control service is being asked for: each once, however many requests wait.
//!
//! A call begins when the first request waits for it, and ends when it is answered or lost. Only
//! the requests that wait keep what it brought.

use std::cell::OnceCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::recent::{InVain, Pause, RecentCalls};
use super::refused::refusal;
use crate::filter::control_answer::{ControlAnswer, NoAnswer};
use crate::filter::effect::{Call, MAX_EFFECTS};
use crate::filter::pending::deadline::Deadline;
use crate::protocol::calls::RefreshAnswer;
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
    /// For how long the token is not asked for again, if there is no answer.
    pause: Pause,
    answer: OnceCell<ControlAnswer<RefreshAnswer>>,
}

/// All refreshes of one filter.
#[derive(Default)]
pub(in crate::filter) struct Refreshes {
    last_id: u64,
    /// By the old token's id.
    open: HashMap<String, Rc<Refresh>>,
    to_ask: VecDeque<RefreshCall>,
    recent: RecentCalls,
}

impl Refresh {
    pub fn answer(&self) -> Option<&ControlAnswer<RefreshAnswer>> {
        self.answer.get()
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

    /// What became of a call for the token that was in vain a moment ago.
    pub fn recent(&self, jti: &str, now: UnixMillis) -> Option<InVain> {
        self.recent.find(jti, now)
    }

    /// A refresh of a token for which none is under way.
    pub fn begin(
        &mut self,
        jti: &str,
        call: Call,
        deadline: Deadline,
        pause: Pause,
    ) -> Rc<Refresh> {
        self.last_id += 1;
        let refresh = Rc::new(Refresh {
            id: self.last_id,
            deadline,
            pause,
            answer: OnceCell::new(),
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
        let recent = &mut self.recent;
        self.open.retain(|jti, refresh| {
            let lost = refresh.is_lost(now);
            if lost {
                recent.remember(jti, InVain::NoAnswer(refresh.pause), now);
                let silence = ControlAnswer::NoAnswer(NoAnswer::Unavailable);
                let _ = refresh.answer.set(silence);
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
    pub fn answered(&mut self, id: u64, answer: ControlAnswer<RefreshAnswer>, now: UnixMillis) {
        let of_id = self.open.iter().find(|(_, refresh)| refresh.id == id);
        let Some(jti) = of_id.map(|(jti, _)| jti.clone()) else {
            return;
        };
        let Some(refresh) = self.open.remove(&jti) else {
            return;
        };
        let in_vain = match &answer {
            ControlAnswer::Done(_) => None,
            ControlAnswer::Refused(problem) => Some(InVain::Refused(refusal(problem.reason))),
            ControlAnswer::NoAnswer(_) => Some(InVain::NoAnswer(refresh.pause)),
        };
        if let Some(in_vain) = in_vain {
            self.recent.remember(&jti, in_vain, now);
        }
        let _ = refresh.answer.set(answer);
    }

    fn is_awaited(&self, id: u64) -> bool {
        self.open
            .values()
            .any(|refresh| refresh.id == id && Rc::strong_count(refresh) > 1)
    }
}
