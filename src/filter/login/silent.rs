//! Login without a prompt, for `portcullis.js`: in a hidden frame of the application's own page.
//!
//! It ends with a session or without one, and in either case with a message to the surrounding
//! page: no answer shows anything or leads anywhere. All checks of the ordinary login hold. Where
//! the ordinary callback would show a page, the message says that the user must sign in.

use super::attempt::{Attempt, Beginning};
use super::begin::with_attempt;
use crate::application::Placement;
use crate::filter::event::{Moment, Visit};
use crate::reply::Reply;
use crate::reply::frame::{self, Outcome};
use crate::request::{Head, query_parameter};

/// Who asks for a login without a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    /// A frame of this origin.
    OwnFrame,
    /// A frame of another origin: no attempt may begin there.
    AnotherFrame,
}

/// Who asks for a login without a prompt. `None` if the request does not, or if a person looks at
/// the answer: the login that can ask them serves them better.
pub(super) fn asked_by(head: Head<'_>) -> Option<Asker> {
    let asked = query_parameter(head.query(), "prompt").as_deref() == Some("none");
    if !asked || head.only("sec-fetch-dest") == Some(b"document") {
        return None;
    }
    let silent_about_itself = !head.has("sec-fetch-dest") && !head.has("sec-fetch-site");
    let own = head.only("sec-fetch-site") == Some(b"same-origin")
        // A service worker that fetches the frame's navigation again makes `empty` of it.
        && matches!(head.only("sec-fetch-dest"), Some(b"iframe" | b"empty"));
    Some(if own || silent_about_itself {
        Asker::OwnFrame
    } else {
        Asker::AnotherFrame
    })
}

/// Begins an attempt that prompts for nothing.
///
/// The team domain opens in a frame inside this answer, and not in its place: a page whose policy
/// says `frame-src 'self'` forbids its own frame to be redirected elsewhere, but has no say in
/// what a document of the filter embeds.
pub(super) fn begin_silently(
    team_domain: &str,
    visit: Visit<'_>,
    return_to: &str,
    moment: &mut Moment<'_>,
) -> Reply {
    let (head, placement) = (visit.incoming.head, visit.placement);
    let now = moment.seconds();
    let attempt = Attempt::begin(moment.random, now, Beginning::Silent);
    let location = attempt.login_location(team_domain, placement, return_to);
    let origin = placement.location.origin.to_string();
    let reply = frame::embedding(&location, team_domain, &origin);
    with_attempt(reply, &attempt, head, moment)
}

/// The end of a silent attempt to which the team domain gave no code.
pub(super) fn without_code(head: Head<'_>) -> Reply {
    let error = query_parameter(head.query(), "error");
    match error.as_deref() {
        Some("access_denied") => Reply::empty(403, "access_denied"),
        Some("login_required") => Reply::empty(401, "login_required"),
        Some("temporarily_unavailable") => Reply::empty(503, "control_unavailable"),
        _ => Reply::empty(400, "code_missing"),
    }
}

/// How the callback of an attempt answers: with the reply or, if the attempt is silent, with a
/// message to the page around its frame.
pub(super) fn ended(attempt: &Attempt, placement: &Placement, reply: Reply) -> Reply {
    if attempt.beginning() != Beginning::Silent {
        return reply;
    }
    let outcome = match reply.status {
        ..400 => Outcome::SignedIn,
        503 => Outcome::Unavailable,
        _ => Outcome::LoginRequired,
    };
    let origin = placement.location.origin.to_string();
    let told = frame::telling(outcome, &reply, &origin);
    match outcome {
        Outcome::SignedIn => told,
        // The attempt has ended.
        Outcome::LoginRequired | Outcome::Unavailable => {
            told.with("set-cookie", attempt.clear_cookie())
        }
    }
}
