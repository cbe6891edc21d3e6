//! Sign-in in a window, for a frame.

use super::*;
use crate::reply::markup::hash_source;

const PLACE: &str = "/a?x=1";
const CALLBACK: &str = "/.access/callback";

/// A navigation of a frame.
fn frame<'a>(path: &'a str, site: &'a str) -> Vec<(&'a str, &'a str)> {
    let fetch = [
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-site", site),
    ];
    with(get("wiki.example", path), &fetch)
}

/// An application whose cookies are partitioned.
fn partitioned() -> World {
    let mut world = World::without_feed(CONFIG);
    let mut application = wire("a", &[at("wiki.example", None, None)]);
    application.cookie.same_site = SameSite::None;
    application.cookie.partitioned = true;
    world.load(vec![application]);
    world
}

/// What follows a mark in a page, up to the end of an attribute.
fn attribute<'a>(reply: &'a Reply, name: &str) -> &'a str {
    let after = reply.body.split(&format!(" data-{name}=\"")).nth(1);
    after.unwrap_or_default().split('"').next().unwrap()
}

fn first_cookie(reply: &Reply) -> String {
    let cookie = all(reply, "set-cookie")[0];
    cookie.split(';').next().unwrap().to_owned()
}

/// Fails unless the page offers to sign in in a window, and may stand in any frame.
fn ensure_offer(reply: &Reply) {
    assert_eq!(reply.status, 401, "{}", reply.reason);
    let policy = all(reply, "content-security-policy")[0];
    assert!(policy.ends_with("frame-ancestors *"), "{policy}");
    assert!(policy.contains("; connect-src 'self'; "), "{policy}");
    let script = reply.body.split("<script").nth(1).unwrap();
    let script = script.split_once('>').unwrap().1;
    let script = script.split("</script>").next().unwrap();
    assert!(policy.contains(&hash_source(script)), "{policy}");
    assert!(all(reply, "x-frame-options").is_empty());
    // The team domain keeps the window connected for this origin alone.
    assert_eq!(all(reply, "referrer-policy"), ["origin"]);
    assert_eq!(attribute(reply, "place"), "/a?x=1");
    assert!(reply.body.contains("target=\"_blank\" rel=\"noopener\""));
}

#[test]
fn s17_a_frame_of_the_same_site_asks_without_a_prompt_first() {
    for site in ["same-site", "same-origin"] {
        let mut world = World::new();
        let begun = reply(world.send(&frame(PLACE, site)));
        assert_eq!((begun.status, begun.reason), (302, "no_session"));
        let location = all(&begun, "location")[0];
        assert!(location.ends_with("&prompt=none"), "{location}");
        let state = location.split("state=").nth(1).unwrap();
        let state = state.split('&').next().unwrap();
        let cookie = first_cookie(&begun);

        let callback =
            format!("{CALLBACK}?error=login_required&state={state}&return_to=%2Fa%3Fx%3D1");
        for site in ["cross-site", "same-site"] {
            let fields = with(frame(&callback, site), &[("cookie", &cookie)]);
            let offer = reply(world.send(&fields));
            ensure_offer(&offer);
            assert_eq!(
                attribute(&offer, "window"),
                "https://wiki.example/.access/login?return_to=%2Fa%3Fx%3D1&amp;display=popup"
            );
            assert_eq!(
                attribute(&offer, "state"),
                "",
                "the window begins the attempt"
            );
            assert!(all(&offer, "set-cookie")[0].contains("Max-Age=0"));
        }
        let denied = callback.replace("login_required", "access_denied");
        let fields = with(frame(&denied, "cross-site"), &[("cookie", &cookie)]);
        let denied = reply(world.send(&fields));
        assert_eq!((denied.status, denied.reason), (403, "policy_denied"));
        let policy = all(&denied, "content-security-policy")[0];
        assert!(policy.ends_with("frame-ancestors *"), "{policy}");

        // With a code it ends like every other.
        let callback = format!("{CALLBACK}?code=c0de&state={state}");
        let fields = with(frame(&callback, "cross-site"), &[("cookie", &cookie)]);
        assert!(matches!(world.send(&fields), Effect::Call(_)));
        let body = exchange_answer(&world, SameSite::Lax);
        let done = reply(world.answer(Some(200), &body).unwrap());
        assert_eq!(all(&done, "location"), ["https://wiki.example/a"]);
    }
}

#[test]
fn s17_a_frame_of_another_site_is_offered_a_window() {
    let mut world = World::new();
    ensure_offer(&reply(world.send(&frame(PLACE, "cross-site"))));
    // A link in such a frame: the browser calls it same-origin, and takes none of the cookies.
    let callback = format!("{CALLBACK}?error=login_required&state=x.y&return_to=%2Fa%3Fx%3D1");
    ensure_offer(&reply(world.send(&frame(&callback, "cross-site"))));
    let login = "/.access/login?return_to=%2Fa%3Fx%3D1";
    ensure_offer(&reply(world.send(&frame(login, "cross-site"))));
    // The place is judged like every other.
    for evil in [
        "%2F%2Fevil.example",
        "https%3A%2F%2Fevil.example",
        "%2F.access%2Flogout",
    ] {
        let callback = format!("{CALLBACK}?error=login_required&state=x.y&return_to={evil}");
        let offer = reply(world.send(&frame(&callback, "cross-site")));
        assert_eq!(attribute(&offer, "place"), "/", "{evil}");
    }
}

/// Fails unless a page that is no offer may stand in any frame.
fn ensure_shown(reply: &Reply, expected: (u16, &str)) {
    assert_eq!((reply.status, reply.reason), expected);
    let policy = all(reply, "content-security-policy")[0];
    assert!(policy.ends_with("frame-ancestors *"), "{policy}");
}

#[test]
fn s17_every_error_is_shown_in_frames_of_every_site() {
    let long = format!("/{}", "a".repeat(9_000));
    let long_login = format!("/.access/login?return_to={long}");
    for site in ["same-origin", "same-site", "cross-site"] {
        let mut world = World::new();
        for (path, expected) in [
            ("/a%2Fb", (400, "path_escaped_slash")),
            ("/.access/no", (404, "endpoint_unknown")),
            (long.as_str(), (414, "address_too_long")),
            (long_login.as_str(), (414, "address_too_long")),
        ] {
            let page = reply(world.send(&frame(path, site)));
            ensure_shown(&page, expected);
            assert!(all(&page, "set-cookie").is_empty(), "{path}");
        }
        let nowhere = with(frame("/", site)[3..].to_vec(), &get("no.example", "/"));
        ensure_shown(&reply(world.send(&nowhere)), (403, "unknown_host"));

        let mut world = World::without_feed(CONFIG);
        assert_eq!(world.send(&frame("/a", site)), Effect::Pause);
        world.now = NOW + FEED_WAIT;
        let page = reply(world.wake().unwrap());
        ensure_shown(&page, (503, "not_ready"));
        assert!(page.body.contains("data-auto"), "it tries again by itself");
    }
}

#[test]
fn s17_no_answer_is_not_no_in_a_frame() {
    let mut world = World::new();
    let begun = reply(world.send(&frame(PLACE, "same-site")));
    let state = all(&begun, "location")[0].split("state=").nth(1).unwrap();
    let state = state.split('&').next().unwrap();
    let cookie = first_cookie(&begun);
    let callback =
        |place| format!("{CALLBACK}?error=temporarily_unavailable&state={state}&return_to={place}");
    let here = callback("%2Fa%3Fx%3D1");
    for cookies in [&[("cookie", cookie.as_str())][..], &[]] {
        let page = reply(world.send(&with(frame(&here, "same-site"), cookies)));
        ensure_shown(&page, (503, "control_unavailable"));
        assert_eq!(all(&page, "retry-after"), ["2"]);
        // Not at the callback, which would say the same again.
        assert_eq!(attribute(&page, "auto"), PLACE);
        let link = format!("<a class=\"act\" href=\"{PLACE}\">Try again now</a>");
        let refresh = format!("http-equiv=\"refresh\" content=\"10;url={PLACE}\"");
        assert!(page.body.contains(&link), "{}", page.body);
        assert!(page.body.contains(&refresh), "{}", page.body);
        // The attempt has ended.
        assert_eq!(all(&page, "set-cookie").len(), cookies.len());
    }
    let elsewhere = callback("%2F%2Fevil.example");
    let page = reply(world.send(&frame(&elsewhere, "same-site")));
    assert_eq!(attribute(&page, "auto"), "/");
}

#[test]
fn s17_a_frame_is_offered_the_application_that_its_place_belongs_to() {
    let mut world = World::without_feed(CONFIG);
    let wiki = wire("a", &[at("wiki.example", None, None)]);
    let mut side = wire("b", &[at("wiki.example", None, Some("/side"))]);
    side.cookie.same_site = SameSite::None;
    side.cookie.partitioned = true;
    world.load(vec![wiki, side]);
    let mut window = |place: &str| {
        let callback = format!("{CALLBACK}?error=login_required&state=x.y&return_to={place}");
        let offer = reply(world.send(&frame(&callback, "cross-site")));
        assert_eq!((offer.status, offer.reason), (401, "no_session"));
        attribute(&offer, "window").to_owned()
    };
    let of_wiki = "https://wiki.example/.access/login?return_to=%2Fx&amp;display=popup";
    assert_eq!(window("%2Fx"), of_wiki);
    let of_side = format!("https://team.example.com/login?app={}", "b".repeat(64));
    let seen = window("%2Fside%2Fx");
    assert!(seen.starts_with(&of_side), "{seen}");
}

#[test]
fn s17_a_window_reports_to_its_own_origin_alone() {
    let mut world = World::new();
    let login = navigate(
        "wiki.example",
        "/.access/login?return_to=%2Fa&display=popup",
    );
    let begun = reply(world.send(&login));
    let location = all(&begun, "location")[0];
    assert!(location.ends_with("&display=popup"), "{location}");
    let state = location.split("state=").nth(1).unwrap();
    let callback = format!(
        "{CALLBACK}?code=c0de&state={}",
        state.split('&').next().unwrap()
    );
    let cookie = first_cookie(&begun);
    let fields = with(navigate("wiki.example", &callback), &[("cookie", &cookie)]);
    assert!(matches!(world.send(&fields), Effect::Call(_)));
    let body = exchange_answer(&world, SameSite::Strict);
    let done = reply(world.answer(Some(200), &body).unwrap());
    assert_eq!((done.status, done.reason), (200, "signed_in"));
    assert_eq!(attribute(&done, "to"), "https://wiki.example");
    assert_eq!(attribute(&done, "code"), "");
    assert!(done.body.contains("href=\"https://wiki.example/a\""));
    assert!(all(&done, "set-cookie")[0].starts_with("__Host-access_token="));
    let policy = all(&done, "content-security-policy")[0];
    assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
}

#[test]
fn s17_a_frame_with_partitioned_cookies_holds_the_attempt_and_gets_the_code() {
    let mut world = partitioned();
    let offer = reply(world.send(&frame(PLACE, "cross-site")));
    ensure_offer(&offer);
    let set = all(&offer, "set-cookie")[0];
    assert!(set.ends_with("; HttpOnly; SameSite=None; Partitioned; Secure; Path=/; Max-Age=600"));
    let (cookie, state) = (first_cookie(&offer), attribute(&offer, "state"));
    let window = attribute(&offer, "window");
    assert!(
        window.starts_with("https://team.example.com/login?app="),
        "{window}"
    );
    assert!(
        window.contains(state) && window.ends_with("&amp;display=popup"),
        "{window}"
    );

    // The window has another partition, and so no attempt.
    let callback = format!("{CALLBACK}?code=c0de&state={state}");
    let bring = reply(world.send(&navigate("wiki.example", &callback)));
    assert_eq!((bring.status, bring.reason), (200, "code_for_frame"));
    assert_eq!(attribute(&bring, "to"), "https://wiki.example");
    assert_eq!(
        (attribute(&bring, "code"), attribute(&bring, "state")),
        ("c0de", state)
    );
    assert!(all(&bring, "set-cookie").is_empty());
    let policy = all(&bring, "content-security-policy")[0];
    assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");

    // The frame ends its attempt, with the verifier that only its cookie has.
    let fields = with(frame(&callback, "same-origin"), &[("cookie", &cookie)]);
    let Effect::Call(call) = world.send(&fields) else {
        panic!("no exchange")
    };
    let call: serde_json::Value = serde_json::from_str(&call.body).unwrap();
    assert_eq!(call["code_verifier"].as_str().unwrap().len(), 43);
    let body = exchange_answer(&world, SameSite::None);
    let done = reply(world.answer(Some(200), &body).unwrap());
    assert_eq!(all(&done, "location"), ["https://wiki.example/a"]);
    let cleared = all(&done, "set-cookie")[2];
    assert!(
        cleared.contains("=; HttpOnly; SameSite=None; Partitioned;"),
        "{cleared}"
    );
}

#[test]
fn s17_a_code_for_a_frame_signs_in_nobody_else() {
    let mut world = partitioned();
    let offer = reply(world.send(&frame(PLACE, "cross-site")));
    let state = attribute(&offer, "state");
    let callback = format!("{CALLBACK}?code=c0de&state={state}");
    // A frame without that attempt: the code is burnt.
    let other = "__Host-access_login_0a0b0c0d=x";
    for cookie in ["", other] {
        let fields = with(frame(&callback, "same-origin"), &[("cookie", cookie)]);
        let Effect::Call(call) = world.send(&fields) else {
            panic!("the code is left")
        };
        assert!(!call.body.contains("verifier\":\""), "{}", call.body);
        let refused = reply(world.answer(Some(204), b"").unwrap());
        assert_eq!((refused.status, refused.reason), (400, "state_unknown"));
    }
    // An application whose cookies a window shares holds its attempts there.
    let mut world = World::new();
    let effect = world.send(&navigate("wiki.example", &callback));
    assert!(matches!(effect, Effect::Call(_)), "burnt: {effect:?}");
    // A `state` that is not of a frame is burnt, too.
    let mut world = partitioned();
    let callback = format!("{CALLBACK}?code=c0de&state=01020304.x");
    assert!(matches!(
        world.send(&navigate("wiki.example", &callback)),
        Effect::Call(_)
    ));
}
