//! Whether the filter is ready, and HEAD on every path of the filter.

use super::*;

const STALE: Duration = Duration::from_millis(300_001);

/// With another action when the feed is stale.
fn allowing() -> String {
    CONFIG.replace("\"deny\"", "\"allow\"")
}

fn probe(world: &mut World, method: &str, host: Option<&str>) -> Reply {
    let mut fields = vec![(":method", method), (":path", "/.access/ready")];
    fields.extend(host.map(|host| (":authority", host)));
    reply(world.send(&fields))
}

#[test]
fn b10_readiness_is_told_on_every_host_and_without_one() {
    for host in [
        Some("wiki.example"),
        Some("unknown.example"),
        Some("10.0.0.7"),
        Some("[::1]:8443"),
        Some("team.example.com"),
        Some("not a host"),
        Some(""),
        None,
    ] {
        for method in ["GET", "HEAD"] {
            let mut world = World::without_feed(CONFIG);
            let before = probe(&mut world, method, host);
            let seen = (before.status, before.reason);
            assert_eq!(seen, (503, "not_ready"), "{host:?}: it never waits");
            assert_eq!(all(&before, "retry-after"), ["1"]);
            assert_eq!(all(&before, "cache-control"), ["no-store"]);

            world.load(vec![wire("a", &[at("wiki.example", None, None)])]);
            let after = probe(&mut world, method, host);
            assert_eq!((after.status, after.reason), (200, "ready"), "{host:?}");
            assert_eq!(after.body, r#"{"ready":true}"#, "nothing else is told");
            assert_eq!(all(&after, "cache-control"), ["no-store"]);
        }
    }
}

#[test]
fn b10_a_stale_feed_is_not_ready_where_it_denies() {
    for (config, expected) in [
        (CONFIG.to_owned(), (503, "stale")),
        (allowing(), (200, "ready")),
    ] {
        let mut world = World::without_feed(&config);
        world.load(vec![wire("a", &[at("wiki.example", None, None)])]);
        world.now += STALE;
        let told = probe(&mut world, "GET", Some("wiki.example"));
        assert_eq!((told.status, told.reason), expected);
    }
}

#[test]
fn only_the_exact_path_and_method_are_a_probe() {
    for (method, path) in [
        ("POST", "/.access/ready"),
        ("GET", "/.access/ready/"),
        ("GET", "/.access/READY"),
        ("GET", "/.access/%72eady"),
        ("GET", "/x/../.access/ready"),
        ("GET", "/.access//ready"),
    ] {
        let mut world = World::new();
        let fields = [
            (":method", method),
            (":authority", "x.example"),
            (":path", path),
        ];
        let expected = (403, "unknown_host");
        assert_eq!(status(world.send(&fields)), expected, "{method} {path}");
    }
    let mut world = World::new();
    let with_query = get("x.example", "/.access/ready?probe=1");
    assert_eq!(status(world.send(&with_query)), (200, "ready"));
}

#[test]
fn head_is_answered_as_get_on_every_path_of_the_filter() {
    let paths = endpoints::ENDPOINTS;
    let get_paths = paths.iter().filter(|(method, ..)| *method == "GET");
    let all_paths = get_paths.map(|(_, path, _)| *path);
    for path in all_paths.chain(["/.access/nothing"]) {
        for more in [&navigate("wiki.example", path)[3..], &[]] {
            let answer = |method: &'static str| {
                let mut world = World::new();
                let cookie = world.session_cookie();
                let fields = [
                    &[
                        (":method", method),
                        (":authority", "wiki.example"),
                        (":path", path),
                    ],
                    more,
                    &[("cookie", cookie.as_str())],
                ];
                reply(world.send(&fields.concat()))
            };
            assert_eq!(answer("HEAD"), answer("GET"), "{path}");
        }
    }
    // What changes something is no GET, so it is no HEAD either.
    let mut world = World::new();
    let head = [
        (":method", "HEAD"),
        (":authority", "wiki.example"),
        (":path", "/.access/logout"),
    ];
    assert_eq!(status(world.send(&head)), (200, "no_session_to_end"));
}
