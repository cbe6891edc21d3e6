//! What the callback answers: the way on with the cookies, or a page that says what to do.

use super::LOOP_WITHIN;
use crate::filter::pending::PendingExchange;
use crate::login::Beginning;
use crate::names::RETURNS_COOKIE;
use crate::protocol::calls::{ExchangeAnswer, Problem, ProblemReason, SameSite};
use crate::protocol::return_to;
use crate::reply::page::Page;
use crate::reply::{Reply, set_cookie};
use crate::request::kind::RequestKind;
use crate::session::Verified;
use crate::time::UnixSeconds;

/// Sets the cookies and returns the user to where they were going.
pub(super) fn let_in(
    exchange: &PendingExchange,
    tokens: &ExchangeAnswer,
    verified: &Verified,
    now: UnixSeconds,
) -> Reply {
    let claims = verified.claims();
    let names = &exchange.placement.cookies;
    let max_age = claims.session_exp.duration_since(now);
    let return_to = return_to::sanitize(&tokens.return_to);
    let location = format!("{}{return_to}", exchange.placement.location.origin);
    let mut returns = exchange.returns.clone();
    returns.push(now);
    let returns: Vec<_> = returns.iter().map(UnixSeconds::to_string).collect();

    let mut reply = way_on(exchange, tokens, location).with(
        "set-cookie",
        set_cookie::token(&names.token, &tokens.token, tokens.cookie, max_age),
    );
    // With `cnf`, the verifier has matched the secret, so it is plain base64url.
    if let (Some(binding), Some(_)) = (&tokens.binding, &claims.cnf) {
        let value = set_cookie::binding(&names.binding, binding, tokens.cookie, max_age);
        reply = reply.with("set-cookie", value);
    }
    reply
        .with(
            "set-cookie",
            set_cookie::clear_login(&exchange.attempt.cookie_name()),
        )
        .with(
            "set-cookie",
            set_cookie::login(RETURNS_COOKIE, &returns.join("."), LOOP_WITHIN),
        )
}

/// A redirect; or, where `SameSite=Strict` would keep the cookies back from it, a page of this
/// site that moves on: by itself, unless another site began the attempt.
fn way_on(exchange: &PendingExchange, tokens: &ExchangeAnswer, location: String) -> Reply {
    if tokens.cookie.same_site != SameSite::Strict {
        return Reply::redirect("signed_in", location);
    }
    let page = Page::new("You are signed in", &["Going on to where you were."]);
    if exchange.attempt.beginning() == Beginning::AnotherSite {
        let page = Page::new("You are signed in", &["Another site led you here."]);
        page.link(&location, "Continue")
            .keeping_the_fragment()
            .reply(200, "signed_in")
    } else {
        page.move_on(&location, "Continue")
            .keeping_the_fragment()
            .reply(200, "signed_in")
    }
}

/// What a refused exchange becomes.
pub(super) fn refused(kind: RequestKind, status: u16, body: &[u8]) -> Reply {
    let reason = serde_json::from_slice::<Problem>(body).map(|problem| problem.reason);
    match (status, reason) {
        (400, Ok(ProblemReason::CodeUnknown)) => start_again(kind, "code_unknown"),
        (400, Ok(ProblemReason::CodeMismatch)) => start_again(kind, "code_mismatch"),
        (403, Ok(ProblemReason::SessionEnded)) => start_again(kind, "session_ended"),
        (403, Ok(ProblemReason::LoginRequired)) => sign_in_anew(kind),
        (403, Ok(ProblemReason::UserBlocked)) => {
            let page = Page::new(
                "You cannot sign in right now",
                &[
                    "An administrator ended your sessions a moment ago.",
                    "Wait a minute, then try again.",
                ],
            );
            Reply::error(kind, 403, "user_blocked", &page)
        }
        (403, Ok(ProblemReason::PolicyDenied)) => {
            let page = Page::new(
                "No access",
                &["Your account has no access to this application."],
            );
            Reply::error(kind, 403, "policy_denied", &page)
        }
        _ => {
            log::warn!("the exchange of a code was answered with status {status}");
            control_away(kind)
        }
    }
}

pub(super) fn start_again(kind: RequestKind, reason: &'static str) -> Reply {
    let page = Page::new(
        "This sign-in cannot be finished",
        &[
            "It was begun in another browser, took too long, or was finished before.",
            "Nothing was signed in. You can start again.",
            "If you come back to this page, allow this site to set cookies first.",
        ],
    )
    .link("/.access/login", "Sign in again");
    Reply::error(kind, 400, reason, &page)
}

/// As [`start_again`], for somebody who has a good session here and so need not fear anything.
pub(super) fn finished_before(kind: RequestKind, reason: &'static str) -> Reply {
    let page = Page::new(
        "You are signed in already",
        &["This sign-in was finished before, or begun in another browser. It changed nothing."],
    )
    .link("/.access/login", "Go on");
    Reply::error(kind, 400, reason, &page)
}

/// The application demands a later sign-in than the one that led here.
fn sign_in_anew(kind: RequestKind) -> Reply {
    let page = Page::new(
        "Please sign in anew",
        &[
            "This application asks everybody to sign in once more, and your sign-in is older.",
            "Nothing is wrong with your account or your browser.",
        ],
    )
    .link("/.access/login", "Sign in");
    Reply::error(kind, 403, "login_required", &page)
}

pub(super) fn loop_page(kind: RequestKind) -> Reply {
    let page = Page::new(
        "Sign-in goes round in circles",
        &[
            "You were signed in several times within seconds, and each session was lost again.",
            "Check that this site may set cookies and that this computer's clock is right.",
        ],
    )
    .link("/.access/login", "Try once more");
    Reply::error(kind, 400, "login_loop", &page)
}

pub(super) fn control_away(kind: RequestKind) -> Reply {
    let page = Page::new(
        "Sign-in is not available right now",
        &["The sign-in service did not answer. Reload this page in a few seconds."],
    );
    Reply::error(kind, 503, "control_unavailable", &page).with("retry-after", "2".to_owned())
}
