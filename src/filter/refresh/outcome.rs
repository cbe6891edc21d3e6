//! What became of a call for a new token. It has no `Debug`, because it holds the token.

use crate::filter::effect::CallAnswer;
use crate::protocol::calls::{Problem, ProblemReason, RefreshAnswer};
use crate::reason::Refusal;

/// What became of a call for a new token.
pub(in crate::filter) enum Outcome {
    /// A new token, which has not been judged yet.
    Renewed(RefreshAnswer),
    /// The control service refuses, for this reason.
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
            log::warn!(
                "the control service answered a refresh with status {status} and no usable body"
            );
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
