//! Escaped slashes in paths.

use super::*;
use crate::protocol::feed::{Bypass, EscapedSlashes, PathMatch};

fn keeping(letter: &str, hostname: &str, prefix: Option<&str>) -> FeedApplication {
    let mut application = wire(letter, &[at(hostname, None, prefix)]);
    application.escaped_slashes = EscapedSlashes::Keep;
    application.binding = false;
    application
}

fn ask(applications: Vec<FeedApplication>, host: &str, path: &str) -> (u16, &'static str) {
    let mut world = World::without_feed(CONFIG);
    world.load(applications);
    status(world.send(&get(host, path)))
}

const REFUSED: (u16, &str) = (400, "path_escaped_slash");
const ASKED: (u16, &str) = (401, "no_session");
const PATHS: [&str; 4] = ["/a%2fb", "/a%2Fb/c", "/a%5cb", "/a%5C"];

#[test]
fn they_are_refused_unless_the_application_keeps_them() {
    for path in PATHS {
        let plain = wire("a", &[at("wiki.example", None, None)]);
        assert_eq!(ask(vec![plain], "wiki.example", path), REFUSED, "{path}");
        let kept = keeping("a", "wiki.example", None);
        assert_eq!(ask(vec![kept], "wiki.example", path), ASKED, "{path}");
    }
    // As before, what is escaped twice is no escaped slash.
    let plain = wire("a", &[at("wiki.example", None, None)]);
    assert_eq!(ask(vec![plain], "wiki.example", "/a%252fb"), ASKED);
}

#[test]
fn one_that_is_kept_reaches_the_origin_as_it_was_sent() {
    let mut world = World::without_feed(CONFIG);
    let mut kept = keeping("a", "wiki.example", None);
    kept.binding = true;
    world.load(vec![kept]);
    let cookie = world.session_cookie();
    for path in PATHS {
        let effect = world.send(&with(get("wiki.example", path), &[("cookie", &cookie)]));
        assert!(matches!(effect, Effect::Continue(_)), "{path}");
    }
}

#[test]
fn they_are_refused_wherever_a_hostname_has_more_than_one_rule() {
    let bypass = |path: &str| Bypass {
        path: path.into(),
        matching: PathMatch::Exact,
        methods: None,
    };
    let mut bypassing = keeping("a", "wiki.example", None);
    bypassing.bypass = vec![bypass("/health")];
    let shared = |hostname: &str| {
        vec![
            keeping("a", hostname, None),
            keeping("b", hostname, Some("/admin")),
        ]
    };
    for path in PATHS {
        for (applications, host) in [
            (vec![bypassing.clone()], "wiki.example"),
            (shared("wiki.example"), "wiki.example"),
            (shared("*.preview.example"), "one.preview.example"),
        ] {
            assert_eq!(ask(applications, host, path), REFUSED, "{host}{path}");
        }
        let wildcard = vec![keeping("a", "*.preview.example", None)];
        assert_eq!(ask(wildcard, "one.preview.example", path), ASKED, "{path}");
        let prefix = vec![keeping("a", "wiki.example", Some("/app"))];
        let below = format!("/app{path}");
        assert_eq!(ask(prefix, "wiki.example", &below), REFUSED, "{below}");
    }
}

#[test]
fn an_exact_name_beside_a_wildcard_is_another_hostname() {
    let both = || {
        vec![
            keeping("a", "*.preview.example", None),
            wire("b", &[at("one.preview.example", None, None)]),
        ]
    };
    assert_eq!(ask(both(), "one.preview.example", "/a%2fb"), REFUSED);
    assert_eq!(ask(both(), "two.preview.example", "/a%2fb"), ASKED);
}

#[test]
fn none_hides_the_filters_own_paths() {
    for path in ["/.access%2fx", "/x%2f..%2f.access/x", "/%2eaccess%2Fx"] {
        let kept = keeping("a", "wiki.example", None);
        assert_eq!(
            ask(vec![kept], "wiki.example", path),
            (404, "endpoint_unknown"),
            "{path}"
        );
    }
}
