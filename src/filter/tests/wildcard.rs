//! One application on every hostname one label below a domain.

use super::*;

fn world() -> World {
    let mut world = World::new();
    let mut exact = wire("b", &[at("exact.preview.example", None, None)]);
    exact.binding = false;
    world.load(vec![
        wire("a", &[at("*.preview.example", None, None)]),
        exact,
    ]);
    world
}

/// Begins a login on a host; the attempt's cookie and the redirect.
fn begin(world: &mut World, host: &str) -> (String, String) {
    let reply = reply(world.send(&navigate(host, "/a")));
    let cookie = all(&reply, "set-cookie")[0].split(';').next().unwrap();
    (cookie.to_owned(), all(&reply, "location")[0].to_owned())
}

fn state_of(location: &str) -> &str {
    let state = location.split("state=").nth(1).unwrap();
    state.split('&').next().unwrap()
}

#[test]
fn a_login_begins_and_ends_on_the_host_that_was_asked() {
    let mut world = world();
    let (cookie, location) = begin(&mut world, "One.preview.example");
    let origin = "&origin=https%3A%2F%2Fone.preview.example&return_to=%2Fa&";
    assert!(location.contains(origin), "{location}");

    let path = format!("/.access/callback?code=c0de&state={}", state_of(&location));
    let back = with(
        navigate("one.preview.example", &path),
        &[("cookie", &cookie)],
    );
    let Effect::Call(call) = world.send(&back) else {
        panic!()
    };
    let body: serde_json::Value = serde_json::from_str(&call.body).unwrap();
    assert_eq!(body["origin"], "https://one.preview.example");
    let answer = exchange_answer(&world, SameSite::Lax);
    let reply = reply(world.answer(Some(200), &answer).unwrap());
    assert_eq!(all(&reply, "location"), ["https://one.preview.example/a"]);
    for cookie in all(&reply, "set-cookie") {
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        assert!(!cookie.to_ascii_lowercase().contains("domain"), "{cookie}");
    }
}

#[test]
fn an_attempt_of_a_sibling_host_is_none() {
    let mut world = world();
    let (_, location) = begin(&mut world, "one.preview.example");
    // The browser keeps the attempt's cookie on its host, so the sibling does not see it.
    let path = format!("/.access/callback?code=c0de&state={}", state_of(&location));
    let Effect::Call(call) = world.send(&navigate("two.preview.example", &path)) else {
        panic!()
    };
    let body: serde_json::Value = serde_json::from_str(&call.body).unwrap();
    assert_eq!(body["code_verifier"], serde_json::Value::Null, "burnt");
    let answered = world.answer(Some(204), b"").unwrap();
    assert_eq!(status(answered), (400, "state_unknown"));

    // If a client sends the cookie all the same, the exchange names the sibling, for which the
    // code is not.
    let (cookie, location) = begin(&mut world, "one.preview.example");
    let path = format!("/.access/callback?code=c0de&state={}", state_of(&location));
    let moved = with(
        navigate("two.preview.example", &path),
        &[("cookie", &cookie)],
    );
    let Effect::Call(call) = world.send(&moved) else {
        panic!()
    };
    let body: serde_json::Value = serde_json::from_str(&call.body).unwrap();
    assert_eq!(body["origin"], "https://two.preview.example");

    // Nor is it an attempt at another application under the wildcard.
    let moved = with(
        navigate("exact.preview.example", &path),
        &[("cookie", &cookie)],
    );
    let Effect::Call(call) = world.send(&moved) else {
        panic!()
    };
    let body: serde_json::Value = serde_json::from_str(&call.body).unwrap();
    assert_eq!(body["code_verifier"], serde_json::Value::Null, "burnt");
}

#[test]
fn nobody_returns_to_a_sibling_host() {
    let mut world = world();
    for target in [
        "https://two.preview.example/",
        "//two.preview.example/",
        "/\\two.preview.example/",
    ] {
        let target = crate::reply::percent_encode(target.as_bytes());
        let path = format!("/.access/login?return_to={target}");
        let reply = reply(world.send(&navigate("one.preview.example", &path)));
        let location = all(&reply, "location")[0];
        assert!(location.contains("&return_to=%2F&"), "{target}: {location}");
    }
    let htmx = with(
        get("one.preview.example", "/x"),
        &[
            ("hx-request", "true"),
            ("hx-current-url", "https://two.preview.example/page"),
        ],
    );
    let reply = reply(world.send(&htmx));
    let login = "https://one.preview.example/.access/login";
    assert_eq!(all(&reply, "hx-redirect"), [login]);
}

#[test]
fn a_session_is_good_on_every_host_of_its_application_and_no_other() {
    let mut world = world();
    let cookie = world.session_cookie();
    for (host, expected) in [
        ("one.preview.example", None),
        ("two.preview.example", None),
        ("exact.preview.example", Some((401, "token_not_for_here"))),
        ("preview.example", Some((403, "unknown_host"))),
        ("x.one.preview.example", Some((403, "unknown_host"))),
        ("one.preview.example:8443", Some((403, "no_application"))),
        ("*.preview.example", Some((400, "host_invalid"))),
        (".preview.example", Some((400, "host_invalid"))),
    ] {
        let effect = world.send(&with(get(host, "/"), &[("cookie", &cookie)]));
        match expected {
            None => assert!(matches!(effect, Effect::Continue(_)), "{host}: {effect:?}"),
            Some(expected) => assert_eq!(status(effect), expected, "{host}"),
        }
    }
}

#[test]
fn the_team_domain_is_no_application_under_a_wildcard() {
    let mut world = World::new();
    world.load(vec![wire("a", &[at("*.example.com", None, None)])]);
    let cookie = world.session_cookie();
    for host in [
        "team.example.com",
        "TEAM.example.com.",
        "team.example.com:8443",
    ] {
        let request = with(get(host, "/login"), &[("cookie", &cookie)]);
        assert_eq!(
            status(world.send(&request)),
            (403, "unknown_host"),
            "{host}"
        );
    }
}

#[test]
fn a_stream_ends_when_another_application_takes_its_host() {
    let mut world = world();
    let cookie = world.session_cookie();
    let stream = with(
        get("one.preview.example", "/events"),
        &[("cookie", &cookie), ("accept", "text/event-stream")],
    );
    assert!(matches!(world.send(&stream), Effect::Continue(_)));
    let cut = |world: &mut World| {
        world.now = UnixMillis::new(world.now.get() + 2_000);
        let now = world.now;
        world.filter.cuts(now, 32)
    };
    assert!(cut(&mut world).is_empty());
    world.version += 1;
    world.load(vec![
        wire("a", &[at("*.preview.example", None, None)]),
        wire("b", &[at("one.preview.example", None, None)]),
    ]);
    let ended = cut(&mut world);
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0].reply.reason, "token_not_for_here");
}
