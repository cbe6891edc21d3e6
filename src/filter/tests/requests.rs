//! Which requests continue to an origin, and how they are changed.

use super::super::identity::IDENTITY_HEADERS;
use super::*;
use crate::protocol::base64url;

#[test]
fn a_good_session_continues_with_identity_and_without_secrets() {
    let mut world = World::new();
    let cookie = world.session_cookie();
    let effect = world.send(&with(
        get("wiki.example", "/x"),
        &[
            ("cookie", &cookie),
            ("x-access-user-email", "evil@example.com"),
            ("x_access_user_id", "evil"),
            ("authorization", "Basic abc"),
        ],
    ));
    let Effect::Continue(changes) = effect else {
        panic!("{effect:?}")
    };
    assert_eq!(changes.remove, ["x-access-user-email", "x_access_user_id"]);
    assert_eq!(changes.cookies.as_ref().unwrap().left, [b"a=1"]);
    let added: Vec<_> = changes.add().collect();
    assert!(added.contains(&("x-access-user-email", "ana@example.com")));
    assert!(added.contains(&("x-access-user-id", &claims().sub)));
    let shown: Vec<_> = changes.filter_state().collect();
    let expected = [
        ("access.user_email", "ana@example.com"),
        ("access.user_id", &claims().sub),
    ];
    assert_eq!(shown, expected);
    let counted: Vec<_> = world.filter.take_counters().collect();
    assert!(
        counted.contains(&("portcullis.verdict.continue".into(), 1)),
        "{counted:?}"
    );
}

#[test]
fn no_header_is_set_that_is_not_stripped_from_the_client() {
    let mut world = World::new();
    let token = world.token(|claims| {
        claims.groups = Some(vec!["corp:it".into()]);
        claims.groups_truncated = true;
    });
    let cookie = format!(
        "__Host-access_token={token}; __Host-access_binding={}",
        binding()
    );
    let admitted = |world: &mut World, more: &[(&str, &str)]| {
        let fields = with(get("wiki.example", "/"), &[("cookie", &cookie)]);
        match world.send(&with(fields, more)) {
            Effect::Continue(changes) => changes,
            other => panic!("{other:?}"),
        }
    };
    let set: Vec<_> = admitted(&mut world, &[])
        .add()
        .map(|(name, _)| name)
        .collect();
    let table: Vec<_> = IDENTITY_HEADERS.iter().map(|header| header.name).collect();
    assert_eq!(set, table);
    for name in set {
        let changes = admitted(&mut world, &[(name, "evil")]);
        assert_eq!(changes.remove, [name]);
        assert!(changes.add().all(|(_, value)| value != "evil"));
        let trailer = crate::request::Field {
            name: name.as_bytes(),
            value: b"evil",
        };
        assert_eq!(trailers_to_remove(&[trailer]), [name]);
    }
}

#[test]
fn hosts_and_paths_without_an_application() {
    let mut world = World::new();
    for (host, path, expected) in [
        ("other.example", "/", (403, "unknown_host")),
        ("team.example.com", "/login", (403, "unknown_host")),
        ("wiki.example:8443", "/", (403, "no_application")),
        ("wiki.example", "/%2525252e", (400, "path_ambiguous")),
        ("wiki.example", "*", (400, "path_ambiguous")),
        ("wiki.example:", "/", (400, "host_invalid")),
        ("wiki.example:x", "/", (400, "host_invalid")),
        ("wiki.example..", "/", (400, "host_invalid")),
        ("wiki.example", "/.access/x", (404, "endpoint_unknown")),
        ("wiki.example", "/%2eaccess/x", (404, "endpoint_unknown")),
        (
            "wiki.example",
            "/x/../.access/login",
            (404, "endpoint_unknown"),
        ),
    ] {
        assert_eq!(
            status(world.send(&get(host, path))),
            expected,
            "{host}{path}"
        );
    }
    let passing = CONFIG.replacen('{', "{\"unknown_hosts\": \"pass\",", 1);
    let mut world = World::without_feed(&passing);
    world.load(vec![wire("a", &[at("wiki.example", None, None)])]);
    let effect = world.send(&with(
        get("other.example", "/"),
        &[("x-access-user-id", "evil")],
    ));
    let Effect::Continue(changes) = effect else {
        panic!("{effect:?}")
    };
    assert!(
        changes.unguarded && changes.identity.is_none() && changes.remove == ["x-access-user-id"]
    );
    for (host, expected) in [
        ("wiki.example:1", (403, "no_application")),
        ("wiki.example:", (400, "host_invalid")),
        ("wiki.example:0", (400, "host_invalid")),
        ("wiki.example..", (400, "host_invalid")),
        ("", (400, "host_invalid")),
    ] {
        assert_eq!(status(world.send(&get(host, "/"))), expected, "{host:?}");
    }
}

/// The token with another signature of the right length: the `n`th.
fn forged(token: &str, n: usize) -> String {
    let (signed, _) = token.rsplit_once('.').unwrap();
    format!(
        "{signed}.{}",
        base64url::encode(&[u8::try_from(n).unwrap() + 1; 64])
    )
}

fn signatures(world: &World) -> u64 {
    world.filter.authenticator.verifier.checked().in_pure_rust
}

#[test]
fn fifty_false_cookies_do_not_hide_the_good_ones() {
    let mut world = World::new();
    let token = world.token(|_| ());
    let false_ones: String = (0..50)
        .map(|n| {
            let secret = base64url::encode(&[n; 32]);
            let secret = if secret == binding() {
                "x".into()
            } else {
                secret
            };
            let token = forged(&token, n.into());
            format!("__Host-access_token={token}; __Host-access_binding={secret}; ")
        })
        .collect();
    let good = format!(
        "__Host-access_token={token}; __Host-access_binding={}",
        binding()
    );
    let cookie = format!("{false_ones}{good}");
    for expected in [51, 101] {
        let effect = world.send(&with(get("wiki.example", "/"), &[("cookie", &cookie)]));
        assert!(matches!(effect, Effect::Continue(_)), "{effect:?}");
        // The second time the good token is known.
        assert_eq!(signatures(&world), expected);
    }
}

#[test]
fn fifty_false_attempt_cookies_do_not_hide_the_good_one() {
    let mut world = World::new();
    let (cookie, state) = begin_login(&mut world, "none");
    // Of the same name, each with another secret.
    let (before, rest) = cookie.split_at(cookie.len() - 12);
    let false_ones: String = (0..50)
        .map(|n| format!("{before}{n:A>4}{}; ", &rest[4..]))
        .collect();
    let path = format!("/.access/callback?code=c0de&state={state}");
    let callback = |world: &mut World, cookie: &str| {
        world.send(&with(
            navigate("wiki.example", &path),
            &[("cookie", cookie)],
        ))
    };
    let verifier = |effect: Effect| match effect {
        Effect::Call(call) => call.body,
        other => panic!("{other:?}"),
    };
    let good = verifier(callback(&mut world, &cookie));
    assert!(good.contains("code_verifier"), "{good}");
    world.filter.forget(1);
    let hidden = format!("{false_ones}{cookie}");
    assert_eq!(verifier(callback(&mut world, &hidden)), good);
    world.filter.forget(1);
    // Without the good one, the code is only burnt.
    assert_ne!(verifier(callback(&mut world, &false_ones)), good);
}

#[test]
fn false_cookies_cost_a_bounded_number_of_signature_checks() {
    let limit = u64::from(crate::session::verifier::MAX_SIGNATURES);
    for path in ["/", "/.access/identity", "/.access/logout"] {
        let mut world = World::new();
        let token = world.token(|_| ());
        let mut cookie: String = (0..80)
            .map(|n| format!("__Host-access_token={}; ", forged(&token, n)))
            .collect();
        for n in 0..80 {
            let secret = base64url::encode(&[n + 100; 32]);
            cookie.push_str(&format!("__Host-access_binding={secret}; "));
        }
        let fields = [("cookie", cookie.as_str())];
        let effect = world.send(&with(navigate("wiki.example", path), &fields));
        assert!(matches!(effect, Effect::Reply(_)), "{path}: {effect:?}");
        assert_eq!(signatures(&world), limit, "{path}");
        // The next request has an allowance of its own.
        let cookie = world.session_cookie();
        let effect = world.send(&with(get("wiki.example", "/"), &[("cookie", &cookie)]));
        assert!(matches!(effect, Effect::Continue(_)), "{effect:?}");
    }
}

#[test]
fn a_revocation_ends_a_session_that_was_good() {
    let mut world = World::new();
    let cookie = world.session_cookie();
    let request = with(get("wiki.example", "/"), &[("cookie", &cookie)]);
    assert!(matches!(world.send(&request), Effect::Continue(_)));
    world.revoke(Subject::User(claims().sub));
    assert_eq!(status(world.send(&request)), (401, "session_revoked"));
}

#[test]
fn a_user_who_is_signed_in_is_in_no_loop() {
    let mut world = World::new();
    let session = world.session_cookie();
    let (attempt, state) = begin_login(&mut world, "none");
    let path = format!("/.access/callback?code=c0de&state={state}");
    let now = NOW.to_seconds().get();
    let line = format!("{attempt}; {session}; __Host-access_returns={now}.{now}.{now}.{now}.{now}");
    let back = with(navigate("wiki.example", &path), &[("cookie", &line)]);
    assert!(matches!(world.send(&back), Effect::Call(_)));
}

#[test]
fn identity_says_who_and_until_when() {
    let mut world = World::new();
    let cookie = world.session_cookie();
    let mine = reply(world.send(&with(
        get("wiki.example", "/.access/identity"),
        &[("cookie", &cookie)],
    )));
    let body: serde_json::Value = serde_json::from_str(&mine.body).unwrap();
    assert_eq!(
        (mine.status, &body["email"], &body["exp"]),
        (200, &"ana@example.com".into(), &claims().exp.get().into())
    );
    let nobody = world.send(&get("wiki.example", "/.access/identity"));
    assert_eq!(status(nobody), (401, "no_session"));
}

#[test]
fn applications_on_one_host_keep_their_cookies_apart() {
    let mut world = World::without_feed(CONFIG);
    world.load(vec![
        wire("a", &[at("wiki.example", None, None)]),
        wire("b", &[at("wiki.example", None, Some("/b"))]),
    ]);
    let (token, bind) = (world.token(|_| ()), binding());
    let suffix = "a".repeat(16);
    let cookie =
        format!("__Host-access_token_{suffix}={token}; __Host-access_binding_{suffix}={bind}; k=1");
    let effect = world.send(&with(get("wiki.example", "/"), &[("cookie", &cookie)]));
    let Effect::Continue(changes) = effect else {
        panic!("{effect:?}")
    };
    assert_eq!(changes.cookies.unwrap().left, [b"k=1"]);
    assert_eq!(
        status(world.send(&with(get("wiki.example", "/b/x"), &[("cookie", &cookie)]))),
        (401, "no_session")
    );
    let other = "b".repeat(16);
    let moved = cookie.replace(&suffix, &other);
    assert_eq!(
        status(world.send(&with(get("wiki.example", "/b/x"), &[("cookie", &moved)]))),
        (401, "token_not_for_here")
    );
}

#[test]
fn a_preflight_gets_what_the_application_says() {
    use crate::protocol::feed::Preflight;
    let fields = [
        (":method", "OPTIONS"),
        (":authority", "wiki.example"),
        (":path", "/"),
        ("origin", "https://app.example"),
        ("access-control-request-method", "PUT"),
    ];
    for (preflight, expected) in [
        (Preflight::Deny, 403),
        (Preflight::Answer, 204),
        (Preflight::Origin, 0),
    ] {
        let mut world = World::without_feed(CONFIG);
        let mut application = wire("a", &[at("wiki.example", None, None)]);
        application.preflight = preflight;
        application.cors_origins = vec!["https://app.example".into()];
        world.load(vec![application]);
        match world.send(&fields) {
            Effect::Continue(changes) => assert!(expected == 0 && changes.identity.is_none()),
            Effect::Reply(reply) => {
                assert_eq!(reply.status, expected);
                let allowed = all(&reply, "access-control-allow-origin").len();
                assert_eq!(allowed, usize::from(expected == 204));
                assert_eq!(
                    all(&reply, "access-control-allow-methods").len(),
                    usize::from(expected == 204)
                );
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_bypassed_request_cannot_become_another_one() {
    let mut world = World::without_feed(CONFIG);
    let mut application = wire("a", &[at("wiki.example", None, None)]);
    application.bypass = vec![crate::protocol::feed::Bypass {
        path: "/public/".into(),
        matching: crate::protocol::feed::PathMatch::Prefix,
        methods: Some(vec!["GET".into()]),
    }];
    world.load(vec![application]);
    let effect = world.send(&with(
        get("wiki.example", "/public/x"),
        &[
            ("x-http-method-override", "DELETE"),
            ("x_original_url", "/secret"),
            ("x.access.user.id", "evil"),
        ],
    ));
    let Effect::Continue(changes) = effect else {
        panic!("{effect:?}")
    };
    assert_eq!(
        changes.remove,
        [
            "x-http-method-override",
            "x_original_url",
            "x.access.user.id"
        ]
    );
    for path in [
        "/public/%u002e%u002e/secret",
        "/public/%c0%ae%c0%ae/secret",
        "/public/..%c0%afsecret",
    ] {
        assert_eq!(
            status(world.send(&get("wiki.example", path))),
            (401, "no_session"),
            "{path}"
        );
    }
}

#[test]
fn a_preflight_with_a_body_reaches_no_origin() {
    let mut world = World::without_feed(CONFIG);
    let mut application = wire("a", &[at("wiki.example", None, None)]);
    application.preflight = crate::protocol::feed::Preflight::Origin;
    world.load(vec![application]);
    let fields = [
        (":method", "OPTIONS"),
        (":authority", "wiki.example"),
        (":path", "/"),
        ("origin", "https://app.example"),
        ("access-control-request-method", "PUT"),
    ];
    let fields = fields.map(|(name, value)| crate::request::Field {
        name: name.as_bytes(),
        value: value.as_bytes(),
    });
    let head = Head::new(&fields, true);
    let effect = world.with_moment(|filter, moment| filter.begin(1, head, moment));
    assert_eq!(status(effect), (403, "preflight_denied"));
}

#[test]
fn s07_a_bypass_from_networks_passes_there_alone_and_a_session_elsewhere() {
    let mut world = World::without_feed(CONFIG);
    let mut application = wire("a", &[at("wiki.example", None, None)]);
    application.bypass_from = vec![crate::protocol::feed::BypassFrom {
        target: crate::protocol::feed::Bypass {
            path: "/metrics".into(),
            matching: crate::protocol::feed::PathMatch::Exact,
            methods: Some(vec!["GET".into()]),
        },
        source_ranges: vec!["192.0.2.0/24".into()],
    }];
    world.load(vec![application]);
    let cookie = world.session_cookie();
    for (address, cookies, passes) in [
        (Some("192.0.2.7"), "a=1", true),
        (Some("198.51.100.7"), "a=1", false),
        (None, "a=1", false),
        (Some("198.51.100.7"), cookie.as_str(), true),
    ] {
        world.address = address.map(|address| address.parse().unwrap());
        let request = with(get("wiki.example", "/metrics"), &[("cookie", cookies)]);
        match world.send(&request) {
            Effect::Continue(changes) => {
                assert!(passes, "{address:?}");
                assert_eq!(changes.identity.is_some(), cookies != "a=1");
            }
            other => assert!(!passes, "{address:?} {other:?}"),
        }
        world.filter.forget(1);
    }
}
