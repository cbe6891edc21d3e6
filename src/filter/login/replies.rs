//! What the callback answers where it cannot sign the user in: a page that says what to do.

use std::time::Duration;

use super::begin::{login_url, login_url_from};
use super::way_back::WayBack;
use crate::application::Placement;
use crate::protocol::calls::{Problem, ProblemReason};
use crate::protocol::return_to;
use crate::reason::Refusal;
use crate::reply::Reply;
use crate::reply::no_access::NoAccess;
use crate::reply::page::MessagePage;
use crate::request::kind::RequestKind;
use crate::time::UnixSeconds;

/// How long a user is blocked if the control service does not say: its own default.
const BLOCK_SECONDS: u64 = 60;
/// When a sign-in that got no answer is worth another try.
const RETRY_SECONDS: u64 = 2;

/// An exchange that the control service refused.
#[derive(Clone, Copy)]
pub(super) struct RefusedExchange<'a> {
    /// The kind of the callback's request.
    pub kind: RequestKind,
    /// Whether a new sign-in may begin by itself.
    pub by_itself: bool,
    /// The application.
    pub placement: &'a Placement,
    /// The team domain's origin.
    pub team_domain: &'a str,
    /// Now.
    pub now: UnixSeconds,
}

impl RefusedExchange<'_> {
    /// What the user is told.
    pub fn reply(self, problem: &Problem) -> Reply {
        let kind = self.kind;
        let place = problem.return_to.as_deref();
        let back = WayBack::to(place);
        let by_itself = WayBack {
            by_itself: self.by_itself,
            ..back
        };
        let login = place.and_then(return_to::checked).map_or_else(
            || login_url(self.placement),
            |place| login_url_from(self.placement, &place),
        );
        match problem.reason {
            ProblemReason::CodeUnknown => start_again(kind, "code_unknown", by_itself),
            ProblemReason::CodeMismatch => start_again(kind, "code_mismatch", back),
            ProblemReason::SessionEnded => start_again(kind, "session_ended", back),
            ProblemReason::LoginRequired => sign_in_again(kind, back),
            ProblemReason::UserBlocked => self.blocked(problem.retry_after, &login),
            ProblemReason::PolicyDenied => self.no_access(problem.account.as_deref(), &login),
            // No reasons of this call.
            ProblemReason::TokenInvalid
            | ProblemReason::BindingMismatch
            | ProblemReason::ServiceTokenInvalid
            | ProblemReason::RequestInvalid
            | ProblemReason::CredentialInvalid
            | ProblemReason::OriginUnknown
            | ProblemReason::TooManyRequests
            | ProblemReason::Unavailable => control_unavailable(kind),
        }
    }

    fn blocked(self, seconds: Option<u64>, login: &str) -> Reply {
        let seconds = seconds.unwrap_or(BLOCK_SECONDS).max(1);
        let page = MessagePage::new(
            "You cannot sign in right now",
            &["An administrator ended your sessions a moment ago."],
        );
        page.link(login, "Try again")
            .not_before(self.now + Duration::from_secs(seconds), seconds)
            .error(self.kind, 403, "user_blocked")
    }

    fn no_access(self, account: Option<&str>, login: &str) -> Reply {
        NoAccess {
            application: &self.placement.application.name,
            account,
            team_domain: self.team_domain,
            login_url: login,
        }
        .reply(self.kind)
    }
}

/// The attempt cannot be finished, and another may begin.
pub(super) fn start_again(kind: RequestKind, reason: &'static str, back: WayBack<'_>) -> Reply {
    let page = MessagePage::new(
        "This sign-in cannot be finished",
        &[
            "It was started in another browser, took too long, or is already finished.",
            "You have not been signed in. You can start again.",
            "If you see this page again, allow this site to set cookies first.",
        ],
    );
    back.error(page, "Sign in again", (kind, 400, reason))
}

/// As [`start_again`], for a user who has a good session here already.
pub(super) fn finished_before(kind: RequestKind, reason: &'static str, back: WayBack<'_>) -> Reply {
    let page = MessagePage::new(
        "You are signed in already",
        &[
            "This sign-in was already finished, or was started in another browser. Nothing has changed.",
        ],
    );
    back.error(page, "Continue", (kind, 400, reason))
}

/// The application demands a later sign-in than the one that led here.
fn sign_in_again(kind: RequestKind, back: WayBack<'_>) -> Reply {
    let page = MessagePage::new(
        "Please sign in again",
        &[
            "This application requires every user to sign in once more. Your last sign-in was before that.",
            "Nothing is wrong with your account or your browser.",
        ],
    );
    back.error(page, "Sign in", (kind, 403, "login_required"))
}

/// The browser comes back again and again. Its code is still good, so the link is this address: it
/// alone knows the page that the user asked for.
pub(super) fn login_loop(kind: RequestKind) -> Reply {
    let page = MessagePage::new(
        "Sign-in is going in circles",
        &[
            "You were signed in several times within seconds, and each time the session was lost.",
            "Check that this site may set cookies and that this computer's clock is right.",
        ],
    )
    .link("", "Try again")
    .second("/.access/login", "Open the start page");
    page.error(kind, 400, "login_loop")
}

/// The control service issued a token that is not good here.
pub(super) fn not_valid_here(kind: RequestKind, refusal: Refusal, back: WayBack<'_>) -> Reply {
    log::warn!("the control service issued a token that is refused here: {refusal}");
    let page = MessagePage::new(
        "Sign-in did not work",
        &[
            "The sign-in service issued a session that is not valid here.",
            "A clock or a key is wrong. Please tell your administrator.",
        ],
    );
    back.error(page, "Try again", (kind, 502, refusal.as_str()))
}

/// The control service did not answer, or not so that it helps.
pub(super) fn control_unavailable(kind: RequestKind) -> Reply {
    control_unavailable_at("", kind)
}

/// The same, for a try at another address.
pub(super) fn control_unavailable_at(place: &str, kind: RequestKind) -> Reply {
    let page = MessagePage::new(
        "Sign-in is not available right now",
        &["The sign-in service did not answer."],
    );
    page.retrying_at(place, RETRY_SECONDS)
        .error(kind, 503, "control_unavailable")
}
