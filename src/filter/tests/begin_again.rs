//! A sign-in that cannot be finished begins again at the page that the user asked for.

use super::*;

/// Comes back with a code and a state of no attempt; the page for the control service's answer.
fn foreign_state(world: &mut World, cookie: &str, state: &str, (code, body): (u16, &str)) -> Reply {
    let path = format!("/.access/callback?code=c0de&state={state}");
    let effect = world.send(&with(
        navigate("wiki.example", &path),
        &[("cookie", cookie)],
    ));
    let Effect::Call(call) = effect else {
        panic!("{effect:?}")
    };
    assert!(call.name == "exchange" && !call.body.contains("code_verifier"));
    reply(world.answer(Some(code), body.as_bytes()).unwrap())
}

#[test]
fn a_foreign_state_begins_again_at_the_page_that_the_code_was_for() {
    let mut world = World::new();
    let (_, state) = begin_login(&mut world, "none");
    let burnt = (200, r#"{"return_to":"/a?b=c&d"}"#);
    for (cookie, title, label) in [
        (
            world.session_cookie(),
            "You are signed in already",
            "Continue",
        ),
        (
            "x=1".to_owned(),
            "This sign-in cannot be finished",
            "Sign in again",
        ),
    ] {
        let reply = foreign_state(&mut world, &cookie, &state, burnt);
        assert_eq!((reply.status, reply.reason), (302, "state_unknown"));
        assert!(all(&reply, "set-cookie").is_empty());
        let login = "/.access/login?again=1&return_to=%2Fa%3Fb%3Dc%26d";
        assert_eq!(all(&reply, "location"), [login]);
        // What a page requests comes from this site, with `SameSite=Strict` cookies.
        assert_eq!(reply.body, "");
        // By hand, the fragment goes along.
        let again = state.replace('.', ".again.");
        let reply = foreign_state(&mut world, &cookie, &again, burnt);
        assert_eq!(reply.status, 400);
        let link = "href=\"/.access/login?return_to=%2Fa%3Fb%3Dc%26d\"";
        for part in [link, label, "a.href+=location.hash"] {
            assert!(reply.body.contains(part), "{part}: {}", reply.body);
        }
        // Nothing is known of a code that the control service does not know.
        let reply = foreign_state(&mut world, &cookie, &state, (204, ""));
        assert!(reply.body.contains(&format!("<h1>{title}</h1>")));
        assert!(
            reply
                .body
                .contains("<a class=\"act\" href=\"/.access/login\">")
        );
        assert!(!reply.body.contains("<script>") && !reply.body.contains("http-equiv"));
    }
}

#[test]
fn a_sign_in_begins_again_by_itself_once() {
    let mut world = World::new();
    let path = "/.access/login?again=1&return_to=%2Fa";
    let begun = reply(world.send(&navigate("wiki.example", path)));
    let cookie = all(&begun, "set-cookie")[0].split(';').next().unwrap();
    let location = all(&begun, "location")[0];
    assert!(location.contains("&return_to=%2Fa&"), "{location}");
    let state = location.split("state=").nth(1).unwrap().split('&').next();
    let state = state.unwrap();
    assert!(cookie.contains("=x1") && state.contains(".again."));

    // A browser that keeps no cookies.
    let burnt = (200, r#"{"return_to":"/a"}"#);
    let page = foreign_state(&mut world, "x=1", state, burnt);
    let link = "<a class=\"act\" href=\"/.access/login?return_to=%2Fa\">Sign in again</a>";
    assert!(page.body.contains(link), "{}", page.body);
    assert!(!page.body.contains("http-equiv"), "{}", page.body);
    // Without a state it cannot be known whether it is the first time.
    let effect = world.send(&navigate("wiki.example", "/.access/callback?code=c0de"));
    assert!(matches!(effect, Effect::Call(_)));
    let page = reply(world.answer(Some(200), burnt.1.as_bytes()).unwrap());
    assert_eq!(page.reason, "state_missing");
    assert!(page.body.contains(link) && !page.body.contains("http-equiv"));

    // The attempt is as good as any other.
    let path = format!("/.access/callback?code=c0de&state={state}");
    let back = with(navigate("wiki.example", &path), &[("cookie", cookie)]);
    assert!(matches!(world.send(&back), Effect::Call(_)));
    let answer = exchange_answer(&world, SameSite::Lax);
    let answered = world.answer(Some(200), &answer).unwrap();
    assert_eq!(status(answered), (302, "signed_in"));
}

#[test]
fn what_begins_again_by_itself_counts_as_another_sites_doing() {
    for site in ["none", "same-origin", "same-site", "cross-site"] {
        let mut world = World::new();
        let path = "/.access/login?again=1&return_to=%2Fa";
        let fields = with(navigate("wiki.example", path), &[("sec-fetch-site", site)]);
        let begun = reply(world.send(&fields));
        let cookie = all(&begun, "set-cookie")[0].split(';').next().unwrap();
        let location = all(&begun, "location")[0];
        let state = location.split("state=").nth(1).unwrap().split('&').next();
        let path = format!("/.access/callback?code=c0de&state={}", state.unwrap());
        let back = with(navigate("wiki.example", &path), &[("cookie", cookie)]);
        assert!(matches!(world.send(&back), Effect::Call(_)));
        let answer = exchange_answer(&world, SameSite::Strict);
        let page = reply(world.answer(Some(200), &answer).unwrap());
        assert_eq!((page.status, page.reason), (200, "signed_in"));
        assert!(
            page.body.contains("Another site may have led you here"),
            "{site}"
        );
        assert!(!page.body.contains("http-equiv"), "{site}");
    }
}

#[test]
fn a_silent_sign_in_does_not_begin_again() {
    let mut world = World::new();
    let frame = [
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-site", "same-origin"),
    ];
    let login = get("wiki.example", "/.access/login?prompt=none&return_to=%2Fa");
    let begun = reply(world.send(&with(login, &frame)));
    let cookie = all(&begun, "set-cookie")[0].split(';').next().unwrap();
    let state = begun.body.split("state=").nth(1).unwrap().split('&').next();
    let path = format!("/.access/callback?code=c0de&state={}", state.unwrap());
    let fields = with(get("wiki.example", &path), &frame);
    world.send(&with(fields, &[("cookie", cookie)]));
    let body = r#"{"status":400,"reason":"code_unknown","return_to":"/a"}"#;
    let told = reply(world.answer(Some(400), body.as_bytes()).unwrap());
    assert!(told.body.contains("login_required"), "{}", told.body);
    assert!(all(&told, "location").is_empty());
}

#[test]
fn no_other_place_is_taken_from_the_answer_to_a_burnt_code() {
    let mut world = World::new();
    let (_, state) = begin_login(&mut world, "none");
    for place in [
        "//evil.example/",
        "https://evil.example/",
        "/\\\\evil.example",
        "javascript:alert(1)",
        "/.access/logout",
        "",
    ] {
        let body = format!(r#"{{"return_to":"{place}"}}"#);
        let reply = foreign_state(&mut world, "x=1", &state, (200, &body));
        let link = "<a class=\"act\" href=\"/.access/login\">Sign in again</a>";
        assert!(reply.body.contains(link), "{place}: {}", reply.body);
        assert!(!reply.body.contains("http-equiv"), "{place}");
    }
}

#[test]
fn a_code_that_may_not_be_burnt_yet_is_burnt_at_the_next_try() {
    let mut world = World::new();
    let (_, state) = begin_login(&mut world, "none");
    for (code, body) in [
        (503, "{}"),
        (500, ""),
        (401, "{}"),
        (200, "{}"),
        (200, "<html>"),
        (302, ""),
    ] {
        let page = foreign_state(&mut world, "x=1", &state, (code, body));
        assert_eq!((page.status, page.reason), (503, "control_unavailable"));
        assert!(page.body.contains("data-auto"), "it loads again by itself");
    }
}

#[test]
fn a_refused_exchange_keeps_the_place() {
    let login = "/.access/login?return_to=%2Fa%3Fb";
    let absolute = format!("https://wiki.example{login}");
    for (status_code, reason, link) in [
        (400, "code_mismatch", login),
        (403, "session_ended", login),
        (403, "login_required", login),
        (403, "user_blocked", &absolute),
        (403, "policy_denied", &absolute),
    ] {
        let mut world = World::new();
        let (cookie, state) = begin_login(&mut world, "none");
        let path = format!("/.access/callback?code=c0de&state={state}");
        let back = with(navigate("wiki.example", &path), &[("cookie", &cookie)]);
        world.send(&back);
        let body = format!(r#"{{"status":{status_code},"reason":"{reason}","return_to":"/a?b"}}"#);
        let page = reply(world.answer(Some(status_code), body.as_bytes()).unwrap());
        let link = format!("<a class=\"act\" href=\"{link}\"");
        assert!(page.body.contains(&link), "{reason}: {}", page.body);
        assert!(!page.body.contains("http-equiv"), "{reason}");
    }
    // This one begins again by itself.
    let mut world = World::new();
    let (cookie, state) = begin_login(&mut world, "none");
    let path = format!("/.access/callback?code=c0de&state={state}");
    let back = with(navigate("wiki.example", &path), &[("cookie", &cookie)]);
    world.send(&back);
    let body = r#"{"status":400,"reason":"code_unknown","return_to":"/a?b"}"#;
    let again = reply(world.answer(Some(400), body.as_bytes()).unwrap());
    assert_eq!((again.status, again.reason), (302, "code_unknown"));
    let login = "/.access/login?again=1&return_to=%2Fa%3Fb";
    assert_eq!(all(&again, "location"), [login]);
    // A token that is refused here.
    let mut world = World::new();
    let (cookie, state) = begin_login(&mut world, "none");
    let path = format!("/.access/callback?code=c0de&state={state}");
    let back = with(navigate("wiki.example", &path), &[("cookie", &cookie)]);
    world.send(&back);
    let mut answer: ExchangeAnswer =
        serde_json::from_slice(&exchange_answer(&world, SameSite::Lax)).unwrap();
    answer.token = world.token(|claims| claims.exp = UnixSeconds::new(1));
    let body = serde_json::to_vec(&answer).unwrap();
    let page = reply(world.answer(Some(200), &body).unwrap());
    assert_eq!(page.status, 502);
    assert!(page.body.contains("href=\"/.access/login?return_to=%2Fa\""));
    // And the browser's own address, where the team domain sends no code.
    let path = "/.access/callback?state=x&return_to=%2Fa";
    let page = reply(world.send(&navigate("wiki.example", path)));
    assert_eq!(page.reason, "code_missing");
    assert!(page.body.contains("href=\"/.access/login?return_to=%2Fa\""));
}
