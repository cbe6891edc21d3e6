//! What the callback answers where it cannot sign the user in: a page that says what to do.

use crate::protocol::calls::{Problem, ProblemReason};
use crate::reason::Refusal;
use crate::reply::Reply;
use crate::reply::page::MessagePage;
use crate::request::kind::RequestKind;

/// The control service refused the exchange.
pub(super) fn refused(kind: RequestKind, status: u16, body: &[u8]) -> Reply {
    let reason = serde_json::from_slice::<Problem>(body).map(|problem| problem.reason);
    match (status, reason) {
        (400, Ok(ProblemReason::CodeUnknown)) => start_again(kind, "code_unknown"),
        (400, Ok(ProblemReason::CodeMismatch)) => start_again(kind, "code_mismatch"),
        (403, Ok(ProblemReason::SessionEnded)) => start_again(kind, "session_ended"),
        (403, Ok(ProblemReason::LoginRequired)) => sign_in_again(kind),
        (403, Ok(ProblemReason::UserBlocked)) => {
            let page = MessagePage::new(
                "You cannot sign in right now",
                &[
                    "An administrator ended your sessions a moment ago.",
                    "Wait a minute, then try again.",
                ],
            );
            page.error(kind, 403, "user_blocked")
        }
        (403, Ok(ProblemReason::PolicyDenied)) => {
            let page = MessagePage::new(
                "No access",
                &["Your account has no access to this application."],
            );
            page.error(kind, 403, "policy_denied")
        }
        _ => {
            log::warn!("the control service answered the exchange of a code with status {status}");
            control_unavailable(kind)
        }
    }
}

/// The attempt cannot be finished, and another may begin.
pub(super) fn start_again(kind: RequestKind, reason: &'static str) -> Reply {
    let page = MessagePage::new(
        "This sign-in cannot be finished",
        &[
            "It was started in another browser, took too long, or is already finished.",
            "You have not been signed in. You can start again.",
            "If you see this page again, allow this site to set cookies first.",
        ],
    )
    .link("/.access/login", "Sign in again");
    page.error(kind, 400, reason)
}

/// As [`start_again`], for a user who has a good session here already.
pub(super) fn finished_before(kind: RequestKind, reason: &'static str) -> Reply {
    let page = MessagePage::new(
        "You are signed in already",
        &[
            "This sign-in was already finished, or was started in another browser. Nothing has changed.",
        ],
    )
    .link("/.access/login", "Continue");
    page.error(kind, 400, reason)
}

/// The application demands a later sign-in than the one that led here.
fn sign_in_again(kind: RequestKind) -> Reply {
    let page = MessagePage::new(
        "Please sign in again",
        &[
            "This application requires every user to sign in once more. Your last sign-in was before that.",
            "Nothing is wrong with your account or your browser.",
        ],
    )
    .link("/.access/login", "Sign in");
    page.error(kind, 403, "login_required")
}

/// The browser comes back again and again.
pub(super) fn login_loop(kind: RequestKind) -> Reply {
    let page = MessagePage::new(
        "Sign-in is going in circles",
        &[
            "You were signed in several times within seconds, and each time the session was lost.",
            "Check that this site may set cookies and that this computer's clock is right.",
        ],
    )
    .link("/.access/login", "Try again");
    page.error(kind, 400, "login_loop")
}

/// The control service issued a token that is not good here.
pub(super) fn not_valid_here(kind: RequestKind, refusal: Refusal) -> Reply {
    log::warn!("the control service issued a token that is refused here: {refusal}");
    let page = MessagePage::new(
        "Sign-in did not work",
        &[
            "The sign-in service issued a session that is not valid here.",
            "A clock or a key is wrong. Please tell the administrator of this application.",
        ],
    );
    page.error(kind, 502, refusal.as_str())
}

/// The control service did not answer, or not so that it helps.
pub(super) fn control_unavailable(kind: RequestKind) -> Reply {
    let page = MessagePage::new(
        "Sign-in is not available right now",
        &["The sign-in service did not answer. Reload this page in a few seconds."],
    );
    page.error(kind, 503, "control_unavailable")
        .with("retry-after", "2".to_owned())
}
