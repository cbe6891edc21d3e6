//! What became of a call for a new token. Has no `Debug`: it holds the token.

use crate::filter::effect::CallAnswer;
use crate::protocol::calls::{Problem, ProblemReason, RefreshAnswer};
use crate::reason::Refusal;

/// What became of it.
pub(in crate::filter) enum Outcome {
    /// A new token, which nobody has judged yet.
    Renewed(RefreshAnswer),
    /// The control service says no, and why to say so.
    Refused(Refusal),
    /// No answer, or none that says anything about the session.
    Failed,
}

impl Outcome {
    /// Reads an answer.
    pub fn of(answer: CallAnswer<'_>) -> Self {
        let Some(status) = answer.status else {
            return Self::Failed;
        };
        let read = match status {
            200 => serde_json::from_slice(answer.body).ok().map(Self::Renewed),
            400 | 403 => serde_json::from_slice::<Problem>(answer.body)
                .ok()
                .map(|problem| Self::Refused(refusal(problem.reason))),
            _ => None,
        };
        read.unwrap_or_else(|| {
            log::warn!("a refresh was answered with status {status} and nothing that helps");
            Self::Failed
        })
    }
}

fn refusal(reason: ProblemReason) -> Refusal {
    match reason {
        ProblemReason::PolicyDenied => Refusal::PolicyDenied,
        _ => Refusal::SessionExpired,
    }
}
