//! Signing out.

use super::*;
use crate::protocol::claims::TokenUse;

#[test]
fn only_the_application_itself_can_sign_out() {
    let mut world = World::new();
    let cookie = world.session_cookie();
    let post = vec![
        (":method", "POST"),
        (":authority", "wiki.example"),
        (":path", "/.access/logout"),
        ("cookie", cookie.as_str()),
    ];
    for (more, allowed) in [
        (&[("sec-fetch-site", "same-origin")][..], true),
        (
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://wiki.example"),
            ],
            false,
        ),
        (&[("sec-fetch-site", "same-site")], false),
        (&[("origin", "https://wiki.example")], true),
        (&[("origin", "https://evil.example")], false),
        (&[], false),
    ] {
        let effect = world.send(&with(post.clone(), more));
        assert_eq!(
            matches!(effect, Effect::Call(_)),
            allowed,
            "{more:?} {effect:?}"
        );
        if !allowed {
            assert_eq!(status(effect), (403, "logout_cross_site"));
        }
    }
    let asked = with(
        navigate("wiki.example", "/.access/logout"),
        &[("cookie", &cookie)],
    );
    assert_eq!(status(world.send(&asked)), (200, "logout_page"));
}

#[test]
fn logout_reports_only_what_has_happened() {
    let mut world = World::new();
    let cookie = world.session_cookie();
    let mut send = |answer: Option<u16>, body: &str| {
        let post = [
            (":method", "POST"),
            (":authority", "wiki.example"),
            (":path", "/.access/logout"),
            ("cookie", cookie.as_str()),
            ("sec-fetch-site", "same-origin"),
        ];
        let Effect::Call(call) = world.send(&post) else {
            panic!()
        };
        assert!(call.name == "logout" && call.body.contains(&binding()));
        reply(world.answer(answer, body.as_bytes()).unwrap())
    };
    let done = send(Some(204), "");
    assert_eq!(
        (done.status, done.reason, all(&done, "set-cookie").len()),
        (200, "signed_out", 2)
    );
    for (answer, body) in [
        (None, ""),
        (Some(500), ""),
        (Some(403), r#"{"status":403,"reason":"binding_mismatch"}"#),
    ] {
        let failed = send(answer, body);
        assert_eq!((failed.status, all(&failed, "set-cookie").len()), (503, 0));
    }
    let stolen = format!("__Host-access_token={}", world.token(|_| ()));
    let post = [
        (":method", "POST"),
        (":authority", "wiki.example"),
        (":path", "/.access/logout"),
        ("cookie", stolen.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    assert_eq!(status(world.send(&post)), (403, "binding_missing"));
}

#[test]
fn logout_does_not_depend_on_the_policy() {
    let post = |cookie: &str| {
        vec![
            (":method".to_owned(), "POST".to_owned()),
            (":authority".to_owned(), "wiki.example".to_owned()),
            (":path".to_owned(), "/.access/logout".to_owned()),
            ("sec-fetch-site".to_owned(), "same-origin".to_owned()),
            ("cookie".to_owned(), cookie.to_owned()),
        ]
    };
    let send = |world: &mut World, cookie: &str| {
        let fields = post(cookie);
        let fields: Vec<_> = fields
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        world.send(&fields)
    };
    let mut world = World::new();
    let gone = world.token(|claims| claims.rule = "gone".into());
    let cookie = format!(
        "__Host-access_token={gone}; __Host-access_binding={}",
        binding()
    );
    assert!(
        matches!(send(&mut world, &cookie), Effect::Call(_)),
        "the rule is gone"
    );
    world.with_moment(|filter, _| filter.forget(1));
    for cookie in ["x=1", "__Host-access_token=a.b.c"] {
        let reply = reply(send(&mut world, cookie));
        assert_eq!((reply.status, reply.reason), (200, "no_session_to_end"));
        assert!(reply.body.contains("https://team.example.com/logout"));
        assert!(!reply.body.contains("every application"));
    }
    world.revoke(Subject::User(claims().sub));
    let revoked = world.session_cookie();
    assert_eq!(status(send(&mut world, &revoked)), (200, "signed_out"));
}

#[test]
fn s19_a_token_for_scripts_cannot_sign_out() {
    let mut world = World::without_feed(CONFIG);
    let mut scripts = wire("a", &[at("wiki.example", None, None)]);
    scripts.header_tokens = true;
    world.load(vec![scripts]);
    let token = world.token(|claims| {
        (claims.usage, claims.cnf) = (Some(TokenUse::Header), None);
    });
    let bearer = format!("Bearer {token}");
    let as_cookie = format!("__Host-access_token={token}");
    let post = [
        (":method", "POST"),
        (":authority", "wiki.example"),
        (":path", "/.access/logout"),
        ("sec-fetch-site", "same-origin"),
    ];
    for field in [
        ("x-access-token", token.as_str()),
        ("authorization", &bearer),
    ] {
        let reply = reply(world.send(&with(post.to_vec(), &[field])));
        assert_eq!((reply.status, reply.reason), (403, "token_not_for_here"));
        assert!(all(&reply, "set-cookie").is_empty());
        assert!(!reply.body.contains(&token));
    }
    let effect = world.send(&with(post.to_vec(), &[("cookie", &as_cookie)]));
    assert_eq!(status(effect), (200, "no_session_to_end"));

    // Beside the session of a browser it takes nothing away.
    let session = world.session_cookie();
    let both = [("x-access-token", token.as_str()), ("cookie", &session)];
    let Effect::Call(call) = world.send(&with(post.to_vec(), &both)) else {
        panic!()
    };
    assert!(call.name == "logout" && !call.body.contains(&token));
}
