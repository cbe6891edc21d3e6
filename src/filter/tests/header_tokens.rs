//! Tokens of scripts: from headers only, where the application allows them, and never a redirect.

use super::*;
use crate::protocol::claims::TokenUse;

/// Both applications bind their cookies; the first takes tokens in headers.
fn world() -> World {
    let mut world = World::without_feed(CONFIG);
    let mut scripts = wire("a", &[at("wiki.example", None, None)]);
    scripts.header_tokens = true;
    world.load(vec![scripts, wire("b", &[at("notes.example", None, None)])]);
    world
}

fn of_a_script(claims: &mut ApplicationClaims) {
    (claims.usage, claims.cnf) = (Some(TokenUse::Header), None);
}

/// What of a client tells that it opens a page.
const LIKE_PAGES: [&[(&str, &str)]; 5] = [
    &[],
    &[("accept", "text/html,*/*")],
    &[
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ],
    &[
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-site", "cross-site"),
    ],
    &[("accept", "text/html"), ("origin", "https://wiki.example")],
];

/// The answer to a token in either header, the same whatever the client looks like.
fn refused(world: &mut World, host: &str, token: &str) -> (u16, &'static str) {
    let bearer = format!("Bearer {token}");
    let mut answers = Vec::new();
    for like in LIKE_PAGES {
        for method in ["GET", "POST"] {
            for field in [("x-access-token", token), ("authorization", &bearer)] {
                let head = [(":method", method), (":authority", host), (":path", "/")];
                let head = with(with(head.to_vec(), like), &[field]);
                let reply = reply(world.send(&head));
                assert!(all(&reply, "location").is_empty() && all(&reply, "set-cookie").is_empty());
                answers.push((reply.status, reply.reason));
            }
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    answers[0]
}

#[test]
fn s19_a_script_is_admitted_without_binding_and_its_token_stays_here() {
    let mut world = world();
    let token = world.token(of_a_script);
    for field in [
        ("x-access-token", token.clone()),
        ("authorization", format!("Bearer {token}")),
        ("authorization", format!("bEARER  {token} ")),
    ] {
        let field = (field.0, field.1.as_str());
        let effect = world.send(&with(get("wiki.example", "/"), &[field]));
        let Effect::Continue(changes) = effect else {
            panic!("{effect:?}")
        };
        assert_eq!(changes.remove, [field.0]);
        assert_eq!(changes.identity.unwrap().id(), claims().sub);
    }
}

#[test]
fn s19_a_wrong_token_in_a_header_is_never_redirected_to_a_login() {
    let mut world = world();
    for (change, expected) in [
        (
            (|c| c.exp = UnixSeconds::EPOCH) as fn(&mut ApplicationClaims),
            (401, "session_expired"),
        ),
        (
            |c| c.nbf = UnixSeconds::new(u64::MAX / 2),
            (401, "not_yet_valid"),
        ),
        (
            |c| c.aud = vec!["b".repeat(64)],
            (401, "token_not_for_here"),
        ),
        (
            |c| c.iss = "https://evil.example".into(),
            (401, "token_not_for_here"),
        ),
        (|c| c.rule = "gone".into(), (401, "session_expired")),
    ] {
        let token = world.token(|claims| {
            of_a_script(claims);
            change(claims);
        });
        assert_eq!(refused(&mut world, "wiki.example", &token), expected);
    }
    let bound = world.token(|_| ());
    assert_eq!(
        refused(&mut world, "wiki.example", &bound),
        (401, "binding_missing")
    );
    let good = world.token(of_a_script);
    let (cut, _) = good.rsplit_once('.').unwrap();
    assert_eq!(
        refused(&mut world, "wiki.example", cut),
        (401, "token_malformed")
    );
    world.revoke(Subject::Session(claims().sid));
    assert_eq!(
        refused(&mut world, "wiki.example", &good),
        (401, "session_revoked")
    );
}

#[test]
fn s19_a_user_whom_the_policy_does_not_admit_gets_403() {
    let mut world = World::without_feed(CONFIG);
    let mut scripts = wire("a", &[at("wiki.example", None, None)]);
    scripts.header_tokens = true;
    // No source address is known here, so none is in the range.
    scripts.rules[0].source_ranges = Some(vec!["10.0.0.0/8".into()]);
    world.load(vec![scripts]);
    let token = world.token(of_a_script);
    assert_eq!(
        refused(&mut world, "wiki.example", &token),
        (403, "policy_denied")
    );
}

#[test]
fn s19_not_where_the_application_does_not_allow_it() {
    let mut world = world();
    let token = world.token(|claims| {
        of_a_script(claims);
        claims.aud = vec!["b".repeat(64)];
    });
    assert_eq!(
        refused(&mut world, "notes.example", &token),
        (401, "no_session")
    );
}

#[test]
fn s19_a_token_of_a_script_is_no_cookie() {
    let mut world = world();
    let cookie = format!(
        "__Host-access_token={}; __Host-access_binding={}",
        world.token(of_a_script),
        binding()
    );
    let request = with(get("wiki.example", "/"), &[("cookie", &cookie)]);
    assert_eq!(status(world.send(&request)), (401, "token_not_for_here"));
}

#[test]
fn tokens_of_others_pass_untouched_and_count_as_none() {
    let mut world = world();
    let others = "Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln";
    let cookie = world.session_cookie();
    let effect = world.send(&with(
        get("wiki.example", "/"),
        &[("authorization", others), ("cookie", &cookie)],
    ));
    let Effect::Continue(changes) = effect else {
        panic!("{effect:?}")
    };
    assert!(changes.remove.is_empty());
    let alone = with(navigate("wiki.example", "/"), &[("authorization", others)]);
    assert_eq!(status(world.send(&alone)), (401, "no_session"));
}
