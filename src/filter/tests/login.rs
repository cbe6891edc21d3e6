//! The way through the login: attempts, callbacks, exchanges.

use super::*;

#[test]
fn a_navigation_without_session_is_redirected_to_the_login() {
    let mut world = World::new();
    let reply = reply(world.send(&navigate("wiki.example", "/a?b=c")));
    assert_eq!((reply.status, reply.reason), (302, "no_session"));
    let location = all(&reply, "location")[0];
    let audience = "a".repeat(64);
    assert!(
        location.starts_with(&format!(
            "https://team.example.com/login?app={audience}&origin=https%3A%2F%2Fwiki.example\
         &return_to=%2Fa%3Fb%3Dc&state=01020304."
        )),
        "{location}"
    );
    let cookies = all(&reply, "set-cookie");
    assert!(cookies.len() == 1 && cookies[0].starts_with("__Host-access_login_01020304=x0"));
    assert!(cookies[0].ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=600"));
    assert_eq!(all(&reply, "cache-control"), ["no-store"]);
}

#[test]
fn return_to_is_never_another_place() {
    let mut world = World::new();
    for path in [
        "//evil.example/x",
        "/\\evil.example",
        "/.accessible/../..//evil",
    ] {
        let effect = world.send(&navigate("wiki.example", path));
        let Effect::Reply(reply) = effect else {
            panic!()
        };
        if reply.status == 302 {
            let location = all(&reply, "location")[0];
            assert!(
                location.contains("&return_to=%2F&") || path.starts_with("/.accessible"),
                "{location}"
            );
        }
    }
    for target in [
        "https://evil.example",
        "//evil.example",
        "/.access/logout",
        "/x/../.access/logout",
        "/%2eaccess/logout",
    ] {
        let path = format!(
            "/.access/login?return_to={}",
            crate::reply::percent_encode(target.as_bytes())
        );
        let reply = reply(world.send(&navigate("wiki.example", &path)));
        assert!(
            all(&reply, "location")[0].contains("&return_to=%2F&"),
            "{target}"
        );
    }
}

#[test]
fn b07_a_backslash_in_the_query_of_a_deep_link_is_kept() {
    let mut world = World::new();
    let reply = reply(world.send(&navigate("wiki.example", "/x?a=b\\c")));
    let location = all(&reply, "location")[0];
    assert!(
        location.contains("&return_to=%2Fx%3Fa%3Db%255Cc&"),
        "{location}"
    );
}

#[test]
fn a_callback_exchanges_its_code_and_sets_the_cookies() {
    let mut world = World::new();
    let (cookie, state) = begin_login(&mut world, "none");
    let path = format!("/.access/callback?code=c0de&state={state}");
    let effect = world.send(&with(
        navigate("wiki.example", &path),
        &[("cookie", &cookie)],
    ));
    let Effect::Call(call) = effect else {
        panic!("{effect:?}")
    };
    assert_eq!(call.name, "exchange");
    let body: serde_json::Value = serde_json::from_str(&call.body).unwrap();
    assert_eq!(body["code"], "c0de");
    assert_eq!(body["origin"], "https://wiki.example");
    assert_eq!(body["code_verifier"].as_str().unwrap().len(), 43);
    let answer = exchange_answer(&world, SameSite::Lax);
    let reply = reply(world.answer(Some(200), &answer).unwrap());
    assert_eq!((reply.status, reply.reason), (302, "signed_in"));
    assert_eq!(all(&reply, "location"), ["https://wiki.example/a"]);
    let cookies = all(&reply, "set-cookie");
    assert!(
        cookies[0].starts_with("__Host-access_token=ey")
            && cookies[0].contains("; HttpOnly; SameSite=Lax;")
    );
    assert!(cookies[0].ends_with("Max-Age=6000"));
    assert!(cookies[1].starts_with(&format!("__Host-access_binding={}; HttpOnly;", binding())));
    assert!(
        cookies[2].starts_with("__Host-access_login_01020304=; ")
            && cookies[2].ends_with("Max-Age=0")
    );
    assert!(
        world.answer(Some(200), &answer).is_none(),
        "an ended request cannot be driven again"
    );
}

#[test]
fn a_form_that_was_sent_twice_signs_in_twice() {
    let mut world = World::new();
    let (cookie, state) = begin_login(&mut world, "none");
    // The browser has dropped the first answer, and follows the second.
    for code in ["f1rst", "sec0nd"] {
        let path = format!("/.access/callback?code={code}&state={state}");
        world.send(&with(
            navigate("wiki.example", &path),
            &[("cookie", &cookie)],
        ));
        let answer = exchange_answer(&world, SameSite::Lax);
        let answered = world.answer(Some(200), &answer).unwrap();
        assert_eq!(status(answered), (302, "signed_in"));
    }
}

#[test]
fn a_foreign_state_burns_the_code() {
    let mut world = World::new();
    let (cookie, state) = begin_login(&mut world, "none");
    let right = format!("/.access/callback?code=c0de&state={state}");
    let wrong = right.replace("state=01", "state=02");
    let other_host = "/.access/callback?code=c0de&state=".to_owned() + &state;
    for (host, path, cookie) in [
        ("wiki.example", &wrong, cookie.as_str()),
        ("wiki.example", &right, "x=1"),
        ("notes.example", &other_host, cookie.as_str()),
    ] {
        let effect = world.send(&with(navigate(host, path), &[("cookie", cookie)]));
        let Effect::Call(call) = effect else {
            panic!("{effect:?}")
        };
        assert!(!call.body.contains("code_verifier"), "{}", call.body);
        assert_eq!(
            status(world.answer(Some(204), b"").unwrap()),
            (400, "state_unknown")
        );
    }
    let no_code = format!("/.access/callback?state={state}");
    assert_eq!(
        status(world.send(&with(
            navigate("wiki.example", &no_code),
            &[("cookie", &cookie)]
        ))),
        (400, "code_missing")
    );
    let prefetch = with(
        navigate("wiki.example", &right),
        &[("cookie", &cookie), ("sec-purpose", "prefetch")],
    );
    assert_eq!(status(world.send(&prefetch)), (401, "prefetch"));
}

#[test]
fn an_exchanged_token_is_judged_like_any_other() {
    let mut world = World::new();
    for (change, reason) in [
        (
            (|c: &mut ApplicationClaims| c.aud = vec!["b".repeat(64)])
                as fn(&mut ApplicationClaims),
            "token_not_for_here",
        ),
        (|c| c.exp = UnixSeconds::new(1), "session_expired"),
        (|c| c.cnf = None, "binding_missing"),
    ] {
        let (cookie, state) = begin_login(&mut world, "none");
        let path = format!("/.access/callback?code=c0de&state={state}");
        world.send(&with(
            navigate("wiki.example", &path),
            &[("cookie", &cookie)],
        ));
        let mut answer: ExchangeAnswer =
            serde_json::from_slice(&exchange_answer(&world, SameSite::Lax)).unwrap();
        answer.token = world.token(change);
        let reply = reply(
            world
                .answer(Some(200), &serde_json::to_vec(&answer).unwrap())
                .unwrap(),
        );
        assert_eq!((reply.status, reply.reason), (502, reason));
        assert!(all(&reply, "set-cookie").is_empty());
    }
}

#[test]
fn what_the_control_service_may_answer_to_a_code() {
    let problem = |status: u16, reason: &str| {
        format!(r#"{{"type":"about:blank","title":"t","status":{status},"reason":"{reason}"}}"#)
    };
    for (status_code, body, expected) in [
        (
            Some(400),
            problem(400, "code_unknown"),
            (400, "code_unknown"),
        ),
        (
            Some(400),
            problem(400, "code_mismatch"),
            (400, "code_mismatch"),
        ),
        (
            Some(403),
            problem(403, "user_blocked"),
            (403, "user_blocked"),
        ),
        (
            Some(403),
            problem(403, "policy_denied"),
            (403, "policy_denied"),
        ),
        (
            Some(403),
            problem(403, "session_ended"),
            (400, "session_ended"),
        ),
        (
            Some(403),
            problem(403, "login_required"),
            (403, "login_required"),
        ),
        (
            Some(401),
            problem(401, "credential_invalid"),
            (503, "control_unavailable"),
        ),
        (Some(500), String::new(), (503, "control_unavailable")),
        (Some(200), "{}".into(), (503, "control_unavailable")),
        (Some(302), String::new(), (503, "control_unavailable")),
        (None, String::new(), (503, "control_unavailable")),
    ] {
        let mut world = World::new();
        let (cookie, state) = begin_login(&mut world, "none");
        let path = format!("/.access/callback?code=c0de&state={state}");
        world.send(&with(
            navigate("wiki.example", &path),
            &[("cookie", &cookie)],
        ));
        assert_eq!(
            status(world.answer(status_code, body.as_bytes()).unwrap()),
            expected
        );
    }
}

#[test]
fn a_call_that_is_never_answered_has_a_deadline() {
    let mut world = World::new();
    let (cookie, state) = begin_login(&mut world, "none");
    let path = format!("/.access/callback?code=c0de&state={state}");
    world.send(&with(
        navigate("wiki.example", &path),
        &[("cookie", &cookie)],
    ));
    world.now += Duration::from_millis(2_500);
    assert_eq!(status(world.wake().unwrap()), (503, "control_unavailable"));
    assert!(world.answer(Some(200), b"{}").is_none());
}

#[test]
fn strict_cookies_are_followed_by_a_page_of_the_same_site() {
    for (site, moves_on) in [("same-origin", true), ("cross-site", false)] {
        let mut world = World::new();
        let (cookie, state) = begin_login(&mut world, site);
        let path = format!("/.access/callback?code=c0de&state={state}");
        world.send(&with(
            navigate("wiki.example", &path),
            &[("cookie", &cookie)],
        ));
        let answer = exchange_answer(&world, SameSite::Strict);
        let reply = reply(world.answer(Some(200), &answer).unwrap());
        assert_eq!(reply.status, 200);
        assert_eq!(reply.body.contains("http-equiv=\"refresh\""), moves_on);
        assert!(reply.body.contains("href=\"https://wiki.example/a\""));
    }
}

#[test]
fn a_login_that_loops_ends_in_a_page() {
    let mut world = World::new();
    let (cookie, state) = begin_login(&mut world, "none");
    let path = format!("/.access/callback?code=c0de&state={state}");
    let now = NOW.to_seconds().get();
    let returns = |n: u64| {
        (0..n)
            .map(|i| (now - i).to_string())
            .collect::<Vec<_>>()
            .join(".")
    };
    let mut send = |n| {
        let line = format!("{cookie}; __Host-access_returns={}", returns(n));
        world.send(&with(navigate("wiki.example", &path), &[("cookie", &line)]))
    };
    assert!(matches!(send(4), Effect::Call(_)));
    let page = reply(send(5));
    assert_eq!((page.status, page.reason), (400, "login_loop"));
    // The code is still good, and knows the page: the link is this address itself.
    let again = "<a class=\"act\" href=\"\">Try again</a>";
    assert!(page.body.contains(again), "{}", page.body);
}

#[test]
fn codes_of_strangers_cannot_use_up_all_calls() {
    let mut world = World::new();
    let (cookie, state) = begin_login(&mut world, "none");
    let burn = navigate("wiki.example", "/.access/callback?code=c0de&state=x.y");
    let mut called = 0;
    for stream in 100..200 {
        let effect = with_head(&burn, |head| {
            world.with_moment(|filter, moment| filter.begin(stream, head, moment))
        });
        called += usize::from(matches!(effect, Effect::Call(_)));
    }
    assert_eq!(called, MAX_BURNS);
    // Nor the codes of a browser that has a session: of all tabs that come back at once.
    let session = world.session_cookie();
    let of_a_tab = with(burn, &[("cookie", &session)]);
    let effect = with_head(&of_a_tab, |head| {
        world.with_moment(|filter, moment| filter.begin(200, head, moment))
    });
    assert!(matches!(effect, Effect::Call(_)), "{effect:?}");
    let path = format!("/.access/callback?code=c0de&state={state}");
    let effect = world.send(&with(
        navigate("wiki.example", &path),
        &[("cookie", &cookie)],
    ));
    assert!(matches!(effect, Effect::Call(_)));
}

#[test]
fn sign_ins_of_strangers_leave_calls_for_who_is_signed_in() {
    let mut world = World::new();
    let (cookie, state) = begin_login(&mut world, "none");
    let path = format!("/.access/callback?code=c0de&state={state}");
    let exchange = with(navigate("wiki.example", &path), &[("cookie", &cookie)]);
    let burn = navigate("wiki.example", "/.access/callback?code=c0de&state=x.y");
    let session = world.session_cookie();
    let mut begin = |stream, fields: &[(&str, &str)]| {
        let effect = with_head(fields, |head| {
            world.with_moment(|filter, moment| filter.begin(stream, head, moment))
        });
        matches!(effect, Effect::Call(_))
    };
    assert!(begin(99, &burn), "both are counted together");
    let called = (100..200)
        .filter(|stream| begin(*stream, &exchange))
        .count();
    assert_eq!(called, MAX_CALLS_OF_STRANGERS - 1);
    assert!(!begin(200, &burn));
    let both = format!("{session}; {cookie}");
    assert!(begin(
        201,
        &with(navigate("wiki.example", &path), &[("cookie", &both)])
    ));
    assert!(begin(202, &with(burn, &[("cookie", &session)])));
    let logout = [
        (":method", "POST"),
        (":authority", "wiki.example"),
        (":path", "/.access/logout"),
        ("sec-fetch-site", "same-origin"),
        ("cookie", session.as_str()),
    ];
    assert!(begin(203, &logout));
}

#[test]
fn a_login_begins_for_people_only() {
    let mut world = World::new();
    for (more, expected) in [
        (&[("sec-fetch-mode", "navigate")][..], 302),
        (&[], 302),
        (
            &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")],
            401,
        ),
        (
            &[("sec-fetch-mode", "navigate"), ("sec-purpose", "prefetch")],
            401,
        ),
        (&[("x-requested-with", "XMLHttpRequest")], 401),
    ] {
        let effect = world.send(&with(get("wiki.example", "/.access/login"), more));
        assert_eq!(reply(effect).status, expected, "{more:?}");
    }
}

#[test]
fn the_login_of_a_host_with_paths_is_that_of_its_root() {
    let mut world = World::without_feed(CONFIG);
    world.load(vec![
        wire("a", &[at("wiki.example", None, None)]),
        wire("b", &[at("wiki.example", None, Some("/b"))]),
    ]);
    for (path, letter) in [
        ("/.access/login", "a"),
        ("/.access/login?return_to=%2Fx", "a"),
        ("/.access/login?return_to=%2Fb%2Fx", "b"),
        ("/.access/login?return_to=%2F%2Fb%2Fx", "a"),
    ] {
        let reply = reply(world.send(&navigate("wiki.example", path)));
        let audience = format!("app={}&", letter.repeat(64));
        assert!(all(&reply, "location")[0].contains(&audience), "{path}");
    }
}
