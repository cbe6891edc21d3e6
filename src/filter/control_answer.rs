//! What the control service has said to a call: yes, no, or nothing that can be relied on.
//!
//! Every call is read here, so that no answer is never taken for "no". Only the control service
//! itself says "no", about the code, the token or the session of the call, by a reason and the
//! status that belongs to it. Everything else leaves the session as it was, and the call may be
//! made again.

use serde::de::DeserializeOwned;

use super::effect::CallAnswer;
use crate::protocol::calls::{Problem, ProblemReason};

/// What the control service has said to a call. It has no `Debug`, because it may hold a token.
pub(super) enum ControlAnswer<T> {
    /// It did what it was asked to do.
    Done(T),
    /// It refuses.
    Refused(Problem),
    /// It said nothing about the code, the token or the session.
    NoAnswer(NoAnswer),
}

/// Why there is no answer. Requests that wait get the same in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// There was none in time, it could not be asked, or it cannot decide now.
    Unavailable,
    /// What came is not in the control service's format.
    Unreadable,
}

impl<T: DeserializeOwned> ControlAnswer<T> {
    /// Reads the answer to a call that is answered with JSON.
    pub fn json(answer: CallAnswer<'_>) -> Self {
        match answer.status {
            Some(200) => serde_json::from_slice(answer.body)
                .map_or(Self::NoAnswer(NoAnswer::Unreadable), Self::Done),
            _ => not_done(answer),
        }
    }
}

impl<T: DeserializeOwned> ControlAnswer<Option<T>> {
    /// Reads the answer to a call that is answered with JSON, or without a body if there is nothing
    /// to tell.
    pub fn json_or_nothing(answer: CallAnswer<'_>) -> Self {
        match answer.status {
            Some(204) => Self::Done(None),
            Some(200) => serde_json::from_slice(answer.body)
                .map_or(Self::NoAnswer(NoAnswer::Unreadable), |body| {
                    Self::Done(Some(body))
                }),
            _ => not_done(answer),
        }
    }
}

impl ControlAnswer<()> {
    /// Reads the answer to a call that is answered without a body.
    pub fn without_body(answer: CallAnswer<'_>) -> Self {
        match answer.status {
            Some(204) => Self::Done(()),
            _ => not_done(answer),
        }
    }
}

impl<T> ControlAnswer<T> {
    /// The name under which it is counted.
    pub fn counted(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Refused(_) => "refused",
            Self::NoAnswer(NoAnswer::Unavailable) => "unavailable",
            Self::NoAnswer(NoAnswer::Unreadable) => "unreadable",
        }
    }
}

/// The answer to a call that was not done.
fn not_done<T>(answer: CallAnswer<'_>) -> ControlAnswer<T> {
    let problem = serde_json::from_slice::<Problem>(answer.body).ok();
    let said = problem.as_ref().map(|problem| problem.reason);
    let no_answer = match (answer.status, said.map(ProblemReason::decides_with)) {
        (Some(status), Some(Some(decided))) if status == decided => {
            return problem.map_or(
                ControlAnswer::NoAnswer(NoAnswer::Unreadable),
                ControlAnswer::Refused,
            );
        }
        // The host's own answers for a service that is away.
        (None | Some(502..=504), _) | (_, Some(None)) => NoAnswer::Unavailable,
        _ => NoAnswer::Unreadable,
    };
    let reason = said.map_or("no reason", ProblemReason::as_str);
    match answer.status {
        Some(status) => {
            log::warn!(
                "the control service did not decide about a call: status {status}, {reason}"
            );
        }
        None => log::warn!("the control service did not answer a call"),
    }
    ControlAnswer::NoAnswer(no_answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(status: Option<u16>, body: &str) -> &'static str {
        let body = body.as_bytes();
        let answer = CallAnswer { status, body };
        let with_body = ControlAnswer::<Vec<u8>>::json(answer).counted();
        if !matches!(status, Some(200 | 204)) {
            let without = ControlAnswer::without_body(answer).counted();
            assert_eq!(
                with_body, without,
                "{status:?}: every call is read in one way"
            );
        }
        with_body
    }

    #[test]
    fn only_the_control_service_itself_says_no() {
        let problem = |status: u16, reason: &str| {
            format!(r#"{{"type":"about:blank","title":"","status":{status},"reason":"{reason}"}}"#)
        };
        for (status, reason) in [
            (400, "code_unknown"),
            (400, "code_mismatch"),
            (400, "token_invalid"),
            (403, "session_ended"),
            (403, "login_required"),
            (403, "user_blocked"),
            (403, "policy_denied"),
            (403, "binding_mismatch"),
        ] {
            let body = problem(status, reason);
            assert_eq!(counted(Some(status), &body), "refused", "{reason}");
            // By another status something else says it, such as a proxy that adds its own.
            for other in [200, 401, 404, 500] {
                assert_eq!(
                    counted(Some(other), &body),
                    "unreadable",
                    "{reason} {other}"
                );
            }
            assert_eq!(counted(Some(503), &body), "unavailable", "{reason}");
        }
        for (status, reason) in [
            (400, "request_invalid"),
            (401, "credential_invalid"),
            (403, "origin_unknown"),
            (404, "request_invalid"),
            (429, "too_many_requests"),
            (503, "unavailable"),
        ] {
            let body = problem(status, reason);
            assert_eq!(counted(Some(status), &body), "unavailable", "{reason}");
        }
    }

    #[test]
    fn silence_and_nonsense_are_no_answer() {
        for status in [None, Some(502), Some(503), Some(504)] {
            assert_eq!(counted(status, ""), "unavailable", "{status:?}");
        }
        let page = "<html>Please sign in to the hotel's network</html>";
        let unknown = r#"{"status":403,"reason":"of_a_later_version"}"#;
        for (status, body) in [
            (200, page),
            (200, ""),
            (200, "{}"),
            (204, ""),
            (301, page),
            (400, page),
            (403, "Forbidden"),
            (403, unknown),
            (500, page),
        ] {
            assert_eq!(counted(Some(status), body), "unreadable", "{status} {body}");
        }
        assert_eq!(counted(Some(200), "[1,2]"), "done");
    }
}
