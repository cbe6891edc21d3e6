//! Who may read the filter's replies across origins: whatever the application lists, for every reply.

use super::*;

const LISTED: &str = "https://app.example";
const BY_SCRIPT: [(&str, &str); 2] = [("origin", LISTED), ("sec-fetch-mode", "cors")];

/// An application that lists an origin, another on its hostname that lists none, and a third that has
/// a hostname of its own.
fn applications() -> Vec<FeedApplication> {
    let listing = |letter, place| {
        let mut application = wire(letter, &[place]);
        application.cors_origins = vec!["https://first.example".into(), LISTED.into()];
        application.binding = letter == "a";
        application
    };
    vec![
        listing("a", at("wiki.example", None, None)),
        listing("b", at("shared.example", None, None)),
        wire("c", &[at("shared.example", None, Some("/other"))]),
    ]
}

fn world() -> World {
    let mut world = World::without_feed(CONFIG);
    world.load(applications());
    world
}

fn ask(world: &mut World, host: &str, path: &str, more: &[(&str, &str)]) -> Effect {
    world.send(&with(with(get(host, path), &BY_SCRIPT), more))
}

fn ensure_readable(reply: &Reply) {
    let why = reply.reason;
    assert_eq!(all(reply, "access-control-allow-origin"), [LISTED], "{why}");
    let credentials = all(reply, "access-control-allow-credentials");
    assert_eq!(credentials, ["true"], "{why}");
    let exposed = all(reply, "access-control-expose-headers");
    assert_eq!(exposed, ["www-authenticate, retry-after"], "{why}");
    assert!(all(reply, "vary")[0].contains("Origin"), "{why}");
    assert_eq!(all(reply, "vary").len(), 1, "{why}");
}

fn ensure_hidden(reply: &Reply) {
    let granting = |(name, _): &&(&str, String)| name.starts_with("access-control");
    assert_eq!(
        reply.headers.iter().find(granting),
        None,
        "{}",
        reply.reason
    );
}

#[test]
fn s20_and_b01_every_refusal_is_readable_for_listed_origins() {
    let mut world = world();
    let session = world.session_cookie();
    for (path, cookie, status, reason) in [
        ("/api", "", 401, "no_session"),
        ("/a/%2525252525", "", 400, "path_ambiguous"),
        ("/.access/nothing", &session, 404, "endpoint_unknown"),
        ("/.access/identity", "", 401, "no_session"),
        ("/.access/identity", &session, 200, "identity"),
        ("/.access/callback", "", 400, "code_missing"),
        ("/.access/login", "", 401, "no_session"),
        ("/.access/portcullis.js", "", 200, "script"),
    ] {
        let reply = reply(ask(&mut world, "wiki.example", path, &[("cookie", cookie)]));
        assert_eq!((reply.status, reply.reason), (status, reason), "{path}");
        ensure_readable(&reply);
    }
    let post = [(":method", "POST"), (":authority", "wiki.example")];
    let post = with(
        with(post.to_vec(), &[(":path", "/.access/logout")]),
        &BY_SCRIPT,
    );
    ensure_readable(&reply(world.send(&post)));

    world.now += Duration::from_millis(300_001);
    let stale = reply(ask(&mut world, "wiki.example", "/api", &[]));
    assert_eq!((stale.status, stale.reason), (503, "stale"));
    assert_eq!(all(&stale, "retry-after"), ["1"]);
    ensure_readable(&stale);
}

#[test]
fn s20_a_reply_that_took_a_while_is_readable_too() {
    let mut world = World::without_feed(CONFIG);
    assert_eq!(ask(&mut world, "wiki.example", "/api", &[]), Effect::Pause);
    world.load(applications());
    ensure_readable(&reply(world.wake().unwrap()));

    // For a key that does not come.
    let stranger = Signer::new().sign(&claims());
    let cookie = format!("__Host-access_token={stranger}");
    let effect = ask(&mut world, "wiki.example", "/api", &[("cookie", &cookie)]);
    assert_eq!(effect, Effect::Pause);
    world.now += FEED_WAIT;
    let refused = reply(world.wake().unwrap());
    assert_eq!((refused.status, refused.reason), (401, "key_unknown"));
    ensure_readable(&refused);

    // A call that is not answered, and one that burns a code.
    let (cookie, state) = begin_login(&mut world, "none");
    let path = format!("/.access/callback?code=c0de&state={state}");
    for cookie in [cookie.as_str(), ""] {
        let effect = ask(&mut world, "wiki.example", &path, &[("cookie", cookie)]);
        assert!(matches!(effect, Effect::Call(_)), "{effect:?}");
        let reply = reply(world.answer(Some(503), b"").unwrap());
        assert!(reply.status >= 400);
        ensure_readable(&reply);
    }

    let cookie = world.session_cookie();
    world.now += Duration::from_secs(700);
    world.revoke(Subject::User("somebody-else".into()));
    let effect = ask(&mut world, "wiki.example", "/api", &[("cookie", &cookie)]);
    assert_eq!(effect, Effect::AwaitRoot);
    let calls = world.filter.root_calls(world.now);
    let answer = CallAnswer::none();
    world
        .filter
        .root_call_answered(calls[0].id, answer, world.now);
    ensure_readable(&reply(world.wake().unwrap()));
}

#[test]
fn s20_a_request_that_is_cut_is_readable_too() {
    let mut world = world();
    let cookie = world.session_cookie();
    for (stream, origin) in [(1, LISTED), (2, "https://evil.example")] {
        let fields = with(
            get("wiki.example", "/"),
            &[("cookie", &cookie), ("origin", origin)],
        );
        let effect = with_head(&fields, |head| {
            world.with_moment(|filter, moment| filter.begin(stream, head, moment))
        });
        assert!(matches!(effect, Effect::Continue(_)), "{effect:?}");
    }
    world.revoke(Subject::Session(claims().sid));
    let cuts = world.filter.cuts(world.now, MAX_EFFECTS);
    assert_eq!(cuts.len(), 2);
    for cut in cuts {
        match cut.stream {
            1 => ensure_readable(&cut.reply),
            _ => ensure_hidden(&cut.reply),
        }
    }
}

#[test]
fn s20_no_other_origin_reads_anything() {
    let mut world = world();
    let session = world.session_cookie();
    for origin in [
        "https://evil.example",
        "null",
        "",
        "https://app.example.evil.example",
    ] {
        for path in [
            "/api",
            "/.access/nothing",
            "/.access/identity",
            "/a/%2525252525",
        ] {
            let fields = with(
                get("wiki.example", path),
                &[("origin", origin), ("cookie", &session)],
            );
            if let Effect::Reply(reply) = world.send(&fields) {
                ensure_hidden(&reply);
            }
        }
    }
    let twice = with(
        get("wiki.example", "/api"),
        &[BY_SCRIPT[0], ("origin", LISTED)],
    );
    ensure_hidden(&reply(world.send(&twice)));
    // No application has this host.
    let elsewhere = reply(ask(&mut world, "unknown.example", "/", &[]));
    assert_eq!((elsewhere.status, elsewhere.reason), (403, "unknown_host"));
    ensure_hidden(&elsewhere);
}

#[test]
fn s20_on_a_shared_hostname_each_application_lists_its_own() {
    let mut world = world();
    ensure_readable(&reply(ask(&mut world, "shared.example", "/api", &[])));
    ensure_hidden(&reply(ask(&mut world, "shared.example", "/other/api", &[])));
    // These replies may be about any of them.
    for path in ["/.access/identity", "/.access/nothing", "/x/../other"] {
        ensure_hidden(&reply(ask(&mut world, "shared.example", path, &[])));
    }
}

#[test]
fn s20_a_page_of_a_sign_in_is_for_people_alone() {
    let mut world = world();
    // A browser without Fetch Metadata: the document holds the attempt's `state`.
    let login = "/.access/login?prompt=none";
    let silent = reply(world.send(&with(get("wiki.example", login), &[("origin", LISTED)])));
    assert_eq!((silent.status, silent.reason), (200, "silent_login"));
    ensure_hidden(&silent);
    let logout = reply(ask(&mut world, "wiki.example", "/.access/logout", &[]));
    assert_eq!(logout.status, 200);
    ensure_hidden(&logout);
}

#[test]
fn a_refused_preflight_permits_nothing() {
    let mut world = world();
    let preflight = [
        (":method", "OPTIONS"),
        (":authority", "wiki.example"),
        (":path", "/"),
        ("origin", LISTED),
        ("access-control-request-method", "PUT"),
    ];
    let refused = reply(world.send(&preflight));
    assert_eq!((refused.status, refused.reason), (403, "preflight_denied"));
    ensure_hidden(&refused);
}
