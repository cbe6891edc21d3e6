//! Headers that replace method, path or host, and `connection`.

use super::*;
use crate::protocol::feed::{Bypass, PathMatch, Preflight};

const METHOD: (&str, &str) = ("x-http-method-override", "DELETE");
const PATH: (&str, &str) = ("x-original-url", "/admin");
const HOST: (&str, &str) = ("x-forwarded-host", "admin.example");

/// Two applications on a host, each changed.
fn world(change: impl Fn(&mut FeedApplication)) -> World {
    let mut world = World::without_feed(CONFIG);
    let mut one = wire("a", &[at("wiki.example", None, None)]);
    change(&mut one);
    let two = wire("b", &[at("wiki.example", None, Some("/admin"))]);
    world.load(vec![one, two]);
    world
}

fn session(world: &World) -> String {
    let suffix = "a".repeat(16);
    let (token, binding) = (world.token(|_| ()), binding());
    format!("__Host-access_token_{suffix}={token}; __Host-access_binding_{suffix}={binding}")
}

/// What a request loses, besides its cookies; it must continue.
fn removed(world: &mut World, fields: &[(&str, &str)]) -> Vec<String> {
    match world.send(fields) {
        Effect::Continue(changes) => changes.remove,
        other => panic!("{other:?}"),
    }
}

fn with_session(world: &mut World, more: &[(&str, &str)]) -> Vec<String> {
    let cookie = session(world);
    let fields = with(get("wiki.example", "/"), &[("cookie", &cookie)]);
    removed(world, &with(fields, more))
}

#[test]
fn no_override_of_path_or_host_passes_with_a_session() {
    let mut world = world(|_| ());
    for (name, value) in [
        PATH,
        HOST,
        ("x_rewrite_url", "/admin"),
        ("X-Original-Uri", "/admin"),
        ("x.script.name", "/x"),
        ("script_name", "/x"),
        ("x-forwarded-prefix", "/x"),
        ("x-accel-mapping", "/="),
        ("forwarded", "for=192.0.2.1; Host=admin.example"),
        ("x-forwarded-host", "wiki.example, admin.example"),
        ("x-forwarded-host", "wiki.example:8443"),
        ("x-waws-unencoded-url", "/admin"),
        ("x-ms-original-url", "https://wiki.example/admin"),
        ("x-cf-forwarded-url", "https://wiki.example/admin"),
        ("x-forwarded-script-name", "/x"),
        ("x-traversal-path", "/x"),
        ("x-matched-path", "/admin"),
        ("x-now-route-matches", "1=admin"),
        ("x-invoke-path", "/admin"),
        ("x-invoke-output", "/admin"),
        ("x-middleware-rewrite", "/admin"),
        ("x-middleware-subrequest", "middleware:middleware"),
        ("x_middleware_subrequest", "src/middleware"),
        ("x-isr", "1"),
        ("x-astro-path", "/admin"),
        ("x-forwarded-server", "admin.example"),
        ("x-host", "admin.example"),
        ("X-HTTP-Host-Override", "admin.example"),
        ("disguised-host", "admin.example"),
        ("$WSSN", "admin.example"),
        ("x-envoy-original-host", "admin.example"),
    ] {
        assert_eq!(
            with_session(&mut world, &[(name, value)]),
            [name],
            "{value}"
        );
    }
    let both = [("x-original-url", "/"), ("x_original_url", "/admin")];
    assert_eq!(
        with_session(&mut world, &both),
        ["x-original-url", "x_original_url"]
    );
}

#[test]
fn what_replaces_nothing_passes() {
    let mut world = world(|_| ());
    for field in [
        ("x-forwarded-host", "Wiki.example"),
        ("forwarded", "for=192.0.2.1;proto=https"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-proto", "https, http"),
        ("x-forwarded-port", "8443"),
        ("x-original-urls", "/admin"),
        ("x-forwarded-server", "wiki.example"),
        ("x-host", "wiki.example"),
        // Browsers send these two to a Next.js application.
        ("x-nextjs-data", "1"),
        ("x-middleware-prefetch", "1"),
        METHOD,
        ("x-forwarded-method", "DELETE"),
    ] {
        assert!(with_session(&mut world, &[field]).is_empty(), "{field:?}");
    }
}

/// A server that puts it before `://` or after `:` takes a path or a host from it.
#[test]
fn a_scheme_or_port_is_nothing_else() {
    let mut world = world(|one| {
        one.keep_override_headers = true;
        one.bypass = vec![bypass("/public", None)];
    });
    for (name, value) in [
        ("x-forwarded-proto", "https://admin.example/?"),
        ("x-forwarded-protocol", "https:"),
        ("x_forwarded_scheme", "x:admin"),
        ("x-url-scheme", "/admin"),
        ("x-forwarded-port", "443/admin?"),
        ("X-Forwarded-Port", "443@admin.example"),
    ] {
        let fields = [(name, value)];
        assert_eq!(with_session(&mut world, &fields), [name], "{value}");
        let open = with(get("wiki.example", "/public"), &fields);
        assert_eq!(removed(&mut world, &open), [name], "{value}");
    }
}

#[test]
fn an_application_may_want_overrides_for_requests_with_a_session() {
    let mut world = world(|one| {
        one.keep_override_headers = true;
        one.bypass = vec![bypass("/public", None)];
    });
    assert!(with_session(&mut world, &[PATH, HOST, METHOD]).is_empty());
    let open = with(get("wiki.example", "/public"), &[PATH, HOST, METHOD]);
    assert_eq!(removed(&mut world, &open), [PATH.0, HOST.0, METHOD.0]);
}

fn bypass(path: &str, method: Option<&str>) -> Bypass {
    Bypass {
        path: path.into(),
        matching: PathMatch::Exact,
        methods: method.map(|method| vec![method.into()]),
    }
}

/// Also where the rule is another application's on the same host, and with overrides wanted.
#[test]
fn no_method_is_replaced_where_a_rule_of_the_host_depends_on_it() {
    let by_method = |one: &mut FeedApplication| one.bypass = vec![bypass("/x", Some("GET"))];
    let preflights = |one: &mut FeedApplication| one.preflight = Preflight::Origin;
    let answers = |one: &mut FeedApplication| one.preflight = Preflight::Answer;
    for change in [by_method, preflights, answers] {
        for name in [
            "x-http-method-override",
            "x_http_method",
            "X-Method-Override",
            "x-forwarded-method",
            "x-original-method",
        ] {
            let mut world = world(|one| {
                change(one);
                one.keep_override_headers = true;
            });
            assert_eq!(with_session(&mut world, &[(name, "DELETE")]), [name]);
            let mut two = wire("b", &[at("wiki.example", None, Some("/admin"))]);
            change(&mut two);
            let mut world = World::without_feed(CONFIG);
            world.load(vec![wire("a", &[at("wiki.example", None, None)]), two]);
            assert_eq!(with_session(&mut world, &[(name, "DELETE")]), [name]);
        }
    }
    let mut world = world(|one| one.bypass = vec![bypass("/x", None)]);
    assert!(with_session(&mut world, &[METHOD]).is_empty());
}

#[test]
fn a_host_of_no_application_is_not_replaced_by_one_that_has_some() {
    let passing = CONFIG.replacen('{', "{\"unknown_hosts\": \"pass\",", 1);
    let mut world = World::without_feed(&passing);
    world.load(vec![wire("a", &[at("wiki.example", None, None)])]);
    let fields = with(
        get("other.example", "/"),
        &[PATH, METHOD, ("x-forwarded-host", "wiki.example")],
    );
    assert_eq!(removed(&mut world, &fields), ["x-forwarded-host"]);
}

#[test]
fn a_dry_run_removes_what_enforcement_would() {
    let report = CONFIG.replacen('{', "{\"mode\": \"report\",", 1);
    let mut world = World::without_feed(&report);
    world.load(vec![wire("a", &[at("wiki.example", None, None)])]);
    let fields = with(get("wiki.example", "/"), &[PATH, METHOD, HOST]);
    assert_eq!(removed(&mut world, &fields), [PATH.0, HOST.0]);
}

#[test]
fn a_trailer_replaces_nothing() {
    let trailers = [("x_original_url", "/admin"), METHOD, ("grpc-status", "0")];
    let trailers = trailers.map(|(name, value)| crate::request::Field {
        name: name.as_bytes(),
        value: value.as_bytes(),
    });
    assert_eq!(
        trailers_to_remove(&trailers),
        ["x_original_url", "x-http-method-override"]
    );
}

#[test]
fn an_upgrade_has_nothing_removed_behind_the_filter() {
    let mut world = World::new();
    let cookie = world.session_cookie();
    for (connection, cut) in [
        ("Upgrade", false),
        ("keep-alive, Upgrade", true),
        ("upgrade, x-access-user-email, x-forwarded-for", true),
    ] {
        let fields = with(
            get("wiki.example", "/ws"),
            &[
                ("cookie", &cookie),
                ("upgrade", "websocket"),
                ("connection", connection),
            ],
        );
        let Effect::Continue(changes) = world.send(&fields) else {
            panic!("{connection}")
        };
        assert_eq!(changes.only_upgrades, cut, "{connection}");
        assert!(changes.identity.is_some());
    }
}

#[test]
fn no_other_request_has_the_identity_removed_behind_the_filter() {
    let mut world = World::new();
    let cookie = world.session_cookie();
    for (connection, refused) in [
        ("x-access-user-email", true),
        ("close, X_Access_User_Id", true),
        ("cookie", true),
        ("x-forwarded-for", true),
        ("keep-alive", false),
        ("x-own-hop", false),
    ] {
        let fields = with(
            get("wiki.example", "/"),
            &[("cookie", &cookie), ("connection", connection)],
        );
        let effect = world.send(&fields);
        if refused {
            assert_eq!(status(effect), (400, "connection_invalid"), "{connection}");
        } else {
            assert!(matches!(effect, Effect::Continue(_)), "{connection}");
        }
    }
}
