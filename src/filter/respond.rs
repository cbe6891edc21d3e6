//! The third step, where there is no good session: a navigation is redirected to the login,
//! everything else is answered here.

use std::borrow::Cow;

use super::authenticate::presented::shows_header_token;
use super::authenticate::{AuthError, Authenticator, Unavailable};
use super::event::{Incoming, Moment, Visit};
use super::login::begin::{BeginLogin, begin_login, login_url_to, too_long};
use super::login::window;
use crate::protocol::return_to::{self, Unfit};
use crate::reason::Refusal;
use crate::reply::Reply;
use crate::reply::framework::refuse_framework;
use crate::reply::page::MessagePage;
use crate::reply::refusal::{self, Context};
use crate::request::framework::{Framework, asked_page, referring_page};
use crate::request::kind::RequestKind;
use crate::request::query_parameter;

/// When a request is worth another try that could not be judged for want of a feed.
const RETRY_SECONDS: u64 = 1;
/// The same for want of an answer to a refresh, which is remembered for so long at least.
const RENEWAL_RETRY_SECONDS: u64 = 3;

/// The answer to a request without a good session.
pub(super) fn unauthenticated(
    authenticator: &mut Authenticator,
    visit: Visit<'_>,
    error: AuthError,
    moment: &mut Moment<'_>,
) -> Reply {
    let Visit {
        incoming,
        placement,
    } = visit;
    let refusal = match error {
        AuthError::Unavailable(why) => return unavailable(incoming.as_shown().kind, why),
        AuthError::Refused(refusal) => refusal,
    };
    let asked = Incoming {
        kind: kind_to_answer(incoming),
        ..incoming
    };
    let kind = asked.as_shown().kind;
    let begins_login = kind.navigates() && login_helps(refusal);
    let target = std::str::from_utf8(incoming.head.target()).unwrap_or("/");
    if begins_login && return_to::judge(target) == Err(Unfit::TooLong) {
        return too_long(placement, kind);
    }
    if begins_login && asked.kind == RequestKind::Navigation {
        let login = BeginLogin {
            reason: refusal.as_str(),
            return_to: target,
            is_again: false,
        };
        return begin_login(authenticator.team_domain(), visit, login, moment);
    }
    let visit = asked.as_shown().to(placement);
    if begins_login {
        let team_domain = authenticator.team_domain();
        return window::offer(team_domain, visit, refusal, target, moment);
    }
    let account = match refusal {
        Refusal::PolicyDenied => authenticator.account(visit, moment),
        _ => None,
    };
    refused_to(
        account.as_deref(),
        authenticator.team_domain(),
        visit,
        refusal,
    )
}

/// The answer to a request without a good session where no login can begin.
pub(super) fn refused(team_domain: &str, visit: Visit<'_>, refusal: Refusal) -> Reply {
    refused_to(None, team_domain, visit, refusal)
}

fn refused_to(
    account: Option<&str>,
    team_domain: &str,
    visit: Visit<'_>,
    refusal: Refusal,
) -> Reply {
    let (head, kind) = (visit.incoming.head, visit.incoming.kind);
    let context = Context {
        account,
        application: &visit.placement.application.name,
        team_domain,
        login_url: &login_url_to(visit.placement, page_of(visit).as_deref()),
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
    let page = framework
        .page(incoming.head, &placement.location.origin)
        .and_then(return_to::checked)
        .filter(|page| placement.owns(page));
    login_url_to(placement, page.as_deref())
}

/// The page that a person looks at, or asks for: after a login they return to it. Of the sub-request
/// of a page that is not known.
fn page_of(visit: Visit<'_>) -> Option<Cow<'_, str>> {
    let Visit {
        incoming: Incoming { head, kind, .. },
        placement,
    } = visit;
    let page = match kind {
        RequestKind::Navigation | RequestKind::FramedNavigation
            if head.path() == b"/.access/login" =>
        {
            let page = query_parameter(head.query(), "return_to")?;
            let page = return_to::checked(&page)?.into_owned();
            return placement.owns(&page).then_some(Cow::Owned(page));
        }
        RequestKind::Navigation | RequestKind::FramedNavigation => asked_page(head)?,
        // The answer to a form cannot be asked for again, so they return to the form.
        RequestKind::FormPost => referring_page(head, &placement.location.origin)?,
        _ => return None,
    };
    return_to::checked(page).filter(|page| placement.owns(page) && page != "/")
}

/// The answer while a session cannot be judged: it has not ended, so nothing leads to a sign-in, and
/// what was asked for is kept for another try.
pub(super) fn unavailable(kind: RequestKind, why: Unavailable) -> Reply {
    let (cause, seconds) = match why {
        Unavailable::NotReady => (
            "This server has just started, and cannot check sign-ins yet.",
            RETRY_SECONDS,
        ),
        Unavailable::Stale => (
            "This server cannot reach the sign-in service, so it cannot check whether you may come in.",
            RETRY_SECONDS,
        ),
        Unavailable::NoAnswer => (
            "Your session has to be renewed, and the sign-in service did not answer.",
            RENEWAL_RETRY_SECONDS,
        ),
    };
    let title = "Not available right now";
    let page = match kind {
        RequestKind::FormPost => MessagePage::new(
            title,
            &[
                cause,
                "What you entered was not sent yet, and is not lost. Keep this page open: \
                 reloading it sends the form. Your browser may ask you to confirm that.",
            ],
        )
        .resending(seconds),
        RequestKind::FramedNavigation => MessagePage::new(title, &[cause])
            .retrying(seconds)
            .in_frames(),
        _ => MessagePage::new(title, &[cause]).retrying(seconds),
    };
    page.error(kind, 503, why.reason())
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
