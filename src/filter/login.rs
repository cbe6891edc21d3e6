//! Signing in: from the redirect to the team domain until the browser is back with a session.

pub(super) mod attempt;
pub(super) mod begin;
pub(super) mod burn;
pub(super) mod callback;
pub(super) mod exchange;
pub(super) mod framed;
mod replies;
mod returns;
mod silent;
mod way_back;
pub(super) mod window;

use super::event::{Incoming, Moment, Visit};
use super::respond::refused;
use crate::reason::Refusal;
use crate::reply::Reply;
use crate::request::kind::RequestKind;
use crate::request::query_parameter;
use begin::{BeginLogin, begin_login};
use silent::{Asker, asked_by, begin_silently};

/// `GET /.access/login`: begins a login attempt at an application.
pub(super) fn login(
    team_domain: &str,
    visit: Visit<'_>,
    return_to: &str,
    moment: &mut Moment<'_>,
) -> Reply {
    let incoming = visit.incoming;
    if incoming.kind == RequestKind::FramedNavigation {
        return window::offer(team_domain, visit, Refusal::NoSession, return_to, moment);
    }
    if !is_page_load(incoming) {
        return refused(team_domain, visit, Refusal::NoSession);
    }
    let login = BeginLogin {
        reason: "login",
        return_to,
        is_again: query_parameter(incoming.head.query(), "again").is_some(),
    };
    match asked_by(incoming.head) {
        None => begin_login(team_domain, visit, login, moment),
        Some(Asker::OwnFrame) => begin_silently(team_domain, visit, return_to, moment),
        Some(Asker::AnotherFrame) => {
            let kind = RequestKind::FramedNavigation;
            let framed = Incoming { kind, ..incoming }.to(visit.placement);
            window::offer(team_domain, framed, Refusal::NoSession, return_to, moment)
        }
    }
}

/// Whether a person is to see the answer. Otherwise any page could use up the browser's attempts.
fn is_page_load(Incoming { head, kind, .. }: Incoming<'_>) -> bool {
    match kind {
        RequestKind::Navigation => true,
        // A client that sends no Fetch Metadata, and asks for nothing in particular.
        RequestKind::SubRequest => {
            !head.has("sec-fetch-mode")
                && !head.has("sec-fetch-dest")
                && !head.has("x-requested-with")
        }
        _ => false,
    }
}
