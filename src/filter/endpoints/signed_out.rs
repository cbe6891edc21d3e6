//! How a logout ends: with cookies removed, once the control service has ended the session.

use std::rc::Rc;

use crate::application::Placement;
use crate::filter::control_answer::ControlAnswer;
use crate::filter::login::begin::login_url_to;
use crate::protocol::calls::ProblemReason;
use crate::reply::page::MessagePage;
use crate::reply::{Reply, percent_encode, set_cookie};
use crate::request::kind::RequestKind;

/// When a logout that got no answer is worth another try.
const RETRY_SECONDS: u64 = 2;

/// A logout that waits for the control service.
pub(in crate::filter) struct PendingLogout {
    /// The applications on the host, whose cookies are removed.
    pub(super) places: Vec<Rc<Placement>>,
    pub(super) kind: RequestKind,
    /// The page from which the user signed out.
    pub(super) page: Option<String>,
}

impl PendingLogout {
    /// The page for the control service's answer. A session that it does not know has ended too.
    pub fn answered(&self, answer: &ControlAnswer<()>) -> Reply {
        let not_yet = || not_signed_out(self.kind, self.page.as_deref());
        match answer {
            ControlAnswer::Done(()) => self.signed_out(),
            ControlAnswer::Refused(problem) => match problem.reason {
                ProblemReason::TokenInvalid | ProblemReason::SessionEnded => self.signed_out(),
                // The session lives.
                _ => not_yet(),
            },
            ControlAnswer::NoAnswer(_) => not_yet(),
        }
    }

    /// The session has ended.
    pub(super) fn signed_out(&self) -> Reply {
        let page = MessagePage::new(
            "You are signed out",
            &["Your session has ended in every application."],
        );
        let home = home(&self.places);
        let back = self.page.as_deref().unwrap_or(&home);
        let page = page.link(back, "Sign in again");
        self.clearing(page.reply(200, "signed_out"))
    }

    /// The request has no token that could be shown to the control service, so the session on the
    /// team domain may still exist.
    pub(super) fn nothing_to_end(&self, team_domain: &str) -> Reply {
        let page = self.page.as_deref();
        self.clearing(not_signed_in(team_domain, &self.places, page))
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

/// There is no session at the applications on the host. The one on the team domain may still exist.
pub(super) fn not_signed_in(
    team_domain: &str,
    places: &[Rc<Placement>],
    page: Option<&str>,
) -> Reply {
    let mut login = "/.access/login".to_owned();
    let mut team_logout = format!("{team_domain}/logout");
    if let Some(first) = places.first() {
        let origin = percent_encode(first.location.origin.to_string().as_bytes());
        login = login_url_to(first, page);
        team_logout += &format!("?app={}&origin={origin}", first.application.audience);
    }
    MessagePage::new(
        "You are not signed in here",
        &[
            "This browser has no session for this application.",
            "You may still be signed in to other applications.",
        ],
    )
    .link(&login, "Sign in")
    .second(&team_logout, "Sign out everywhere")
    .reply(200, "no_session_to_end")
}

/// The start page of the first application on a host.
pub(super) fn home(places: &[Rc<Placement>]) -> String {
    let prefix = places
        .first()
        .map(|place| place.location.path_prefix.as_str());
    format!("{}/", prefix.unwrap_or_default())
}

/// Where signing out goes on, so that it leads back to a page.
pub(super) fn logout_path(page: Option<&str>) -> String {
    let path = "/.access/logout";
    match page {
        Some(page) => format!("{path}?return_to={}", percent_encode(page.as_bytes())),
        None => path.to_owned(),
    }
}

/// The session has not ended: the control service did not say so.
pub(super) fn not_signed_out(kind: RequestKind, page: Option<&str>) -> Reply {
    let logout = logout_path(page);
    let page = MessagePage::new(
        "Not signed out yet",
        &[
            "The sign-in service did not answer, so you are still signed in.",
            "Try again in a few seconds.",
        ],
    )
    .post(&logout, "Sign out")
    .retry_by_hand(RETRY_SECONDS);
    page.error(kind, 503, "control_unavailable")
}
