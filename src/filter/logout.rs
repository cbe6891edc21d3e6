//! Ending the global session from an application: access ends everywhere.

use std::rc::Rc;
use std::slice;

use super::deadline::Deadline;
use super::effect::{CallAnswer, Effect};
use super::judge::{Bad, Presented, demand, shows_header_token, trust};
use super::pending::Pending;
use super::{Filter, Incoming, Moment};
use crate::application::Placement;
use crate::protocol::calls::{LogoutRequest, Problem, ProblemReason};
use crate::reason::Refusal;
use crate::reply::page::Page;
use crate::reply::{Reply, set_cookie};
use crate::request::Head;
use crate::request::kind::RequestKind;

/// A logout that waits for the control service.
pub(super) struct PendingLogout {
    places: Vec<Rc<Placement>>,
    kind: RequestKind,
    pub(super) deadline: Deadline,
}

/// `GET /.access/logout`: asks, so that no link can sign anybody out.
pub(super) fn ask() -> Reply {
    Page::new(
        "Sign out?",
        &["This ends your session here and in every other application."],
    )
    .post("/.access/logout", "Sign out")
    .reply(200, "logout_page")
}

impl Filter {
    /// `POST /.access/logout`: does.
    pub(super) fn logout(
        &mut self,
        Incoming { stream, head, kind }: Incoming<'_>,
        places: &[Rc<Placement>],
        moment: &mut Moment<'_>,
    ) -> Effect {
        if !is_from_here(head, places) {
            let page = Page::new("Not signed out", &["Another site asked for it."]);
            return Effect::Reply(Reply::error(kind, 403, "logout_cross_site", &page));
        }
        let pending = PendingLogout {
            places: places.to_vec(),
            kind,
            deadline: self.deadline(moment.now),
        };
        match self.session_to_end(head, places, moment) {
            Ok(request) => self
                .call(stream, "logout", &request, Pending::Logout(pending))
                .unwrap_or_else(|| Effect::Reply(not_signed_out(kind))),
            Err(Bad::Refused(refusal @ (Refusal::BindingMissing | Refusal::BindingMismatch))) => {
                let page = Page::new("Not signed out", &[refusal.sentence()]);
                Effect::Reply(Reply::error(kind, 403, refusal.as_str(), &page))
            }
            Err(Bad::Refused(Refusal::TokenNotForHere)) if shows_header_token(head) => {
                Effect::Reply(not_by_header(kind))
            }
            Err(Bad::Refused(Refusal::SessionRevoked)) => Effect::Reply(pending.signed_out()),
            Err(Bad::Refused(_)) => Effect::Reply(pending.nothing_to_end(&self.issuer)),
            Err(Bad::NotReady | Bad::Stale) => Effect::Reply(not_signed_out(kind)),
        }
    }

    /// The session that the browser holds, expired or not; its binding is demanded.
    fn session_to_end(
        &mut self,
        head: Head<'_>,
        places: &[Rc<Placement>],
        moment: &Moment<'_>,
    ) -> Result<LogoutRequest, Bad> {
        let trust = trust(&self.config, &self.issuer, &self.feed, moment.now)?;
        let mut worst = Refusal::NoSession;
        for place in places {
            let presented = Presented::to(place, head);
            for candidate in presented.tokens {
                // One at a time, to know which secret is the token's.
                let chosen = presented.bindings.iter().map(slice::from_ref);
                let none = presented.bindings.is_empty().then_some(&[][..]);
                for chosen in chosen.chain(none) {
                    let demand = demand(place, chosen, moment);
                    match self.verifier.verify_to_end(trust, demand, candidate) {
                        Ok(()) => return Ok(request(candidate.token, chosen.first().copied())),
                        Err(refusal) => worst = worst.max(refusal),
                    }
                }
            }
        }
        Err(Bad::Refused(worst))
    }
}

/// The call for a token that has been verified, so both texts are ASCII.
fn request(token: &[u8], binding_secret: Option<&[u8]>) -> LogoutRequest {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    LogoutRequest {
        token: text(token),
        binding_secret: binding_secret.map(text),
    }
}

impl PendingLogout {
    /// The page for the control service's answer. A session that it does not know has ended too.
    pub(super) fn answered(&self, answer: CallAnswer<'_>) -> Reply {
        let problem = serde_json::from_slice::<Problem>(answer.body).map(|problem| problem.reason);
        match (answer.status, problem) {
            (Some(204), _)
            | (Some(400), Ok(ProblemReason::TokenInvalid))
            | (Some(403), Ok(ProblemReason::SessionEnded)) => self.signed_out(),
            _ => not_signed_out(self.kind),
        }
    }

    fn signed_out(&self) -> Reply {
        let page = Page::new(
            "You are signed out",
            &["Your session has ended in every application."],
        )
        .link("/", "Sign in again");
        self.clearing(page.reply(200, "signed_out"))
    }

    /// No token that could be shown to the control service: only this much is true.
    fn nothing_to_end(&self, team_domain: &str) -> Reply {
        let team_logout = format!("{team_domain}/logout");
        let page = Page::new(
            "You are not signed in here",
            &[
                "This application has no session in this browser any more.",
                "You may still be signed in on the team domain, and so elsewhere.",
            ],
        )
        .link(&team_logout, "Sign out there");
        self.clearing(page.reply(200, "no_session_to_end"))
    }

    /// The reply, which also removes the cookies of every application on the host.
    fn clearing(&self, mut reply: Reply) -> Reply {
        for place in &self.places {
            let names = &place.cookies;
            let settings = place.application.cookie;
            reply = reply
                .with("set-cookie", set_cookie::clear(&names.token, settings))
                .with("set-cookie", set_cookie::clear(&names.binding, settings));
        }
        reply
    }
}

/// Whether the application itself sent the request: by Fetch Metadata, else by `origin`.
fn is_from_here(head: Head<'_>, places: &[Rc<Placement>]) -> bool {
    if head.has("sec-fetch-site") {
        return head.only("sec-fetch-site") == Some(b"same-origin");
    }
    let origin = head.only("origin");
    places
        .iter()
        .any(|place| origin == Some(place.location.origin.to_string().as_bytes()))
}

/// A script may hold the token, or whoever found it in the script.
fn not_by_header(kind: RequestKind) -> Reply {
    let page = Page::new(
        "Not signed out",
        &[
            "A token that was made for scripts cannot sign out the person who made it.",
            "Sign out in the browser instead: that ends the token too.",
        ],
    );
    let refusal = Refusal::TokenNotForHere;
    Reply::error(kind, 403, refusal.as_str(), &page)
}

fn not_signed_out(kind: RequestKind) -> Reply {
    let page = Page::new(
        "Not signed out yet",
        &[
            "The sign-in service did not answer, so your session goes on.",
            "Try again in a few seconds.",
        ],
    )
    .post("/.access/logout", "Sign out");
    Reply::error(kind, 503, "control_unavailable", &page).with("retry-after", "2".to_owned())
}
