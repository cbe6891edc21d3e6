//! Where the user wanted to go is kept: by redirects, by the links of every page, and where it
//! cannot be kept the page says so.

use super::*;
use crate::protocol::return_to::MAX_BYTES;

fn post<'a>(host: &'a str, path: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        (":method", "POST"),
        (":authority", host),
        (":path", path),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
        ("sec-fetch-site", "same-origin"),
    ]
}

fn dotted() -> World {
    let mut world = World::without_feed(CONFIG);
    let mut bypassed = wire("a", &[at("wiki.example", None, None)]);
    bypassed.bypass = vec![crate::protocol::feed::Bypass {
        path: "/public".into(),
        matching: crate::protocol::feed::PathMatch::Prefix,
        methods: None,
    }];
    world.load(vec![
        bypassed,
        wire("b", &[at("notes.example", Some(8443), Some("/b"))]),
        wire("c", &[at("*.preview.example", None, None)]),
    ]);
    world
}

#[test]
fn b07_a_hostname_with_a_final_dot_leads_to_the_origin_without_it() {
    let mut world = dotted();
    let session = world.session_cookie();
    for (host, path, location) in [
        (
            "wiki.example.",
            "/a?b=c&d=%2F",
            "https://wiki.example/a?b=c&d=%2F",
        ),
        ("WIKI.example.:443", "/", "https://wiki.example/"),
        (
            "wiki.example.",
            "/public/x",
            "https://wiki.example/public/x",
        ),
        (
            "wiki.example.",
            "/.access/login?return_to=%2Fa",
            "https://wiki.example/.access/login?return_to=%2Fa",
        ),
        (
            "wiki.example.",
            "//evil.example/",
            "https://wiki.example//evil.example/",
        ),
        (
            "wiki.example.",
            "/a?\u{e9} b",
            "https://wiki.example/a?%C3%A9%20b",
        ),
        (
            "notes.example.:8443",
            "/b/x",
            "https://notes.example:8443/b/x",
        ),
        (
            "notes.example.:8443",
            "/elsewhere",
            "https://notes.example:8443/elsewhere",
        ),
        (
            "one.preview.example.",
            "/x",
            "https://one.preview.example/x",
        ),
    ] {
        for method in ["GET", "HEAD"] {
            let mut fields = with(navigate(host, path), &[("cookie", &session)]);
            fields[0].1 = method;
            let moved = reply(world.send(&fields));
            assert_eq!(
                (moved.status, moved.reason),
                (302, "trailing_dot"),
                "{host}{path}"
            );
            assert_eq!(all(&moved, "location"), [location]);
            assert!(
                all(&moved, "set-cookie").is_empty(),
                "a sign-in would not end there"
            );
        }
    }
}

#[test]
fn b07_only_page_loads_of_known_hosts_lose_the_final_dot() {
    let mut world = dotted();
    let session = world.session_cookie();
    let preflight = [
        (":method", "OPTIONS"),
        (":authority", "wiki.example."),
        (":path", "/"),
        ("origin", "https://a.example"),
        ("access-control-request-method", "PUT"),
    ];
    for fields in [
        get("wiki.example.", "/a"),
        get("wiki.example.", "/public/x"),
        get("wiki.example.", "/.access/identity"),
        post("wiki.example.", "/a"),
        post("wiki.example.", "/.access/logout"),
        with(get("wiki.example.", "/a"), &[("upgrade", "websocket")]),
        with(
            navigate("wiki.example.", "/a"),
            &[("sec-purpose", "prefetch")],
        ),
        preflight.to_vec(),
    ] {
        let sent = with(fields, &[("cookie", &session)]);
        let refused = reply(world.send(&sent));
        assert_eq!(
            (refused.status, refused.reason),
            (400, "trailing_dot"),
            "{sent:?}"
        );
        assert!(all(&refused, "location").is_empty());
    }
    for (host, expected) in [
        ("other.example.", (403, "unknown_host")),
        ("team.example.com.", (403, "unknown_host")),
        ("x.y.preview.example.", (403, "unknown_host")),
        ("wiki.example..", (400, "host_invalid")),
        ("wiki.example.:8443", (403, "no_application")),
        ("notes.example.", (403, "no_application")),
    ] {
        assert_eq!(status(world.send(&navigate(host, "/"))), expected, "{host}");
    }
}

#[test]
fn b07_an_address_too_long_to_come_back_to_is_said_to_be() {
    let mut world = World::new();
    let long = format!("/{}", "a".repeat(MAX_BYTES));
    let login = format!("/.access/login?return_to={long}");
    for path in [&long, &login] {
        let page = reply(world.send(&navigate("wiki.example", path)));
        assert_eq!((page.status, page.reason), (414, "address_too_long"));
        for part in [
            "<h1>This address is too long</h1>",
            "longer than 8192 characters",
            "href=\"https://wiki.example/.access/login\" target=\"_blank\" rel=\"noopener\"",
        ] {
            assert!(page.body.contains(part), "{part}: {}", page.body);
        }
    }
    let longest = &long[..MAX_BYTES];
    let begun = reply(world.send(&navigate("wiki.example", longest)));
    assert_eq!((begun.status, begun.reason), (302, "no_session"));
    let kept = crate::reply::percent_encode(longest.as_bytes());
    assert!(all(&begun, "location")[0].contains(&format!("&return_to={kept}&")));
    // With a session it is an address like any other; a script gets its 401.
    let cookie = world.session_cookie();
    let signed_in = with(navigate("wiki.example", &long), &[("cookie", &cookie)]);
    assert!(matches!(world.send(&signed_in), Effect::Continue(_)));
    assert_eq!(
        status(world.send(&get("wiki.example", &long))),
        (401, "no_session")
    );
    // A frame that signs in without a prompt goes nowhere.
    let silent = format!("{login}&prompt=none");
    let silent = with(
        get("wiki.example", &silent),
        &[
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "iframe"),
            ("sec-fetch-site", "same-origin"),
        ],
    );
    assert_eq!(status(world.send(&silent)), (200, "silent_login"));
}

#[test]
fn b07_the_links_of_refusals_lead_back_to_the_page() {
    let mut world = World::without_feed(CONFIG);
    let mut wiki = wire("a", &[at("wiki.example", None, None)]);
    wiki.rules[0].source_ranges = Some(vec!["10.0.0.0/8".into()]);
    world.load(vec![
        wiki,
        wire("b", &[at("wiki.example", None, Some("/b"))]),
    ]);
    let audience = "a".repeat(16);
    let denied = format!(
        "__Host-access_token_{audience}={}; __Host-access_binding_{audience}={}",
        world.token(|_| ()),
        binding()
    );
    let login = |page: &str| {
        let page = crate::reply::percent_encode(page.as_bytes());
        format!("href=\"https://wiki.example/.access/login?return_to={page}\"")
    };
    let start = "href=\"https://wiki.example/.access/login\"".to_owned();
    let framed = [
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-site", "cross-site"),
    ];
    let from = |page: &'static str| [("referer", page)];
    for (fields, link) in [
        (
            with(navigate("wiki.example", "/a?b=c"), &[("cookie", &denied)]),
            login("/a?b=c"),
        ),
        (
            with(navigate("wiki.example", "/"), &[("cookie", &denied)]),
            start.clone(),
        ),
        (
            with(get("wiki.example", "/a?b=c"), &framed),
            login("/a?b=c"),
        ),
        (
            with(
                get("wiki.example", "/.access/login?prompt=none&return_to=%2Fa"),
                &framed,
            ),
            login("/a"),
        ),
        // A form leads back to itself, and not to where it was sent.
        (
            with(
                post("wiki.example", "/send"),
                &from("https://wiki.example/form?x"),
            ),
            login("/form?x"),
        ),
        (post("wiki.example", "/send"), start.clone()),
        (
            with(
                post("wiki.example", "/send"),
                &from("https://evil.example/form"),
            ),
            start.clone(),
        ),
        (
            with(
                post("wiki.example", "/send"),
                &from("https://wiki.example/b/form"),
            ),
            start.clone(),
        ),
        (
            with(
                post("wiki.example", "/send"),
                &from("https://wiki.example/.access/logout"),
            ),
            start,
        ),
    ] {
        let page = reply(world.send(&fields)).body;
        assert!(page.contains(&link), "{fields:?}: {link} in {page}");
    }
}

#[test]
fn b07_signing_out_leads_back_to_the_page() {
    let mut world = World::new();
    let session = world.session_cookie();
    let cookie = [("cookie", session.as_str())];
    let from = [("referer", "https://wiki.example/a?b=c")];
    let logout = "/.access/logout?return_to=%2Fa%3Fb%3Dc";
    for asked in [
        with(navigate("wiki.example", "/.access/logout"), &from),
        navigate("wiki.example", logout),
    ] {
        let page = reply(world.send(&with(asked, &cookie))).body;
        for part in [
            format!("<form method=\"post\" action=\"{logout}\">"),
            "<a class=\"act second\" href=\"/a?b=c\">Stay signed in</a>".to_owned(),
        ] {
            assert!(page.contains(&part), "{part}: {page}");
        }
    }
    for (path, link) in [
        (logout, "<a class=\"act\" href=\"/a?b=c\">Sign in again</a>"),
        (
            "/.access/logout?return_to=%2F%2Fevil.example",
            "href=\"/\">Sign in again</a>",
        ),
        (
            "/.access/logout?return_to=%2F.access%2Flogout",
            "href=\"/\">Sign in again</a>",
        ),
    ] {
        let sent = with(post("wiki.example", path), &cookie);
        assert!(matches!(world.send(&sent), Effect::Call(_)));
        let done = reply(world.answer(Some(204), b"").unwrap());
        assert_eq!(done.reason, "signed_out");
        assert!(done.body.contains(link), "{path}: {}", done.body);
        // Without an answer, trying again leads back as well.
        world.send(&sent);
        let not_done = reply(world.answer(None, b"").unwrap());
        assert_eq!(not_done.reason, "control_unavailable");
        let kept = not_done.body.contains(&format!("action=\"{logout}\""));
        assert_eq!(kept, path == logout, "{}", not_done.body);
    }
    let signed_out = with(navigate("wiki.example", logout), &[("cookie", "x=1")]);
    let page = reply(world.send(&signed_out)).body;
    let login = "href=\"https://wiki.example/.access/login?return_to=%2Fa%3Fb%3Dc\">Sign in</a>";
    assert!(page.contains(login), "{page}");
}
