//! `/.access/logout`: ends the global session from an application, and with it access to every
//! application.

use std::rc::Rc;
use std::slice;

use super::came_from::came_from;
use super::signed_out::{PendingLogout, home, logout_path, not_signed_in, not_signed_out};
use crate::application::Placement;
use crate::filter::authenticate::presented::{Presented, shows_header_token};
use crate::filter::authenticate::{AuthError, Authenticator, Judge, demand};
use crate::filter::effect::Effect;
use crate::filter::event::{Incoming, Moment};
use crate::filter::login::begin::login_url_to;
use crate::filter::pending::{Pending, PendingRequests};
use crate::protocol::calls::LogoutRequest;
use crate::reason::Refusal;
use crate::reply::Reply;
use crate::reply::page::MessagePage;
use crate::request::Head;
use crate::request::kind::RequestKind;

/// `GET /.access/logout`: asks first, so that no link can sign a user out. It clears no cookie: a
/// page that loads late must not remove what a sign-in has brought meanwhile.
pub(super) fn ask(
    authenticator: &mut Authenticator,
    head: Head<'_>,
    places: &[Rc<Placement>],
    page: Option<&str>,
    moment: &Moment<'_>,
) -> Reply {
    if let Err(AuthError::Refused(_)) = session_to_end(authenticator, head, places, moment) {
        return not_signed_in(authenticator.team_domain(), places, page);
    }
    let home = home(places);
    MessagePage::new(
        "Sign out?",
        &["This ends your session here and in every other application."],
    )
    .post(&logout_path(page), "Sign out")
    .second(page.unwrap_or(&home), "Stay signed in")
    .reply(200, "logout_page")
}

/// `POST /.access/logout`: signs out. `places` are the applications on the host.
pub(super) fn logout(
    authenticator: &mut Authenticator,
    pending: &mut PendingRequests,
    incoming: Incoming<'_>,
    places: &[Rc<Placement>],
    moment: &Moment<'_>,
) -> Effect {
    let Incoming { stream, head, kind } = incoming;
    let page = came_from(head, places);
    let back = page.as_deref();
    let logout = logout_path(back);
    if !is_same_origin(head, places) {
        let page = MessagePage::new(
            "Not signed out",
            &[
                "The request to sign out came from another site, so you are still signed in.",
                "If you want to sign out, do it here.",
            ],
        )
        .link(&logout, "Sign out");
        return Effect::Reply(page.error(kind, 403, "logout_cross_site"));
    }
    let waiting = PendingLogout {
        places: places.to_vec(),
        kind,
        page: page.clone(),
    };
    let reply = match session_to_end(authenticator, head, places, moment) {
        Ok(request) => {
            let waiting = Pending::Logout(waiting);
            return pending
                .call(stream, &request, waiting, moment.now)
                .unwrap_or_else(|| Effect::Reply(not_signed_out(kind, back)));
        }
        Err(AuthError::Refused(refusal @ (Refusal::BindingMissing | Refusal::BindingMismatch))) => {
            let login = places
                .first()
                .map(|place| login_url_to(place, back))
                .unwrap_or_default();
            let page = MessagePage::new("Not signed out", &[refusal.sentence()])
                .link(&login, "Sign in again");
            page.error(kind, 403, refusal.as_str())
        }
        Err(AuthError::Refused(Refusal::TokenNotForHere)) if shows_header_token(head) => {
            not_by_header(kind)
        }
        Err(AuthError::Refused(Refusal::SessionRevoked)) => waiting.signed_out(),
        Err(AuthError::Refused(_)) => waiting.nothing_to_end(authenticator.team_domain()),
        Err(AuthError::Unavailable(_)) => not_signed_out(kind, back),
    };
    Effect::Reply(reply)
}

/// The session that the browser holds, expired or not; its binding is demanded.
fn session_to_end(
    authenticator: &mut Authenticator,
    head: Head<'_>,
    places: &[Rc<Placement>],
    moment: &Moment<'_>,
) -> Result<LogoutRequest, AuthError> {
    let Judge { trust, verifier } = authenticator.judge(moment.now)?;
    let mut worst = Refusal::NoSession;
    for place in places {
        let presented = Presented::to(place, head);
        for candidate in presented.tokens {
            // One at a time, to know which secret is the token's.
            let chosen = presented.bindings.iter().map(slice::from_ref);
            let none = presented.bindings.is_empty().then_some(&[][..]);
            for chosen in chosen.chain(none) {
                let demand = demand(place, chosen, moment);
                match verifier.verify_to_end(trust, demand, candidate) {
                    Ok(()) => return Ok(request(candidate.token, chosen.first().copied())),
                    Err(refusal) => worst = worst.max(refusal),
                }
            }
        }
    }
    Err(AuthError::Refused(worst))
}

/// The call for a token that has been verified, so both texts are ASCII.
fn request(token: &[u8], binding_secret: Option<&[u8]>) -> LogoutRequest {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    LogoutRequest {
        token: text(token),
        binding_secret: binding_secret.map(text),
    }
}

/// Whether the application itself sent the request: by Fetch Metadata, else by `origin`.
fn is_same_origin(head: Head<'_>, places: &[Rc<Placement>]) -> bool {
    if head.has("sec-fetch-site") {
        return head.only("sec-fetch-site") == Some(b"same-origin");
    }
    let origin = head.only("origin");
    places
        .iter()
        .any(|place| origin == Some(place.location.origin.to_string().as_bytes()))
}

/// A script holds the token, or an attacker who found it in the script.
fn not_by_header(kind: RequestKind) -> Reply {
    let page = MessagePage::new(
        "Not signed out",
        &[
            "A token for scripts cannot sign out the user who created it.",
            "Sign out in the browser instead. That ends the token too.",
        ],
    );
    page.error(kind, 403, Refusal::TokenNotForHere.as_str())
}
