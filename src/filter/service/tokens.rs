//! What is known of the pairs of service tokens: tokens of good ones, and calls about others.

use super::allowance::Allowance;
use super::kept::KeptTokens;
use crate::filter::control_answer::ControlAnswer;
use crate::filter::effect::Call;
use crate::filter::shared_calls::SharedCalls;
use crate::protocol::calls::{ProblemReason, ServiceAnswer};
use crate::reason::Refusal;
use crate::time::UnixMillis;

/// What is known of the pairs that requests show.
pub(in crate::filter) struct ServiceTokens {
    pub kept: KeptTokens,
    /// By the pairs' fingerprints.
    pub calls: SharedCalls<()>,
    /// For calls about pairs that are not known.
    pub allowance: Allowance,
}

impl Default for ServiceTokens {
    fn default() -> Self {
        Self {
            kept: KeptTokens::default(),
            calls: SharedCalls::new(refusal),
            allowance: Allowance::default(),
        }
    }
}

impl ServiceTokens {
    /// The next calls to make, with their numbers.
    pub fn due(&mut self, now: UnixMillis) -> Vec<(u64, Call)> {
        self.calls.due(now)
    }

    /// Whether calls are to be made.
    pub fn has_due(&self) -> bool {
        self.calls.has_due()
    }

    /// A call has ended.
    pub fn answered(&mut self, id: u64, answer: ControlAnswer<ServiceAnswer>, now: UnixMillis) {
        let (token, answer) = match answer {
            ControlAnswer::Done(ServiceAnswer { token }) => (Some(token), ControlAnswer::Done(())),
            ControlAnswer::Refused(problem) => (None, ControlAnswer::Refused(problem)),
            ControlAnswer::NoAnswer(why) => (None, ControlAnswer::NoAnswer(why)),
        };
        let is_refused = matches!(answer, ControlAnswer::Refused(_));
        let Some(pair) = self.calls.answered(id, answer, now) else {
            return;
        };
        match token {
            Some(token) => self.kept.keep(pair, token, now),
            None if is_refused => self.kept.forget(&pair),
            None => {}
        }
    }

    /// The feed has changed, and with it perhaps the policy that refused a pair.
    pub fn feed_changed(&mut self) {
        self.calls.forget_refused(Refusal::PolicyDenied);
    }
}

/// Why a pair gets no token. Whether the id is unknown, the secret wrong, or the service token
/// disabled or expired, is for the control service's log.
fn refusal(reason: ProblemReason) -> Refusal {
    match reason {
        ProblemReason::PolicyDenied => Refusal::PolicyDenied,
        _ => Refusal::ServiceTokenInvalid,
    }
}
