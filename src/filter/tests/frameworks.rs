//! Requests of page frameworks without a good session.

use super::*;

fn htmx<'a>(path: &'a str, page: &'a str) -> Vec<(&'a str, &'a str)> {
    with(
        get("wiki.example", path),
        &[
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-mode", "cors"),
            ("hx-request", "true"),
            ("hx-current-url", page),
        ],
    )
}

fn led_to(reply: &Reply) -> Option<&str> {
    all(reply, "hx-redirect").first().copied()
}

#[test]
fn a_page_returns_to_itself_if_it_is_of_the_application() {
    let mut world = World::new();
    world.load(vec![
        wire("a", &[at("wiki.example", None, None)]),
        wire("b", &[at("wiki.example", None, Some("/admin"))]),
        wire("c", &[at("wiki.example", None, Some("/admin/deep"))]),
    ]);
    let login = "https://wiki.example/.access/login";
    for (path, page, return_to) in [
        ("/x", "/page?q#part", Some("%2Fpage%3Fq%23part")),
        // The sign-in at another application would not help this one.
        ("/x", "/admin/page", None),
        ("/x", "/admin#part", None),
        ("/x", "/administrators", Some("%2Fadministrators")),
        ("/admin/x", "/admin/page", Some("%2Fadmin%2Fpage")),
        ("/admin/x", "/admin?q", Some("%2Fadmin%3Fq")),
        ("/admin/x", "/page", Some("%2Fadmin%2F")),
        ("/admin/x", "/admin/deep/page", Some("%2Fadmin%2F")),
        (
            "/admin/deep/x",
            "/admin/deep#part",
            Some("%2Fadmin%2Fdeep%23part"),
        ),
    ] {
        let page = format!("https://wiki.example{page}");
        let reply = reply(world.send(&htmx(path, &page)));
        assert_eq!((reply.status, reply.reason), (401, "no_session"));
        let expected = match return_to {
            Some(return_to) => format!("{login}?return_to={return_to}"),
            None => login.to_owned(),
        };
        assert_eq!(led_to(&reply), Some(expected.as_str()), "{path} in {page}");
    }
}

#[test]
fn the_way_back_begins_a_login_at_the_same_application() {
    let mut world = World::new();
    world.load(vec![
        wire("a", &[at("wiki.example", None, None)]),
        wire("b", &[at("wiki.example", None, Some("/admin"))]),
    ]);
    let page = "https://wiki.example/admin#part";
    let led = reply(world.send(&htmx("/admin/x", page)));
    let login = led_to(&led).unwrap();
    let login = login.strip_prefix("https://wiki.example").unwrap();
    let begun = reply(world.send(&navigate("wiki.example", login)));
    let location = all(&begun, "location")[0];
    let app = format!("/login?app={}&", "b".repeat(64));
    assert!(location.contains(&app), "{location}");
    assert!(
        location.contains("&return_to=%2Fadmin%23part&"),
        "{location}"
    );
}

#[test]
fn a_framework_that_is_let_through_notices_nothing() {
    let mut world = World::new();
    let cookie = world.session_cookie();
    let page = "https://wiki.example/page";
    let good = with(htmx("/x", page), &[("cookie", &cookie)]);
    assert!(matches!(world.send(&good), Effect::Continue(_)));

    let token = world.token(|claims| {
        claims.exp = UnixSeconds::new(NOW.to_seconds().get() - 60);
    });
    let expired = format!(
        "__Host-access_token={token}; __Host-access_binding={}",
        binding()
    );
    let refreshed = with(htmx("/x", page), &[("cookie", &expired)]);
    let effect = world.send(&refreshed);
    assert!(matches!(effect, Effect::AwaitRoot), "{effect:?}");
}

#[test]
fn only_sub_requests_are_led() {
    let mut world = World::new();
    let page = "https://wiki.example/page";
    for (more, status) in [
        (("upgrade", "websocket"), 401),
        (("sec-purpose", "prefetch"), 401),
        (("content-type", "application/grpc"), 401),
    ] {
        let reply = reply(world.send(&with(htmx("/x", page), &[more])));
        assert_eq!((reply.status, led_to(&reply)), (status, None), "{more:?}");
    }
}
