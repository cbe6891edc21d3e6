//! What the filter's pages say and offer.

use super::*;
use crate::reply::markup::hash_source;
use crate::reply::page::WAIT_SCRIPT;

fn page(effect: Effect) -> String {
    let reply = reply(effect);
    assert_eq!(all(&reply, "content-type"), ["text/html; charset=utf-8"]);
    reply.body
}

fn contains_all(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "no {part} in {page}");
    }
}

#[test]
fn who_is_not_signed_in_is_not_asked_to_sign_out() {
    let mut world = World::new();
    let session = world.session_cookie();
    let expired = world.token(|claims| claims.exp = UnixSeconds::new(1));
    let expired = format!(
        "__Host-access_token={expired}; __Host-access_binding={}",
        binding()
    );
    let without_binding = format!("__Host-access_token={}", world.token(|_| ()));
    let ask = |world: &mut World, cookie: &str| {
        let fields = navigate("wiki.example", "/.access/logout");
        reply(world.send(&with(fields, &[("cookie", cookie)])))
    };
    for cookie in [&session, &expired] {
        let asked = ask(&mut world, cookie);
        assert_eq!(asked.reason, "logout_page");
        let parts = [
            "<h1>Sign out?</h1>",
            "<form method=\"post\" action=\"/.access/logout\">",
            "<a class=\"act second\" href=\"/\">Stay signed in</a>",
        ];
        contains_all(&asked.body, &parts);
    }
    world.revoke(Subject::User(claims().sub));
    for cookie in [&session, &without_binding, "x=1"] {
        let told = ask(&mut world, cookie);
        assert_eq!((told.status, told.reason), (200, "no_session_to_end"));
        let team = format!(
            "https://team.example.com/logout?app={}&amp;origin=https%3A%2F%2Fwiki.example",
            "a".repeat(64)
        );
        let parts = [
            "<h1>You are not signed in here</h1>",
            "href=\"https://wiki.example/.access/login\">Sign in</a>",
            &team,
        ];
        contains_all(&told.body, &parts);
        assert!(!told.body.contains("<form"), "{}", told.body);
        // A page that loads late must not remove what a sign-in has brought meanwhile.
        assert!(all(&told, "set-cookie").is_empty());
    }
}

#[test]
fn after_signing_out_a_link_leads_back_in() {
    let mut world = World::without_feed(CONFIG);
    world.load(vec![wire("a", &[at("wiki.example", None, Some("/team"))])]);
    world.revoke(Subject::User(claims().sub));
    let cookie = world.session_cookie();
    let post = [
        (":method", "POST"),
        (":authority", "wiki.example"),
        (":path", "/.access/logout"),
        ("sec-fetch-site", "same-origin"),
        ("cookie", cookie.as_str()),
    ];
    let done = reply(world.send(&post));
    assert_eq!(done.reason, "signed_out");
    contains_all(&done.body, &["href=\"/team/\">Sign in again</a>"]);
}

#[test]
fn a_page_for_a_moment_loads_again_by_itself() {
    let mut not_ready = World::without_feed(CONFIG);
    assert_eq!(
        not_ready.send(&navigate("wiki.example", "/a?b=c")),
        Effect::Pause
    );
    not_ready.now += FEED_WAIT;
    let not_ready = not_ready.wake().unwrap();

    let mut world = World::new();
    world.now += Duration::from_millis(300_001);
    let stale = world.send(&navigate("wiki.example", "/"));
    for (effect, reason, cause) in [
        (not_ready, "not_ready", "has just started"),
        (stale, "stale", "cannot reach the sign-in service"),
    ] {
        let reply = reply(effect);
        assert_eq!((reply.status, reply.reason), (503, reason));
        assert_eq!(all(&reply, "retry-after"), ["1"]);
        let parts = [
            cause,
            "<p data-wait=\"1\" data-auto>",
            "<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>",
            "<a class=\"act\" href=\"\">Try again now</a>",
            WAIT_SCRIPT,
        ];
        contains_all(&reply.body, &parts);
        let script = hash_source(WAIT_SCRIPT);
        contains_all(all(&reply, "content-security-policy")[0], &[&script]);
    }

    // Loading the page again sends the form, so no page does that by itself.
    let post = with(
        vec![
            (":method", "POST"),
            (":authority", "wiki.example"),
            (":path", "/send"),
        ],
        &[
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ],
    );
    let sent = reply(world.send(&post));
    assert_eq!(all(&sent, "retry-after"), ["1"]);
    let parts = [
        "What you entered was not sent yet, and is not lost.",
        "reloading it sends the form",
        "<button hidden>Send it again</button>",
        "<p data-form=\"1\" role=\"status\" hidden></p>",
    ];
    contains_all(&sent.body, &parts);
    assert!(!sent.body.contains("data-wait") && !sent.body.contains("http-equiv=\"refresh\""));
    let policy = all(&sent, "content-security-policy")[0];
    let script = sent.body.split("<script>").nth(1).unwrap();
    let script = hash_source(script.split("</script>").next().unwrap());
    contains_all(policy, &[&script, "connect-src 'self'; form-action 'none'"]);

    let script = reply(world.send(&get("wiki.example", "/")));
    assert_eq!(
        all(&script, "content-type"),
        ["application/problem+json"],
        "a program"
    );
    assert_eq!(all(&script, "retry-after"), ["1"]);
}

#[test]
fn no_access_names_the_application_and_the_account() {
    let mut world = World::without_feed(CONFIG);
    let mut wiki = wire("a", &[at("wiki.example", None, None)]);
    wiki.name = "The wiki".into();
    // No source address is known here, so none is in the range.
    wiki.rules[0].source_ranges = Some(vec!["10.0.0.0/8".into()]);
    world.load(vec![wiki]);
    let cookie = world.session_cookie();
    let denied = world.send(&with(navigate("wiki.example", "/"), &[("cookie", &cookie)]));
    let parts = [
        "<h1>No access to The wiki</h1>",
        "You are signed in as ana@example.com.",
        "<a class=\"act\" href=\"https://wiki.example/.access/login\">Use another account</a>",
    ];
    contains_all(&page(denied), &parts);

    let account = r#"{"status":403,"reason":"policy_denied","account":"bob@example.com"}"#;
    let body = callback_refused(account);
    contains_all(&body, &["No access to a", "signed in as bob@example.com"]);
    let older = callback_refused(r#"{"status":403,"reason":"policy_denied"}"#);
    contains_all(&older, &["Your account has no access to a."]);
}

#[test]
fn s13_a_blocked_user_is_told_until_when() {
    let body = callback_refused(r#"{"status":403,"reason":"user_blocked","retry_after":90}"#);
    let parts = [
        "<p data-wait=\"90\">You can try again at 16:14:30 UTC.</p>",
        "<a class=\"act\" href=\"https://wiki.example/.access/login\">Try again</a>",
    ];
    contains_all(&body, &parts);
    assert!(!body.contains("data-auto>"), "{body}");
}

#[test]
fn each_cause_of_nothing_here_has_a_text_of_its_own() {
    let mut world = World::new();
    let mut title = |host: &str, path: &str| {
        let page = page(world.send(&navigate(host, path)));
        let (_, rest) = page.split_once("<h1>").unwrap();
        rest.split_once("</h1>").unwrap().0.to_owned()
    };
    assert_eq!(title("wiki.example", "/.access/x"), "Page not found");
    assert_eq!(title("other.example", "/"), "No application here");
    assert_eq!(
        title("wiki.example", "/%2525252e"),
        "This address does not work"
    );
}

/// The page at the end of a login whose code the control service refuses.
fn callback_refused(problem: &str) -> String {
    let mut world = World::new();
    let (cookie, state) = begin_login(&mut world, "none");
    let path = format!("/.access/callback?code=c0de&state={state}");
    world.send(&with(
        navigate("wiki.example", &path),
        &[("cookie", &cookie)],
    ));
    page(world.answer(Some(403), problem.as_bytes()).unwrap())
}
