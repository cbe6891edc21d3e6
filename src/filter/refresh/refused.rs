//! What a refusal of the control service means for a session.

use crate::protocol::calls::ProblemReason;
use crate::reason::Refusal;

/// Why the session is not good.
pub(in crate::filter) fn refusal(reason: ProblemReason) -> Refusal {
    match reason {
        ProblemReason::PolicyDenied => Refusal::PolicyDenied,
        _ => Refusal::SessionExpired,
    }
}
