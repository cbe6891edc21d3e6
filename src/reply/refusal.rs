//! The answer to a request without a good session, by its kind. A navigation is usually redirected
//! to the login instead.

use super::Reply;
use super::no_access::NoAccess;
use super::page::MessagePage;
use crate::reason::Refusal;
use crate::request::kind::RequestKind;

/// What a refusal is answered with.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The application's name.
    pub application: &'a str,
    /// The user's account, where it is known and has no access.
    pub account: Option<&'a str>,
    /// The team domain's origin.
    pub team_domain: &'a str,
    /// Where to sign in, absolute.
    pub login_url: &'a str,
}

/// The request headers that the reply depends on.
pub(super) const VARY: &str = "Cookie, Origin, X-Requested-With, Sec-Fetch-Mode, Sec-Fetch-Dest, Accept, \
    Sec-Fetch-Site, HX-Request, HX-Current-URL, X-Inertia, Turbo-Frame, X-Turbo-Request-Id, Referer";

/// The reply to a request without a good session.
#[must_use]
pub fn refuse(refusal: Refusal, kind: RequestKind, context: Context<'_>) -> Reply {
    let status = status_of(refusal);
    let reason = refusal.as_str();
    let sentence = refusal.sentence();
    match kind {
        RequestKind::Navigation | RequestKind::FramedNavigation | RequestKind::FormPost
            if status == 403 =>
        {
            let denied = NoAccess {
                application: context.application,
                account: context.account,
                team_domain: context.team_domain,
                login_url: context.login_url,
            };
            denied.reply(kind)
        }
        RequestKind::Navigation => {
            // The only bad session for which a redirect to the login does not help.
            let page = MessagePage::new(
                "More than one session",
                &[
                    "Your browser sent more than one session for this application.",
                    "Delete this site's cookies, then sign in again.",
                ],
            );
            page.link(context.login_url, "Sign in")
                .keeping_the_fragment()
                .reply(400, reason)
        }
        RequestKind::FramedNavigation => {
            let page = MessagePage::new("Sign in to continue", &[sentence]);
            page.new_window(context.login_url, "Sign in in a new window")
                .in_frames()
                .reply(status, reason)
        }
        RequestKind::FormPost => {
            let page = MessagePage::new(
                "Nothing was sent",
                &[
                    sentence,
                    "What you entered was not sent. Sign in in a new window, return to this page, and send it again.",
                ],
            );
            page.new_window(context.login_url, "Sign in in a new window")
                .reply(status, reason)
        }
        RequestKind::SubRequest => problem(status, refusal, context),
        RequestKind::Grpc => Reply::grpc(status, reason),
        RequestKind::WebSocket | RequestKind::Prefetch | RequestKind::Preflight => {
            Reply::empty(status, reason)
        }
    }
}

/// The reply to a program that shows a service token: never a page, and nothing leads to a login.
#[must_use]
pub fn refuse_service(refusal: Refusal, kind: RequestKind, team_domain: &str) -> Reply {
    let status = status_of(refusal);
    let reason = refusal.as_str();
    let reply = match kind {
        RequestKind::Grpc => return Reply::grpc(status, reason),
        RequestKind::WebSocket | RequestKind::Prefetch | RequestKind::Preflight => {
            return Reply::empty(status, reason);
        }
        _ => Reply::problem(status, reason, service_sentence(refusal)),
    };
    if status == 401 {
        reply.with("www-authenticate", challenge(refusal, team_domain))
    } else {
        reply
    }
}

/// What is wrong with a service token, in a sentence for the people who run the program.
fn service_sentence(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::TokenMalformed => {
            "The client id or the secret is missing, sent twice, or not as it was shown."
        }
        Refusal::ServiceTokenInvalid => {
            "There is no such client id, its secret is another one, or it is disabled or expired."
        }
        Refusal::SessionRevoked => "The service token was revoked.",
        Refusal::PolicyDenied => "The service token has no access to this application from here.",
        _ => "The service token cannot be used here.",
    }
}

fn status_of(refusal: Refusal) -> u16 {
    if refusal == Refusal::PolicyDenied {
        403
    } else {
        401
    }
}

/// The reply to a program: JSON.
pub(super) fn problem(status: u16, refusal: Refusal, context: Context<'_>) -> Reply {
    let reason = refusal.as_str();
    let value = serde_json::json!({
        "type": "about:blank",
        "title": refusal.sentence(),
        "status": status,
        "reason": reason,
        "login_url": context.login_url,
    });
    let mut reply = Reply::empty(status, reason)
        .with("content-type", "application/problem+json".to_owned())
        .with("vary", VARY.to_owned());
    if status == 401 {
        reply = reply.with("www-authenticate", challenge(refusal, context.team_domain));
    }
    reply.body = value.to_string();
    reply
}

/// The value of `www-authenticate` (RFC 9110, section 11.6.1).
pub(super) fn challenge(refusal: Refusal, realm: &str) -> String {
    let reason = refusal.as_str();
    format!("Access realm=\"{realm}\", error=\"{reason}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(refusal: Refusal, kind: RequestKind) -> Reply {
        let context = Context {
            application: "wiki",
            account: Some("ana@example.com"),
            team_domain: "https://team.example",
            login_url: "https://wiki.example/.access/login",
        };
        refuse(refusal, kind, context)
    }

    /// `decisions.md` 5: kind, then status for a session that has expired, then for a policy.
    #[test]
    fn statuses_by_kind() {
        use RequestKind::*;
        for (kind, bad, denied) in [
            (FramedNavigation, 401, 403),
            (FormPost, 401, 403),
            (SubRequest, 401, 403),
            (WebSocket, 401, 403),
            (Prefetch, 401, 403),
        ] {
            assert_eq!(refused(Refusal::SessionExpired, kind).status, bad);
            let reply = refused(Refusal::PolicyDenied, kind);
            assert_eq!((reply.status, reply.reason), (denied, "policy_denied"));
        }
        assert_eq!(refused(Refusal::SessionExpired, Grpc).grpc_status, Some(16));
        assert_eq!(refused(Refusal::PolicyDenied, Grpc).grpc_status, Some(7));
        let denied = refused(Refusal::PolicyDenied, Navigation);
        assert_eq!(denied.status, 403);
        let way_on = "href=\"https://wiki.example/.access/login\"";
        assert!(denied.body.contains(way_on), "{}", denied.body);
        assert_eq!(refused(Refusal::TokenAmbiguous, Navigation).status, 400);
    }

    #[test]
    fn a_sub_request_learns_how_to_sign_in() {
        let reply = refused(Refusal::SessionExpired, RequestKind::SubRequest);
        let header = |name| {
            reply
                .headers
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| v.as_str())
        };
        let body: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(body["reason"], "session_expired");
        assert_eq!(body["status"], 401);
        assert_eq!(body["login_url"], "https://wiki.example/.access/login");
        assert_eq!(header("content-type"), Some("application/problem+json"));
        assert_eq!(
            header("www-authenticate"),
            Some("Access realm=\"https://team.example\", error=\"session_expired\"")
        );
        assert_eq!(header("cache-control"), Some("no-store"));
        assert!(header("vary").unwrap().contains("Cookie"));
        assert_eq!(header("set-cookie"), None);
    }
}
