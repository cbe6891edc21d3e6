//! Login without a prompt: begun by frames of the application's own origin only, ended by a
//! message and never by a page or a way on.

use super::*;
use crate::reply::markup::hash_source;

const LOGIN: &str = "/.access/login?prompt=none&return_to=%2Fa";
const ATTEMPT: &str = "__Host-access_login_01020304";
const OWN_FRAME: [(&str, &str); 3] = [
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "iframe"),
    ("sec-fetch-site", "same-origin"),
];

/// Begins in a frame of the application's page; the attempt's cookie and state.
fn begin(world: &mut World) -> (String, String) {
    let reply = reply(world.send(&with(get("wiki.example", LOGIN), &OWN_FRAME)));
    assert_eq!((reply.status, reply.reason), (200, "silent_login"));
    let cookie = all(&reply, "set-cookie")[0].split(';').next().unwrap();
    let state = reply.body.split("state=").nth(1).unwrap();
    (
        cookie.to_owned(),
        state.split('&').next().unwrap().to_owned(),
    )
}

/// The callback of a frame, with these parameters after the state.
fn come_back(world: &mut World, (cookie, state): &(String, String), more: &str) -> Effect {
    let path = format!("/.access/callback?state={state}{more}");
    let frame = [
        ("cookie", cookie.as_str()),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-site", "cross-site"),
    ];
    world.send(&with(get("wiki.example", &path), &frame))
}

/// Fails unless the reply does nothing but say a word to its own origin.
fn ensure_message(reply: &Reply, word: &str) {
    let script = format!("data-to=\"https://wiki.example\" data-word=\"{word}\"");
    assert!(reply.body.contains(&script), "{}", reply.body);
    let policy = all(reply, "content-security-policy")[0];
    assert!(policy.ends_with("frame-ancestors 'self'"), "{policy}");
    assert!(all(reply, "location").is_empty() && !reply.body.contains("href"));
}

#[test]
fn a_frame_of_the_own_origin_begins_without_a_prompt() {
    let mut world = World::new();
    let reply = reply(world.send(&with(get("wiki.example", LOGIN), &OWN_FRAME)));
    let audience = "a".repeat(64);
    assert!(
        reply.body.contains(&format!(
            "<iframe src=\"https://team.example.com/login?app={audience}\
             &amp;origin=https%3A%2F%2Fwiki.example&amp;return_to=%2Fa&amp;state=01020304."
        )),
        "{}",
        reply.body
    );
    assert!(reply.body.contains("&amp;prompt=none\""), "{}", reply.body);
    let cookies = all(&reply, "set-cookie");
    assert!(cookies[0].starts_with(&format!("{ATTEMPT}=n0")));
    let policy = all(&reply, "content-security-policy")[0];
    assert!(policy.contains("frame-src https://team.example.com https://wiki.example;"));
    assert!(policy.ends_with("frame-ancestors 'self'"), "{policy}");
    let script = reply.body.split("https://wiki.example\">").nth(1).unwrap();
    let script = script.split("</script>").next().unwrap();
    assert!(policy.contains(&hash_source(script)), "{policy}");
}

#[test]
fn nothing_begins_for_other_frames_prefetches_and_scripts() {
    let mut world = World::new();
    let frame = |site| [OWN_FRAME[0], OWN_FRAME[1], ("sec-fetch-site", site)];
    for (more, expected) in [
        (&frame("cross-site")[..], 401),
        (&frame("same-site"), 401),
        (&frame("none"), 401),
        (
            &[OWN_FRAME[0], ("sec-fetch-dest", "object"), OWN_FRAME[2]],
            401,
        ),
        (&[OWN_FRAME[0], OWN_FRAME[1]], 401),
        (
            &[&OWN_FRAME[..], &[("sec-purpose", "prefetch")]].concat(),
            401,
        ),
        (
            &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")],
            401,
        ),
        (&[("x-requested-with", "XMLHttpRequest")], 401),
    ] {
        let reply = reply(world.send(&with(get("wiki.example", LOGIN), more)));
        assert_eq!(reply.status, expected, "{more:?}");
        assert!(all(&reply, "set-cookie").is_empty(), "{more:?}");
        assert!(!reply.body.contains("state="), "{more:?}");
    }
}

#[test]
fn a_person_who_looks_at_it_gets_the_ordinary_login() {
    let mut world = World::new();
    let reply = reply(world.send(&navigate("wiki.example", LOGIN)));
    assert_eq!((reply.status, reply.reason), (302, "login"));
    assert!(!all(&reply, "location")[0].contains("prompt"));
    for path in [
        "/.access/login?prompt=login",
        "/.access/login?prompt=none&prompt=none",
    ] {
        let effect = world.send(&with(get("wiki.example", path), &OWN_FRAME));
        assert_eq!(status(effect), (302, "login"), "{path}");
    }
}

#[test]
fn a_service_worker_and_an_old_browser_may_stand_between() {
    let mut world = World::new();
    let refetched = [OWN_FRAME[0], ("sec-fetch-dest", "empty"), OWN_FRAME[2]];
    for more in [&refetched[..], &[("accept", "text/html,*/*")]] {
        let effect = world.send(&with(get("wiki.example", LOGIN), more));
        assert_eq!(status(effect), (200, "silent_login"), "{more:?}");
    }
}

#[test]
fn the_callback_sets_the_cookies_and_leads_nowhere() {
    for same_site in [SameSite::Lax, SameSite::Strict] {
        let mut world = World::new();
        let begun = begin(&mut world);
        let effect = come_back(&mut world, &begun, "&code=c0de");
        assert!(matches!(effect, Effect::Call(_)), "{effect:?}");
        let answer = exchange_answer(&world, same_site);
        let reply = reply(world.answer(Some(200), &answer).unwrap());
        assert_eq!((reply.status, reply.reason), (200, "signed_in"));
        ensure_message(&reply, "signed_in");
        let cookies = all(&reply, "set-cookie");
        assert!(cookies[0].starts_with("__Host-access_token=ey"));
        assert!(cookies[1].starts_with("__Host-access_binding="));
        assert!(cookies[2].starts_with(&format!("{ATTEMPT}=;")));
        assert!(cookies[3].starts_with("__Host-access_returns=1795450380;"));
        let token = world.token(|_| ());
        assert!(!reply.body.contains(&token) && !reply.body.contains(&binding()));
    }
}

#[test]
fn without_a_session_the_page_gets_a_message() {
    let (no, silence) = ("login_required", "temporarily_unavailable");
    for (more, expected, word) in [
        ("&error=login_required", (401, "login_required"), no),
        ("&error=access_denied", (403, "access_denied"), no),
        ("&error=%3Cscript%3E", (400, "code_missing"), no),
        ("", (400, "code_missing"), no),
        (
            "&error=temporarily_unavailable",
            (503, "control_unavailable"),
            silence,
        ),
    ] {
        let mut world = World::new();
        let begun = begin(&mut world);
        let reply = reply(come_back(&mut world, &begun, more));
        assert_eq!((reply.status, reply.reason), expected);
        ensure_message(&reply, word);
        let cookies = all(&reply, "set-cookie");
        assert!(cookies.len() == 1 && cookies[0].starts_with(&format!("{ATTEMPT}=;")));
    }
}

#[test]
fn what_the_ordinary_callback_refuses_is_refused_here_too() {
    let mut world = World::new();
    let begun = begin(&mut world);
    let problem = br#"{"type":"about:blank","title":"t","status":403,"reason":"user_blocked"}"#;
    let silence = (503, "control_unavailable", "temporarily_unavailable");
    for (answered, body, (status, reason, word)) in [
        (
            Some(403),
            &problem[..],
            (403, "user_blocked", "login_required"),
        ),
        (Some(500), b"", silence),
        (Some(200), b"<html>", silence),
        (None, b"", silence),
    ] {
        come_back(&mut world, &begun, "&code=c0de");
        let reply = reply(world.answer(answered, body).unwrap());
        assert_eq!((reply.status, reply.reason), (status, reason));
        ensure_message(&reply, word);
    }
    come_back(&mut world, &begun, "&code=c0de");
    let mut answer: ExchangeAnswer =
        serde_json::from_slice(&exchange_answer(&world, SameSite::Lax)).unwrap();
    answer.token = world.token(|claims| claims.exp = UnixSeconds::new(1));
    let answer = serde_json::to_vec(&answer).unwrap();
    let reply = reply(world.answer(Some(200), &answer).unwrap());
    assert_eq!((reply.status, reply.reason), (502, "session_expired"));
    ensure_message(&reply, "login_required");
}

#[test]
fn silent_logins_count_against_loops() {
    let mut world = World::new();
    let (cookie, state) = begin(&mut world);
    let now = NOW.to_seconds().get();
    let returns: Vec<_> = (0..5).map(|i| (now - i).to_string()).collect();
    let line = format!("{cookie}; __Host-access_returns={}", returns.join("."));
    let reply = reply(come_back(&mut world, &(line, state), "&code=c0de"));
    assert_eq!((reply.status, reply.reason), (400, "login_loop"));
    ensure_message(&reply, "login_required");
}

#[test]
fn a_foreign_state_burns_the_code_and_tells_nothing() {
    let mut world = World::new();
    let (cookie, state) = begin(&mut world);
    for (cookie, state) in [
        (cookie.clone(), state.replace("01", "02")),
        ("x=1".to_owned(), state.clone()),
    ] {
        let effect = come_back(&mut world, &(cookie, state), "&code=c0de");
        let Effect::Call(call) = effect else {
            panic!("{effect:?}")
        };
        assert!(!call.body.contains("code_verifier"));
        let reply = reply(world.answer(Some(204), b"").unwrap());
        assert_eq!((reply.status, reply.reason), (400, "state_unknown"));
        assert!(!reply.body.contains("postMessage"));
    }
    // An error is the answer to an attempt that was silent, and to no other.
    let ordinary = begin_login(&mut world, "none");
    let offer = reply(come_back(&mut world, &ordinary, "&error=login_required"));
    assert_eq!((offer.status, offer.reason), (401, "no_session"));
    assert!(!offer.body.contains("login_required"));
    assert!(all(&offer, "set-cookie").is_empty());
}

#[test]
fn the_script_needs_no_session() {
    let mut world = World::new();
    for more in [
        &[][..],
        &[("sec-fetch-dest", "script"), ("sec-fetch-mode", "no-cors")],
    ] {
        let fields = with(get("wiki.example", "/.access/portcullis.js"), more);
        let reply = reply(world.send(&fields));
        assert_eq!((reply.status, reply.reason), (200, "script"));
        assert_eq!(
            all(&reply, "content-type"),
            ["text/javascript; charset=utf-8"]
        );
        assert_eq!(all(&reply, "cache-control"), ["public, max-age=3600"]);
        assert_eq!(all(&reply, "x-content-type-options"), ["nosniff"]);
        let tag = [("if-none-match", all(&reply, "etag")[0])];
        let again = with(get("wiki.example", "/.access/portcullis.js"), &tag);
        assert_eq!(status(world.send(&again)), (304, "script"));
    }
    let post = [
        (":method", "POST"),
        (":authority", "wiki.example"),
        (":path", "/.access/portcullis.js"),
    ];
    assert_eq!(status(world.send(&post)), (404, "endpoint_unknown"));
}
