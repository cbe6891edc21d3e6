//! Calls to the control service that many requests wait for: one for each key, however many wait.
//! The root makes them, because a call of a stream would end with it.
//!
//! A call begins when the first request needs it, and ends when it is answered or lost. Only the
//! requests that wait keep what it brought. A call in vain is remembered for a while.

pub(super) mod recent;

use std::cell::OnceCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::control_answer::{ControlAnswer, NoAnswer};
use super::effect::{Call, MAX_EFFECTS};
use super::pending::deadline::Deadline;
use crate::protocol::calls::ProblemReason;
use crate::reason::Refusal;
use crate::time::UnixMillis;
use recent::{InVain, Pause, RecentCalls};

/// A call for the root to make.
pub struct RootCall {
    /// By which the answer finds the requests that wait.
    pub id: RootCallId,
    /// What to send.
    pub call: Call,
}

/// Names a call of the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootCallId {
    /// For the new token of a session.
    Refresh(u64),
    /// For the token of a service token.
    Service(u64),
}

/// A call that is under way, and what it brought.
pub(super) struct SharedCall<T> {
    id: u64,
    deadline: Deadline,
    /// For how long the call is not made again, if there is no answer.
    pause: Pause,
    /// Whether it is made although nobody waits for it any longer.
    made_anyway: bool,
    answer: OnceCell<ControlAnswer<T>>,
}

/// A call to begin.
pub(super) struct NewCall {
    /// What to send.
    pub call: Call,
    /// When it counts as lost.
    pub deadline: Deadline,
    /// For how long it is not made again, if there is no answer.
    pub pause: Pause,
    /// Whether it is made although nobody waits for it any longer.
    pub made_anyway: bool,
}

/// The calls of one kind in one filter, by their keys.
pub(super) struct SharedCalls<T> {
    last_id: u64,
    open: HashMap<String, Rc<SharedCall<T>>>,
    to_make: VecDeque<(u64, Call)>,
    recent: RecentCalls,
    /// What a refusal means for a request.
    refusal: fn(ProblemReason) -> Refusal,
}

impl<T> SharedCall<T> {
    /// What the control service said, as soon as the call has ended.
    pub fn answer(&self) -> Option<&ControlAnswer<T>> {
        self.answer.get()
    }

    /// When it ends at the latest.
    pub fn deadline(&self) -> Deadline {
        self.deadline
    }
}

impl<T> SharedCalls<T> {
    /// No calls. `refusal` says what a refusal means for a request.
    pub fn new(refusal: fn(ProblemReason) -> Refusal) -> Self {
        Self {
            last_id: 0,
            open: HashMap::new(),
            to_make: VecDeque::new(),
            recent: RecentCalls::default(),
            refusal,
        }
    }

    /// The call for a key that is under way.
    pub fn open(&self, key: &str) -> Option<Rc<SharedCall<T>>> {
        self.open.get(key).cloned()
    }

    /// What became of a call for the key that was in vain a moment ago.
    pub fn recent(&self, key: &str, now: UnixMillis) -> Option<InVain> {
        self.recent.find(key, now)
    }

    /// Forgets the calls that were refused for this reason.
    pub fn forget_refused(&mut self, refusal: Refusal) {
        self.recent.forget(InVain::Refused(refusal));
    }

    /// Begins a call for a key for which none is under way.
    pub fn begin(&mut self, key: &str, new: NewCall) -> Rc<SharedCall<T>> {
        self.last_id += 1;
        let shared = Rc::new(SharedCall {
            id: self.last_id,
            deadline: new.deadline,
            pause: new.pause,
            made_anyway: new.made_anyway,
            answer: OnceCell::new(),
        });
        self.open.insert(key.to_owned(), Rc::clone(&shared));
        self.to_make.push_back((self.last_id, new.call));
        shared
    }

    /// Whether calls are to be made.
    pub fn has_due(&self) -> bool {
        !self.to_make.is_empty()
    }

    /// The next calls to make, with their numbers. Lost calls are given up.
    pub fn due(&mut self, now: UnixMillis) -> Vec<(u64, Call)> {
        let recent = &mut self.recent;
        self.open.retain(|key, shared| {
            let lost = shared.deadline.has_passed(now);
            if lost {
                recent.remember(key, InVain::NoAnswer(shared.pause), now);
                let silence = ControlAnswer::NoAnswer(NoAnswer::Unavailable);
                let _ = shared.answer.set(silence);
            }
            !lost
        });
        let mut due = Vec::new();
        while due.len() < MAX_EFFECTS
            && let Some((id, call)) = self.to_make.pop_front()
        {
            if self.is_wanted(id) {
                due.push((id, call));
            } else {
                // All requests have ended before the call was made.
                self.open.retain(|_, shared| shared.id != id);
            }
        }
        due
    }

    /// A call has ended. Returns its key; an answer after the deadline finds none.
    pub fn answered(
        &mut self,
        id: u64,
        answer: ControlAnswer<T>,
        now: UnixMillis,
    ) -> Option<String> {
        let of_id = self.open.iter().find(|(_, shared)| shared.id == id);
        let key = of_id.map(|(key, _)| key.clone())?;
        let shared = self.open.remove(&key)?;
        let in_vain = match &answer {
            ControlAnswer::Done(_) => None,
            ControlAnswer::Refused(problem) => {
                Some(InVain::Refused((self.refusal)(problem.reason)))
            }
            ControlAnswer::NoAnswer(_) => Some(InVain::NoAnswer(shared.pause)),
        };
        if let Some(in_vain) = in_vain {
            self.recent.remember(&key, in_vain, now);
        }
        let _ = shared.answer.set(answer);
        Some(key)
    }

    fn is_wanted(&self, id: u64) -> bool {
        let mut open = self.open.values();
        open.any(|shared| shared.id == id && (shared.made_anyway || Rc::strong_count(shared) > 1))
    }
}
