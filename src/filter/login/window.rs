//! Signing in in a window, for a frame: the sign-in page is never shown in a frame, where another
//! site could lay something over it.
//!
//! The frame shows a page with a button, which opens the window. There are two ways back:
//!
//! - The window gets the session, and says so. The frame has the same cookies, and loads its place.
//! - Where an application's cookies are partitioned, a session of the window would be none of the
//!   frame's. So the frame holds the attempt, in a cookie of its own partition, and the window brings
//!   it the code. No other page can use that: the verifier is in the frame's cookie (RFC 7636), and
//!   the frame takes the code only with its own `state`.
//!
//! All messages go to the application's own origin and are taken from the window that the frame
//! itself opened.

use super::attempt::{Attempt, Beginning};
use super::begin::{login_url_from, with_attempt};
use super::replies::control_unavailable_at;
use crate::application::Placement;
use crate::filter::event::{Moment, Visit};
use crate::protocol::return_to;
use crate::reason::Refusal;
use crate::reply::Reply;
use crate::reply::no_access::NoAccess;
use crate::reply::page::{MessagePage, WindowScript};
use crate::request::kind::RequestKind;
use crate::request::query_parameter;

/// The page in a frame that offers to sign in in a window, to return to `place`.
pub(in crate::filter) fn offer(
    team_domain: &str,
    visit: Visit<'_>,
    refusal: Refusal,
    place: &str,
    moment: &mut Moment<'_>,
) -> Reply {
    let (head, placement) = (visit.incoming.head, visit.placement);
    let place = return_to::sanitize(place);
    let login = login_url_from(placement, &place);
    if !placement.application.cookie.partitioned {
        let window = format!("{login}&display=popup");
        return offering(refusal, &login, (&window, &place, ""));
    }
    let now = moment.seconds();
    let attempt = Attempt::begin(moment.random, now, Beginning::FrameWithWindow);
    let window = attempt.login_location(team_domain, placement, &place);
    let state = attempt.state(&placement.application.audience);
    let reply = offering(refusal, &login, (&window, &place, &state));
    with_attempt(reply, &attempt, head, moment)
}

fn offering(refusal: Refusal, login: &str, (window, place, state): (&str, &str, &str)) -> Reply {
    let sentences = [
        refusal.sentence(),
        "You sign in in a new window. This page then continues by itself.",
    ];
    MessagePage::new("Sign in to continue", &sentences)
        .new_window(login, "Sign in in a new window")
        .window(WindowScript::Opens {
            window,
            place,
            state,
        })
        .in_frames()
        .reply(401, refusal.as_str())
}

/// A frame's callback without a code: the user would have had to be prompted, or nobody could say
/// whether. Nothing in it is believed but the place, which is judged like every other.
pub(super) fn without_code(team_domain: &str, visit: Visit<'_>, moment: &mut Moment<'_>) -> Reply {
    let parameter = |name| query_parameter(visit.incoming.head.query(), name);
    let place = parameter("return_to").unwrap_or_default();
    let kind = RequestKind::FramedNavigation;
    match parameter("error").as_deref() {
        Some("access_denied") => NoAccess {
            application: &visit.placement.application.name,
            account: None,
            team_domain,
            login_url: &login_url_from(visit.placement, &return_to::sanitize(&place)),
        }
        .reply(kind),
        Some("temporarily_unavailable") => {
            control_unavailable_at(&return_to::sanitize(&place), kind)
        }
        _ => offer(team_domain, visit, Refusal::NoSession, &place, moment),
    }
}

/// The window's page when the session is there.
pub(super) fn signed_in(origin: &str, location: &str) -> Reply {
    let sentences = [
        "The page that opened this window continues by itself.",
        "You can close this window.",
    ];
    MessagePage::new("You are signed in", &sentences)
        .link(location, "Open the page here")
        .window(WindowScript::Reports {
            to: origin,
            code: None,
        })
        .reply(200, "signed_in")
}

/// The window's page that brings the frame its code.
pub(super) fn bring(placement: &Placement, code: &str, state: &str) -> Reply {
    let origin = placement.location.origin.to_string();
    let home = format!("{origin}{}/", placement.location.path_prefix);
    let sentences = [
        "The page that opened this window continues by itself.",
        "If it does not, it is not connected to this window. Open the application in a window of its own.",
    ];
    MessagePage::new("Go back to the page you came from", &sentences)
        .link(&home, "Open the application")
        .window(WindowScript::Reports {
            to: &origin,
            code: Some((code, state)),
        })
        .reply(200, "code_for_frame")
}
