//! The groups that an application gets to know: from the verified token only.

use super::*;
use crate::protocol::feed::{Bypass, PathMatch};

const GROUPS: &str = "x-access-user-groups";
const TRUNCATED: &str = "x-access-user-groups-truncated";

/// What a client sends to be somebody else.
const SPOOFED: [(&str, &str); 4] = [
    (GROUPS, "corp:admins"),
    ("X_Access_User_Groups", "corp:admins"),
    (TRUNCATED, "true"),
    ("x-access-user.groups-truncated", "true"),
];

fn cookie(world: &World, groups: Option<&[&str]>, truncated: bool) -> String {
    let token = world.token(|claims| {
        let names = groups.map(|names| names.iter().map(|name| (*name).to_owned()));
        claims.groups = names.map(Iterator::collect);
        claims.groups_truncated = truncated;
    });
    format!(
        "__Host-access_token={token}; __Host-access_binding={}",
        binding()
    )
}

/// How a request continues that also sends [`SPOOFED`].
fn continued(world: &mut World, host: &str, path: &str, cookie: &str) -> Changes {
    let fields = with(get(host, path), &SPOOFED);
    match world.send(&with(fields, &[("cookie", cookie)])) {
        Effect::Continue(changes) => changes,
        other => panic!("{other:?}"),
    }
}

fn added<'a>(changes: &'a Changes, name: &str) -> Vec<&'a str> {
    let headers = changes.add().filter(|(added, _)| *added == name);
    headers.map(|(_, value)| value).collect()
}

#[test]
fn the_origin_gets_the_groups_of_the_token_and_none_of_the_client() {
    let mut world = World::new();
    for (groups, truncated, header) in [
        (
            Some(&["corp:it", "corp:hr"][..]),
            false,
            Some("corp:it,corp:hr"),
        ),
        (Some(&["corp:it"]), true, Some("corp:it")),
        // Present, so that the application can tell: the setting is on, and the person is in none.
        (Some(&[]), false, Some("")),
        (None, false, None),
    ] {
        let cookie = cookie(&world, groups, truncated);
        // Twice: the second time the token is known.
        for _ in 0..2 {
            let changes = continued(&mut world, "wiki.example", "/", &cookie);
            assert_eq!(changes.remove, SPOOFED.map(|(name, _)| name));
            assert_eq!(added(&changes, GROUPS), Vec::from_iter(header));
            let expected: &[&str] = if truncated { &["true"] } else { &[] };
            assert_eq!(added(&changes, TRUNCATED), expected);
        }
    }
}

#[test]
fn no_name_of_a_group_breaks_out_of_the_header() {
    let mut world = World::new();
    for (name, sent) in [
        ("corp:a,b", "corp:a%2Cb"),
        ("corp:Küche", "corp:K%C3%BCche"),
        ("corp:two words", "corp:two%20words"),
        (
            "corp:x\r\nx-access-user-id: root",
            "corp:x%0D%0Ax-access-user-id:%20root",
        ),
        ("corp:\0\u{7f}", "corp:%00%7F"),
        ("corp:100%2C", "corp:100%252C"),
        (r#"corp:"a;b=c\"#, r#"corp:"a;b=c\"#),
    ] {
        let cookie = cookie(&world, Some(&[name, "lab:b"]), false);
        let changes = continued(&mut world, "wiki.example", "/", &cookie);
        assert_eq!(added(&changes, GROUPS), [format!("{sent},lab:b")]);
        // As the documentation says.
        let decoded = percent_decoded(sent);
        assert_eq!(decoded, name.as_bytes());
    }
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    decoded
}

#[test]
fn without_a_session_the_headers_of_the_client_are_removed_all_the_same() {
    let mut world = World::without_feed(CONFIG);
    let mut application = wire("a", &[at("wiki.example", None, None)]);
    application.bypass = vec![Bypass {
        path: "/health".into(),
        matching: PathMatch::Exact,
        methods: None,
    }];
    world.load(vec![application]);
    // Even one with a good session: the bypass does not look at it.
    for cookie in [cookie(&world, Some(&["corp:it"]), true), "a=1".to_owned()] {
        let changes = continued(&mut world, "wiki.example", "/health", &cookie);
        assert!(changes.identity.is_none() && changes.add().next().is_none());
        assert_eq!(changes.remove, SPOOFED.map(|(name, _)| name));
    }
}

#[test]
fn identity_tells_a_page_the_groups_that_the_application_gets() {
    let mut world = World::new();
    let mut identity = |groups: Option<&[&str]>, truncated| {
        let cookie = cookie(&world, groups, truncated);
        let request = get("wiki.example", "/.access/identity");
        let answer = reply(world.send(&with(request, &[("cookie", &cookie)])));
        let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        (body["groups"].clone(), body["groups_truncated"].clone())
    };
    let some = identity(Some(&["corp:a,b", "corp:Küche"]), true);
    assert_eq!(
        some,
        (["corp:a,b", "corp:Küche"].as_slice().into(), true.into())
    );
    let no_groups: [&str; 0] = [];
    assert_eq!(
        identity(Some(&[]), false),
        (no_groups.as_slice().into(), false.into())
    );
    let null = serde_json::Value::Null;
    assert_eq!(identity(None, false), (null.clone(), null));
}
