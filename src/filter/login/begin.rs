//! The beginning of a login attempt: a redirect to the team domain, with the attempt's cookie.

use super::attempt::{Attempt, Beginning};
use crate::application::Placement;
use crate::filter::event::{Moment, Visit};
use crate::protocol::return_to;
use crate::reply::page::MessagePage;
use crate::reply::{Reply, percent_encode};
use crate::request::kind::RequestKind;
use crate::request::{Head, query_parameter};

/// A login that is to begin.
#[derive(Clone, Copy)]
pub(in crate::filter) struct BeginLogin<'a> {
    /// Why.
    pub reason: &'static str,
    /// The path and query to return to, as the request has it.
    pub return_to: &'a str,
    /// Whether it begins because an earlier login could not be finished.
    pub is_again: bool,
}

/// The redirect to the team domain that begins a login attempt.
pub(in crate::filter) fn begin_login(
    team_domain: &str,
    visit: Visit<'_>,
    login: BeginLogin<'_>,
    moment: &mut Moment<'_>,
) -> Reply {
    let head = visit.incoming.head;
    let beginning = match beginning_of(head) {
        // Who led the browser to the attempt before it is not known.
        Beginning::Here if login.is_again => Beginning::AnotherSite,
        beginning => beginning,
    };
    let now = moment.seconds();
    let attempt = Attempt::begin(moment.random, now, beginning).again(login.is_again);
    let return_to = return_to::sanitize(login.return_to);
    let location = attempt.login_location(team_domain, visit.placement, &return_to);
    with_attempt(
        Reply::redirect(login.reason, location),
        &attempt,
        head,
        moment,
    )
}

fn beginning_of(head: Head<'_>) -> Beginning {
    if head.is_in_frame() {
        return Beginning::Frame;
    }
    let display = query_parameter(head.query(), "display");
    if head.path() == b"/.access/login" && display.as_deref() == Some("popup") {
        return Beginning::Window;
    }
    match head.only("sec-fetch-site") {
        Some(b"none" | b"same-origin" | b"same-site") => Beginning::Here,
        // So does a browser that does not say where the request comes from.
        _ => Beginning::AnotherSite,
    }
}

/// A reply that begins an attempt, with its cookies.
pub(super) fn with_attempt(
    reply: Reply,
    attempt: &Attempt,
    head: Head<'_>,
    moment: &Moment<'_>,
) -> Reply {
    let open = Attempt::open(head, moment.seconds());
    let values = attempt.set_cookies(&open).into_iter();
    values.fold(reply, |reply, value| reply.with("set-cookie", value))
}

/// The page for an address that is too long to come back to after a login. The login opens in a new
/// window, so that this one keeps the address.
pub(in crate::filter) fn too_long(placement: &Placement, kind: RequestKind) -> Reply {
    let login = login_url(placement);
    let limit = format!(
        "This address is longer than {} characters, so sign-in cannot lead back to it.",
        return_to::MAX_BYTES
    );
    MessagePage::new(
        "This address is too long",
        &[
            "You are not signed in.",
            &limit,
            "Sign in in a new window, and load this page again.",
        ],
    )
    .new_window(&login, "Sign in in a new window")
    .error(kind, 414, "address_too_long")
}

/// Where to sign in at an application, absolute.
pub(in crate::filter) fn login_url(placement: &Placement) -> String {
    let origin = &placement.location.origin;
    let prefix = &placement.location.path_prefix;
    if prefix.is_empty() {
        format!("{origin}/.access/login")
    } else {
        login_url_from(placement, &format!("{prefix}/"))
    }
}

/// Where to sign in at an application, absolute, to return to a page if there is one.
pub(in crate::filter) fn login_url_to(placement: &Placement, page: Option<&str>) -> String {
    match page {
        Some(page) => login_url_from(placement, page),
        None => login_url(placement),
    }
}

/// Where to sign in at an application to return to a page of it, absolute.
#[inline(never)]
pub(in crate::filter) fn login_url_from(placement: &Placement, page: &str) -> String {
    let (origin, page) = (&placement.location.origin, percent_encode(page.as_bytes()));
    format!("{origin}/.access/login?return_to={page}")
}
