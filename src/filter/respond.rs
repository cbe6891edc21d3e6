//! The third step, where there is no good session: a navigation is redirected to the login,
//! everything else is answered here.

use super::authenticate::presented::shows_header_token;
use super::authenticate::{AuthError, Unavailable};
use super::event::{Incoming, Moment, Visit};
use super::login::begin::{BeginLogin, begin_login, login_url, login_url_from};
use crate::protocol::return_to;
use crate::reason::Refusal;
use crate::reply::Reply;
use crate::reply::framework::refuse_framework;
use crate::reply::page::MessagePage;
use crate::reply::refusal::{self, Context};
use crate::request::framework::Framework;
use crate::request::kind::RequestKind;

/// The answer to a request without a good session.
pub(super) fn unauthenticated(
    team_domain: &str,
    visit: Visit<'_>,
    error: AuthError,
    moment: &mut Moment<'_>,
) -> Reply {
    let Visit {
        incoming,
        placement,
    } = visit;
    let refusal = match error {
        AuthError::Unavailable(why) => return unavailable(incoming.kind, why),
        AuthError::Refused(refusal) => refusal,
    };
    let kind = kind_to_answer(incoming);
    if kind == RequestKind::Navigation && login_helps(refusal) {
        let target = std::str::from_utf8(incoming.head.target()).unwrap_or("/");
        let login = BeginLogin {
            reason: refusal.as_str(),
            return_to: target,
        };
        return begin_login(team_domain, visit, login, moment);
    }
    let visit = Incoming { kind, ..incoming }.to(placement);
    refused(team_domain, visit, refusal)
}

/// The answer to a request without a good session where no login can begin.
pub(super) fn refused(team_domain: &str, visit: Visit<'_>, refusal: Refusal) -> Reply {
    let (head, kind) = (visit.incoming.head, visit.incoming.kind);
    let context = Context {
        team_domain,
        login_url: &login_url(visit.placement),
        cors_origins: &visit.placement.application.cors_origins,
        head,
    };
    match Framework::to_lead(head, &visit.placement.location.origin) {
        Some(framework)
            if kind == RequestKind::SubRequest && refusal != Refusal::TokenAmbiguous =>
        {
            let sign_in = sign_in_url(framework, visit);
            refuse_framework(framework, refusal, &sign_in, context)
        }
        _ => refusal::refuse(refusal, kind, context),
    }
}

/// Where a framework's page is to sign in: so that it returns to itself, if it is a page of this
/// application that can be returned to.
fn sign_in_url(framework: Framework, visit: Visit<'_>) -> String {
    let Visit {
        incoming,
        placement,
    } = visit;
    framework
        .page(incoming.head, &placement.location.origin)
        .and_then(return_to::checked)
        .filter(|page| placement.owns(page))
        .map_or_else(
            || login_url(placement),
            |page| login_url_from(placement, page),
        )
}

/// The answer while no session can be judged.
pub(super) fn unavailable(kind: RequestKind, why: Unavailable) -> Reply {
    let page = MessagePage::new(
        "Not available right now",
        &[
            "Sign-in cannot be checked at the moment.",
            "Try again in a few seconds.",
        ],
    );
    page.error(kind, 503, why.reason())
        .with("retry-after", "1".to_owned())
}

/// A request that shows a token in a header comes from a script, whatever else it sends. A script
/// would follow a redirect to the login and take the page there for its answer.
fn kind_to_answer(incoming: Incoming<'_>) -> RequestKind {
    match incoming.kind {
        RequestKind::Navigation | RequestKind::FramedNavigation | RequestKind::FormPost
            if shows_header_token(incoming.head) =>
        {
            RequestKind::SubRequest
        }
        kind => kind,
    }
}

/// Whether another login can give a good session.
fn login_helps(refusal: Refusal) -> bool {
    !matches!(refusal, Refusal::PolicyDenied | Refusal::TokenAmbiguous)
}
