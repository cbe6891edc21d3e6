//! Scenarios: requests, answers and ticks in; effects out.

use super::*;
use crate::application::tests::{at, wire};
use crate::login::tests::Counting;
use crate::protocol::calls::{CookieSettings, ExchangeAnswer, SameSite};
use crate::protocol::claims::ApplicationClaims;
use crate::protocol::feed::{
    Application, ApplicationChanges, FeedPage, JwkSet, PageKind, Revocation, RevocationChanges,
    Subject,
};
use crate::request::tests::with_head;
use crate::session::signature::NoHostSignatures;
use crate::session::verifier::tests::{Signer, binding, claims};

const NOW_MS: u64 = 1_795_450_380_000;

struct World {
    filter: Filter,
    signer: Signer,
    version: u64,
    now_ms: u64,
}

const CONFIG: &str = r#"{
    "team_domain": "https://team.example.com",
    "control": { "cluster": "c", "authority": "a", "credential_env": "E" },
    "when_stale": { "after": "5m", "then": "deny" }
}"#;

impl World {
    fn without_feed(config: &str) -> Self {
        let config = Config::read(config.as_bytes()).unwrap();
        Self {
            filter: Filter::new(config, Box::new(NoHostSignatures), "vm".into()),
            signer: Signer::new(),
            version: 41,
            now_ms: NOW_MS,
        }
    }

    fn new() -> Self {
        let mut world = Self::without_feed(CONFIG);
        world.load(vec![wire("a", &[at("wiki.example", None, None)]), {
            let mut w = wire("b", &[at("notes.example", None, None)]);
            w.binding = false;
            w
        }]);
        world
    }

    fn load(&mut self, applications: Vec<Application>) {
        let page = FeedPage {
            epoch: "e1".into(),
            kind: PageKind::Snapshot,
            after: 0,
            version: self.version,
            next: None,
            now: NOW_MS / 1_000,
            keys: Some(JwkSet {
                keys: vec![self.signer.jwk()],
            }),
            applications: ApplicationChanges {
                put: applications,
                delete: vec![],
            },
            revocations: RevocationChanges::default(),
        };
        self.feed(&page);
    }

    fn feed(&mut self, page: &FeedPage) {
        self.filter.poll(self.now_ms, 0).unwrap();
        let body = serde_json::to_vec(page).unwrap();
        let answer = FeedAnswer {
            status: Some(200),
            body: &body,
        };
        self.filter.feed_answered(self.now_ms, 0, answer).unwrap();
    }

    fn revoke(&mut self, subject: Subject) {
        let after = self.version;
        self.version += 1;
        self.feed(&FeedPage {
            epoch: "e1".into(),
            kind: PageKind::Delta,
            after,
            version: self.version,
            next: None,
            now: NOW_MS / 1_000,
            keys: None,
            applications: ApplicationChanges::default(),
            revocations: RevocationChanges {
                put: vec![Revocation {
                    subject,
                    version: self.version,
                    fresh: false,
                    until: NOW_MS,
                }],
                delete: vec![],
            },
        });
    }

    fn with_moment<T>(&mut self, f: impl FnOnce(&mut Filter, &mut Moment<'_>) -> T) -> T {
        let mut random = Counting(1);
        let mut moment = Moment {
            now_ms: self.now_ms,
            random: &mut random,
            address: &|| None,
        };
        f(&mut self.filter, &mut moment)
    }

    fn send(&mut self, fields: &[(&str, &str)]) -> Effect {
        with_head(fields, |head| {
            self.with_moment(|filter, moment| filter.begin(1, head, moment))
        })
    }

    fn answer(&mut self, status: Option<u16>, body: &[u8]) -> Option<Effect> {
        self.with_moment(|filter, moment| filter.answered(1, CallAnswer { status, body }, moment))
    }

    fn wake(&mut self) -> Option<Effect> {
        assert_eq!(self.filter.due(self.now_ms), [1]);
        self.with_moment(|filter, moment| filter.wake(1, moment))
    }

    fn token(&self, change: impl FnOnce(&mut ApplicationClaims)) -> String {
        let mut claims = claims();
        change(&mut claims);
        self.signer.sign(&claims)
    }

    fn session_cookie(&self) -> String {
        format!(
            "a=1; __Host-access_token={}; __Host-access_binding={}",
            self.token(|_| ()),
            binding()
        )
    }
}

fn get<'a>(host: &'a str, path: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![(":method", "GET"), (":authority", host), (":path", path)]
}

fn navigate<'a>(host: &'a str, path: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut fields = get(host, path);
    fields.extend([
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ]);
    fields
}

fn with<'a>(
    mut fields: Vec<(&'a str, &'a str)>,
    more: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    fields.extend(more);
    fields
}

fn reply(effect: Effect) -> Reply {
    match effect {
        Effect::Reply(reply) => reply,
        other => panic!("no reply but {other:?}"),
    }
}

fn status(effect: Effect) -> (u16, &'static str) {
    let reply = reply(effect);
    (reply.status, reply.reason)
}

fn all<'a>(reply: &'a Reply, name: &str) -> Vec<&'a str> {
    reply
        .headers
        .iter()
        .filter(|(n, _)| *n == name)
        .map(|(_, v)| v.as_str())
        .collect()
}

#[test]
fn a_good_session_goes_on_with_identity_and_without_secrets() {
    let mut world = World::new();
    let cookie = world.session_cookie();
    let effect = world.send(&with(
        get("wiki.example", "/x"),
        &[
            ("cookie", &cookie),
            ("x-access-user-email", "evil@example.com"),
            ("x_access_user_id", "evil"),
            ("authorization", "Basic abc"),
        ],
    ));
    let Effect::Continue(changes) = effect else {
        panic!("{effect:?}")
    };
    assert_eq!(changes.remove, ["x-access-user-email", "x_access_user_id"]);
    assert_eq!(changes.cookies, Some(vec![b"a=1".to_vec()]));
    let identity = changes.identity.unwrap();
    assert_eq!(
        (identity.email.as_str(), identity.id),
        ("ana@example.com", claims().sub)
    );
    let counted: Vec<_> = world.filter.take_counters().collect();
    assert!(
        counted.contains(&("portcullis.verdict.continue".into(), 1)),
        "{counted:?}"
    );
}

#[test]
fn a_navigation_without_session_is_led_to_the_login() {
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
    assert!(
        cookies.len() == 1 && cookies[0].starts_with("__Host-access_login_01020304=1795450380.x.")
    );
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
    for target in ["https://evil.example", "//evil.example", "/.access/logout"] {
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
fn hosts_and_paths_that_nobody_guards() {
    let mut world = World::new();
    for (host, path, expected) in [
        ("other.example", "/", (403, "unknown_host")),
        ("team.example.com", "/login", (403, "unknown_host")),
        ("wiki.example:8443", "/", (403, "no_application")),
        ("wiki.example", "/%2525252e", (400, "path_ambiguous")),
        ("wiki.example", "*", (400, "path_ambiguous")),
        ("wiki.example:", "/", (400, "host_invalid")),
        ("wiki.example:x", "/", (400, "host_invalid")),
        ("wiki.example..", "/", (400, "host_invalid")),
        ("wiki.example", "/.access/x", (404, "endpoint_unknown")),
        ("wiki.example", "/%2eaccess/x", (404, "endpoint_unknown")),
        (
            "wiki.example",
            "/x/../.access/login",
            (404, "endpoint_unknown"),
        ),
    ] {
        assert_eq!(
            status(world.send(&get(host, path))),
            expected,
            "{host}{path}"
        );
    }
    let passing = CONFIG.replacen('{', "{\"unknown_hosts\": \"pass\",", 1);
    let mut world = World::without_feed(&passing);
    world.load(vec![wire("a", &[at("wiki.example", None, None)])]);
    let effect = world.send(&with(
        get("other.example", "/"),
        &[("x-access-user-id", "evil")],
    ));
    let Effect::Continue(changes) = effect else {
        panic!("{effect:?}")
    };
    assert!(
        changes.unguarded && changes.identity.is_none() && changes.remove == ["x-access-user-id"]
    );
    for (host, expected) in [
        ("wiki.example:1", (403, "no_application")),
        ("wiki.example:", (400, "host_invalid")),
        ("wiki.example:0", (400, "host_invalid")),
        ("wiki.example..", (400, "host_invalid")),
        ("", (400, "host_invalid")),
    ] {
        assert_eq!(status(world.send(&get(host, "/"))), expected, "{host:?}");
    }
}

#[test]
fn a_revocation_ends_a_session_that_was_good() {
    let mut world = World::new();
    let cookie = world.session_cookie();
    let request = with(get("wiki.example", "/"), &[("cookie", &cookie)]);
    assert!(matches!(world.send(&request), Effect::Continue(_)));
    world.revoke(Subject::User(claims().sub));
    assert_eq!(status(world.send(&request)), (401, "session_revoked"));
}

#[test]
fn without_a_feed_requests_wait_and_then_fail() {
    let mut world = World::without_feed(CONFIG);
    assert_eq!(world.send(&get("wiki.example", "/")), Effect::Pause);
    assert!(world.filter.due(world.now_ms + FEED_WAIT_MS - 1).is_empty());
    world.now_ms += FEED_WAIT_MS;
    assert_eq!(status(world.wake().unwrap()), (503, "not_ready"));
    assert_eq!(world.send(&get("wiki.example", "/")), Effect::Pause);
    world.load(vec![wire("a", &[at("wiki.example", None, None)])]);
    assert_eq!(status(world.wake().unwrap()), (401, "no_session"));
    assert_eq!(
        world.filter.due(u64::MAX),
        [] as [u32; 0],
        "an ended request is forgotten"
    );
}

#[test]
fn a_stale_feed_denies_or_allows_as_configured() {
    for (then, denied) in [("deny", true), ("allow", false)] {
        let mut world = World::without_feed(&CONFIG.replace("deny", then));
        world.load(vec![wire("a", &[at("wiki.example", None, None)])]);
        world.now_ms += 300_001;
        let cookie = format!(
            "__Host-access_token={}; __Host-access_binding={}",
            world.token(|c| c.exp = u64::MAX),
            binding()
        );
        let effect = world.send(&with(get("wiki.example", "/"), &[("cookie", &cookie)]));
        if denied {
            let reply = reply(effect);
            assert_eq!((reply.status, reply.reason), (503, "stale"));
            assert_eq!(all(&reply, "retry-after"), ["1"]);
        } else {
            assert!(matches!(effect, Effect::Continue(_)));
        }
    }
}

#[test]
fn an_unknown_key_waits_for_the_feed_once() {
    let mut world = World::new();
    let stranger = Signer::new();
    let cookie = format!("__Host-access_token={}", stranger.sign(&claims()));
    let request = with(get("wiki.example", "/"), &[("cookie", cookie.as_str())]);
    assert_eq!(world.send(&request), Effect::Pause);
    world.now_ms += FEED_WAIT_MS;
    assert_eq!(status(world.wake().unwrap()), (401, "key_unknown"));
    assert_eq!(
        status(world.send(&request)),
        (401, "key_unknown"),
        "remembered"
    );
    world.revoke(Subject::User("x".into()));
    assert_eq!(world.send(&request), Effect::Pause, "the feed has moved");
}

/// Goes to the login and returns the attempt's cookie and state.
fn begin_login(world: &mut World, site: &str) -> (String, String) {
    let fields = with(navigate("wiki.example", "/a"), &[("sec-fetch-site", site)]);
    let reply = reply(world.send(&fields));
    let cookie = all(&reply, "set-cookie")[0]
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let location = all(&reply, "location")[0];
    let state = location
        .split("state=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    (cookie, state.to_owned())
}

fn exchange_answer(world: &World, same_site: SameSite) -> Vec<u8> {
    serde_json::to_vec(&ExchangeAnswer {
        token: world.token(|_| ()),
        binding: Some(binding()),
        session_exp: claims().session_exp,
        return_to: "/a".into(),
        cookie: CookieSettings {
            http_only: true,
            same_site,
            partitioned: false,
        },
    })
    .unwrap()
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
        (|c| c.exp = 1, "session_expired"),
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
    world.now_ms += 2_500;
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
    let now = NOW_MS / 1_000;
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
    assert_eq!(status(send(5)), (400, "login_loop"));
}

#[test]
fn who_is_signed_in_is_in_no_loop() {
    let mut world = World::new();
    let session = world.session_cookie();
    let (attempt, state) = begin_login(&mut world, "none");
    let path = format!("/.access/callback?code=c0de&state={state}");
    let now = NOW_MS / 1_000;
    let line = format!("{attempt}; {session}; __Host-access_returns={now}.{now}.{now}.{now}.{now}");
    let back = with(navigate("wiki.example", &path), &[("cookie", &line)]);
    assert!(matches!(world.send(&back), Effect::Call(_)));
}

#[test]
fn logout_is_asked_for_by_the_application_itself() {
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
    assert_eq!(
        status(world.send(&navigate("wiki.example", "/.access/logout"))),
        (200, "logout_page")
    );
}

#[test]
fn logout_claims_nothing_that_did_not_happen() {
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
fn identity_says_who_and_until_when() {
    let mut world = World::new();
    let cookie = world.session_cookie();
    let mine = reply(world.send(&with(
        get("wiki.example", "/.access/identity"),
        &[("cookie", &cookie)],
    )));
    let body: serde_json::Value = serde_json::from_str(&mine.body).unwrap();
    assert_eq!(
        (mine.status, &body["email"], &body["exp"]),
        (200, &"ana@example.com".into(), &claims().exp.into())
    );
    let nobody = world.send(&get("wiki.example", "/.access/identity"));
    assert_eq!(status(nobody), (401, "no_session"));
}

#[test]
fn applications_on_one_host_keep_their_cookies_apart() {
    let mut world = World::without_feed(CONFIG);
    world.load(vec![
        wire("a", &[at("wiki.example", None, None)]),
        wire("b", &[at("wiki.example", None, Some("/b"))]),
    ]);
    let (token, bind) = (world.token(|_| ()), binding());
    let suffix = "a".repeat(16);
    let cookie =
        format!("__Host-access_token_{suffix}={token}; __Host-access_binding_{suffix}={bind}; k=1");
    let effect = world.send(&with(get("wiki.example", "/"), &[("cookie", &cookie)]));
    let Effect::Continue(changes) = effect else {
        panic!("{effect:?}")
    };
    assert_eq!(changes.cookies, Some(vec![b"k=1".to_vec()]));
    assert_eq!(
        status(world.send(&with(get("wiki.example", "/b/x"), &[("cookie", &cookie)]))),
        (401, "no_session")
    );
    let other = "b".repeat(16);
    let moved = cookie.replace(&suffix, &other);
    assert_eq!(
        status(world.send(&with(get("wiki.example", "/b/x"), &[("cookie", &moved)]))),
        (401, "token_not_for_here")
    );
}

#[test]
fn a_preflight_gets_what_the_application_says() {
    use crate::protocol::feed::Preflight;
    let fields = [
        (":method", "OPTIONS"),
        (":authority", "wiki.example"),
        (":path", "/"),
        ("origin", "https://app.example"),
        ("access-control-request-method", "PUT"),
    ];
    for (preflight, expected) in [
        (Preflight::Deny, 403),
        (Preflight::Answer, 204),
        (Preflight::Origin, 0),
    ] {
        let mut world = World::without_feed(CONFIG);
        let mut application = wire("a", &[at("wiki.example", None, None)]);
        application.preflight = preflight;
        application.cors_origins = vec!["https://app.example".into()];
        world.load(vec![application]);
        match world.send(&fields) {
            Effect::Continue(changes) => assert!(expected == 0 && changes.identity.is_none()),
            Effect::Reply(reply) => {
                assert_eq!(reply.status, expected);
                assert_eq!(
                    all(&reply, "access-control-allow-methods").len(),
                    usize::from(expected == 204)
                );
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn logout_works_without_the_policy_and_says_what_is_true() {
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
    let path = format!("/.access/callback?code=c0de&state={state}");
    let effect = world.send(&with(
        navigate("wiki.example", &path),
        &[("cookie", &cookie)],
    ));
    assert!(matches!(effect, Effect::Call(_)));
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

#[test]
fn a_bypassed_request_cannot_become_another_one() {
    let mut world = World::without_feed(CONFIG);
    let mut application = wire("a", &[at("wiki.example", None, None)]);
    application.bypass = vec![crate::protocol::feed::Bypass {
        path: "/public/".into(),
        matching: crate::protocol::feed::PathMatch::Prefix,
        methods: Some(vec!["GET".into()]),
    }];
    world.load(vec![application]);
    let effect = world.send(&with(
        get("wiki.example", "/public/x"),
        &[
            ("x-http-method-override", "DELETE"),
            ("x_original_url", "/secret"),
            ("x.access.user.id", "evil"),
        ],
    ));
    let Effect::Continue(changes) = effect else {
        panic!("{effect:?}")
    };
    assert_eq!(
        changes.remove,
        [
            "x.access.user.id",
            "x-http-method-override",
            "x_original_url"
        ]
    );
    for path in [
        "/public/%u002e%u002e/secret",
        "/public/%c0%ae%c0%ae/secret",
        "/public/..%c0%afsecret",
    ] {
        assert_eq!(
            status(world.send(&get("wiki.example", path))),
            (401, "no_session"),
            "{path}"
        );
    }
}

#[test]
fn a_preflight_with_a_body_reaches_no_origin() {
    let mut world = World::without_feed(CONFIG);
    let mut application = wire("a", &[at("wiki.example", None, None)]);
    application.preflight = crate::protocol::feed::Preflight::Origin;
    world.load(vec![application]);
    let fields = [
        (":method", "OPTIONS"),
        (":authority", "wiki.example"),
        (":path", "/"),
        ("origin", "https://app.example"),
        ("access-control-request-method", "PUT"),
    ];
    let fields = fields.map(|(name, value)| crate::request::Field {
        name: name.as_bytes(),
        value: value.as_bytes(),
    });
    let head = Head::new(&fields, true);
    let effect = world.with_moment(|filter, moment| filter.begin(1, head, moment));
    assert_eq!(status(effect), (403, "preflight_denied"));
}

#[test]
fn b14_a_dry_run_refuses_nothing_and_says_what_it_would_have_refused() {
    let report = CONFIG.replacen('{', "{\"mode\": \"report\",", 1);
    let mut world = World::without_feed(&report);
    let expect = |effect: Effect, reason: Option<&str>| {
        let Effect::Continue(changes) = effect else {
            panic!("{effect:?}")
        };
        assert_eq!(changes.reported, reason);
        changes
    };
    expect(world.send(&get("wiki.example", "/")), Some("not_ready"));
    world.load(vec![wire("a", &[at("wiki.example", None, None)])]);
    let spoofed = with(get("wiki.example", "/"), &[("x-access-user-id", "evil")]);
    let changes = expect(world.send(&spoofed), Some("no_session"));
    assert_eq!(
        (changes.remove, changes.identity),
        (vec!["x-access-user-id".to_owned()], None)
    );
    expect(
        world.send(&navigate("wiki.example", "/")),
        Some("no_session"),
    );
    expect(world.send(&get("other.example", "/")), Some("unknown_host"));
    expect(
        world.send(&get("wiki.example", "/%2525252e")),
        Some("path_ambiguous"),
    );
    let stranger = format!("__Host-access_token={}", Signer::new().sign(&claims()));
    expect(
        world.send(&with(get("wiki.example", "/"), &[("cookie", &stranger)])),
        Some("key_unknown"),
    );
    let cookie = world.session_cookie();
    let changes = expect(
        world.send(&with(get("wiki.example", "/"), &[("cookie", &cookie)])),
        None,
    );
    assert!(changes.identity.is_some() && changes.cookies.is_some());
    assert_eq!(
        status(world.send(&navigate("wiki.example", "/.access/login"))),
        (302, "login")
    );
    let counted: Vec<_> = world.filter.take_counters().collect();
    assert!(
        counted.contains(&("portcullis.reported.no_session".into(), 2)),
        "{counted:?}"
    );
}
