//! The answer to a page framework's request without a good session: in the framework's own way, it
//! leads the page to the sign-in.

use super::Reply;
use super::page::MessagePage;
use super::refusal::{Context, VARY, challenge, problem, refuse};
use crate::reason::Refusal;
use crate::request::framework::Framework;
use crate::request::kind::RequestKind;

/// The reply to a framework's request. `sign_in` is where to sign in, absolute, and leads back to
/// the page.
///
/// Where signing in does not help, a page that the framework can show says so. It leads nowhere: a
/// page that is refused whenever it loads would do nothing but load.
#[must_use]
pub fn refuse_framework(
    framework: Framework,
    refusal: Refusal,
    sign_in: &str,
    context: Context<'_>,
) -> Reply {
    if refusal == Refusal::PolicyDenied {
        let page = refuse(refusal, RequestKind::FormPost, context);
        return page.with("vary", VARY.to_owned());
    }
    match framework {
        Framework::Htmx => refuse(refusal, RequestKind::SubRequest, context)
            .with("hx-redirect", sign_in.to_owned()),
        Framework::Inertia => {
            problem(409, refusal, context).with("x-inertia-location", sign_in.to_owned())
        }
        Framework::Turbo => MessagePage::new("Sign in to continue", &[refusal.sentence()])
            .refresh(sign_in, "Sign in")
            .reply(401, refusal.as_str())
            .with("www-authenticate", challenge(refusal, context.team_domain))
            .with("vary", VARY.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGN_IN: &str = "https://wiki.example/.access/login?return_to=%2Fa";

    fn refused(framework: Framework, refusal: Refusal) -> Reply {
        let context = Context {
            application: "wiki",
            account: None,
            team_domain: "https://team.example",
            login_url: "https://wiki.example/.access/login",
        };
        refuse_framework(framework, refusal, SIGN_IN, context)
    }

    fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
        let mut found = reply.headers.iter().filter(|(other, _)| *other == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} twice");
        value
    }

    #[test]
    fn each_framework_is_led_in_its_own_way() {
        let htmx = refused(Framework::Htmx, Refusal::SessionExpired);
        assert_eq!((htmx.status, htmx.reason), (401, "session_expired"));
        assert_eq!(header(&htmx, "hx-redirect"), Some(SIGN_IN));
        assert!(htmx.body.contains(r#""status":401"#));

        let inertia = refused(Framework::Inertia, Refusal::SessionExpired);
        assert_eq!((inertia.status, inertia.reason), (409, "session_expired"));
        assert_eq!(header(&inertia, "x-inertia-location"), Some(SIGN_IN));
        assert_eq!(header(&inertia, "x-inertia"), None, "that would be a page");
        assert!(inertia.body.contains(r#""status":409"#));

        let turbo = refused(Framework::Turbo, Refusal::SessionExpired);
        assert_eq!((turbo.status, turbo.reason), (401, "session_expired"));
        for part in [
            r#"<meta name="turbo-visit-control" content="reload">"#,
            r#"<meta http-equiv="refresh" content="0;url=https://wiki.example/.access/login?return_to=%2Fa">"#,
            r#"href="https://wiki.example/.access/login?return_to=%2Fa""#,
        ] {
            assert!(turbo.body.contains(part), "{part} in {}", turbo.body);
        }
        for reply in [htmx, inertia, turbo] {
            let vary = header(&reply, "vary").unwrap();
            for decides in [
                "HX-Request",
                "HX-Current-URL",
                "X-Inertia",
                "Turbo-Frame",
                "X-Turbo-Request-Id",
                "Referer",
                "Sec-Fetch-Site",
                "Origin",
                "Cookie",
            ] {
                assert!(vary.split(", ").any(|name| name == decides), "{decides}");
            }
            assert_eq!(header(&reply, "cache-control"), Some("no-store"));
            assert_eq!(header(&reply, "set-cookie"), None);
            assert_eq!(header(&reply, "location"), None);
        }
    }

    #[test]
    fn a_policy_that_denies_leads_nowhere() {
        for framework in [Framework::Htmx, Framework::Inertia, Framework::Turbo] {
            let reply = refused(framework, Refusal::PolicyDenied);
            assert_eq!((reply.status, reply.reason), (403, "policy_denied"));
            for name in ["hx-redirect", "x-inertia-location", "www-authenticate"] {
                assert_eq!(header(&reply, name), None, "{framework:?}");
            }
            assert!(!reply.body.contains("http-equiv"), "{framework:?}");
            assert!(reply.body.contains("<h1>"), "a person can read it");
            assert!(header(&reply, "vary").unwrap().contains("HX-Request"));
        }
    }
}
