//! What is wrong is refused with path and value, all at once.

use serde_json::json;

use super::*;
use crate::policy::check::MAX_RULES;

fn refused(policy: &Value) -> String {
    match application(policy, &access_groups()) {
        Ok(_) => panic!("{policy} was taken"),
        Err(refused) => refused,
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_mistake_is_named_with_its_path_and_value() {
    let allow = |include: Value| json!({ "id": "a", "action": "allow", "include": [include] });
    let rule =
        |action: &str, include: Value| json!({ "id": "a", "action": action, "include": [include] });
    for (rule, expected) in [
        (
            allow(json!({ "mail": "x" })),
            "policy[0].include[0].mail = `\"x\"`: unknown selector",
        ),
        (
            allow(json!({})),
            "policy[0].include[0] = `{}`: must be one selector",
        ),
        (
            allow(json!({ "email": "a@b", "amr": "mfa" })),
            "policy[0].include[0] = ",
        ),
        (
            allow(json!("everyone")),
            "policy[0].include[0] = `\"everyone\"`: must be one selector",
        ),
        (
            allow(json!({ "email": "ana" })),
            "policy[0].include[0].email = `ana`",
        ),
        (
            allow(json!({ "email": ["a@b", 7] })),
            "policy[0].include[0].email[1] = `7`",
        ),
        (
            allow(json!({ "email": [] })),
            "policy[0].include[0].email: has no value",
        ),
        (
            allow(json!({ "email_domain": "@x" })),
            "policy[0].include[0].email_domain = `@x`",
        ),
        (
            allow(json!({ "everyone": false })),
            "policy[0].include[0].everyone = `false`: must be true",
        ),
        (
            allow(json!({ "ip": "10.0.0.0/33" })),
            "policy[0].include[0].ip = `10.0.0.0/33`",
        ),
        (
            allow(json!({ "ip": "10.1.2.3/8" })),
            "`10.1.2.3/8`: has bits beyond its prefix; write 10.0.0.0/8",
        ),
        (
            allow(json!({ "ip": "::ffff:10.0.0.0/104" })),
            "written as IPv6",
        ),
        (
            allow(json!({ "path": "/x" })),
            "policy[0].include[0].path = `\"/x\"`: is for `bypass` rules only",
        ),
        (
            allow(json!({ "method": "GET" })),
            "is for `bypass` rules only",
        ),
        (
            allow(json!({ "service_token": "ci" })),
            "is for the include of `service` rules only",
        ),
        (
            allow(json!({ "provider": "nowhere" })),
            "there is no identity provider with this name; there is corp, lab",
        ),
        (
            allow(json!({ "group": "engineering" })),
            "must be provider:name",
        ),
        (
            allow(json!({ "group": "nowhere:x" })),
            "there is no identity provider",
        ),
        (
            allow(json!({ "access_group": "nobody" })),
            "there is no access group with this name",
        ),
        (
            allow(json!({ "access_group": ["staff", "office"] })),
            "groups of people and groups of networks",
        ),
        (
            allow(json!({ "claim": "department" })),
            "must have a name and a value",
        ),
        (
            allow(json!({ "claim": { "name": "x", "value": "y", "z": 1 } })),
            "must have a name and a value",
        ),
        (
            rule("permit", json!({ "everyone": true })),
            "policy[0].action = `\"permit\"`: must be allow",
        ),
        (
            rule("bypass", json!({ "everyone": true })),
            "does not know who asks",
        ),
        (
            rule("bypass", json!({ "access_group": "staff" })),
            "does not know who asks",
        ),
        (
            rule("bypass", json!({ "path": "/a/../b" })),
            "policy[0].include[0].path = `/a/../b`",
        ),
        (
            rule("bypass", json!({ "path": "/a*" })),
            "policy[0].include[0].path = `/a*`",
        ),
        (
            rule("bypass", json!({ "method": "get" })),
            "must be a method in capitals",
        ),
        (
            rule("service", json!({ "email": "a@b" })),
            "a `service` rule includes service tokens",
        ),
        (
            rule("service", json!({ "service_token": "x" })),
            "there is no service token with this name; there is ci, backup",
        ),
        (
            json!({ "id": "A b", "action": "allow", "include": [{ "everyone": true }] }),
            "policy[0].id = `\"A b\"`",
        ),
        (
            json!({ "action": "allow", "include": [{ "everyone": true }] }),
            "policy[0].id: is missing",
        ),
        (
            json!({ "id": "a", "include": [{ "everyone": true }] }),
            "policy[0].action: is missing",
        ),
        (
            json!({ "id": "a", "action": "allow" }),
            "policy[0].include: needs at least one selector",
        ),
        (
            json!({ "id": "a", "action": "allow", "include": [{ "everyone": true }], "session_duration": "1m" }),
            "policy[0].session_duration = `1m`",
        ),
        (
            json!({ "id": "a", "action": "block", "include": [{ "everyone": true }], "session_duration": "1h" }),
            "only an `allow` rule begins sessions",
        ),
        (
            json!({ "id": "a", "action": "allow", "include": [{ "everyone": true }], "unless": [] }),
            "policy[0].unless",
        ),
        (
            json!({ "id": "a", "action": "allow", "include": [{ "everyone": true }], "exclude": [{ "everyone": true }] }),
            "fits nobody",
        ),
        (
            json!({ "id": "a", "action": "block", "include": [{ "email": "a@b" }], "require": [{ "ip": "10.0.0.0/8" }] }),
            "write an `allow` rule for these people instead",
        ),
        (
            json!({ "id": "a", "action": "bypass", "include": [{ "path": "/a" }], "exclude": [{ "path": "/a" }] }),
            "can only exclude addresses",
        ),
        (
            json!({ "id": "a", "action": "bypass", "include": [{ "path": "/a" }], "require": [{ "path": "/b" }] }),
            "opens nothing",
        ),
    ] {
        let refused = refused(&json!([rule]));
        assert!(refused.contains(expected), "{rule}\n{refused}");
        assert_eq!(refused.lines().count(), 1, "{rule}\n{refused}");
    }
}

#[test]
fn all_mistakes_are_named_at_once() {
    let policy = json!([
        { "id": "a", "action": "allow", "include": [{ "email": "x" }, { "colour": "red" }] },
        { "id": "a", "action": "allow", "include": [{ "everyone": true }] },
        { "id": "a", "action": "nothing", "include": [], "require": "mfa" },
    ]);
    let refused = refused(&policy);
    let paths: Vec<&str> = refused
        .lines()
        .map(|line| line.split([' ', ':']).next().unwrap())
        .collect();
    assert_eq!(
        paths,
        [
            "policy[0].include[0].email",
            "policy[0].include[1].colour",
            "policy[2].action",
            "policy[2].require",
            "policy[2].include",
        ]
    );
    let twice = json!([
        { "id": "a", "action": "allow", "include": [{ "everyone": true }] },
        { "id": "a", "action": "allow", "include": [{ "everyone": true }] },
    ]);
    assert!(self::refused(&twice).contains("policy[1].id = `a`: is used twice"));
}

#[test]
fn sizes_are_bounded() {
    let rule = |index: usize| json!({ "id": format!("r{index}"), "action": "allow", "include": [{ "everyone": true }] });
    let many: Vec<Value> = (0..=MAX_RULES).map(rule).collect();
    assert!(refused(&json!(many)).contains("policy = `201`: are too many rules"));
    let selectors: Vec<Value> = (0..501).map(|_| json!({ "everyone": true })).collect();
    let policy = json!([{ "id": "a", "action": "allow", "include": selectors }]);
    assert!(refused(&policy).contains("policy[0].include = `501`"));
    // Each address that is taken out of everything leaves 128 networks.
    let holes = |count: u32| -> Vec<String> {
        (0..count)
            .map(|hole| format!("2001:db8:{hole}::1"))
            .collect()
    };
    let rule = |count: u32| {
        json!([{ "id": "a", "action": "allow", "include": [{ "everyone": true }],
            "exclude": [{ "ip": holes(count) }] }])
    };
    assert!(application(&rule(4), &[]).is_ok());
    assert!(refused(&rule(20)).contains("at most 512 are allowed"));
    let paths: Vec<String> = (0..30).map(|path| format!("/{path}")).collect();
    let policy = json!([{ "id": "a", "action": "bypass", "include": [{ "path": paths }],
        "require": [{ "path": paths }] }]);
    assert!(refused(&policy).contains("opens 900 combinations"));
}

/// Each rule may be in order, and all of them too large.
#[test]
fn all_rules_together_are_bounded() {
    let networks = |first: u8, count: u16| -> Vec<String> {
        let network = |number: u16| format!("{first}.{}.{}.0/25", number / 256, number % 256);
        (0..count).map(network).collect()
    };
    let allow = |rules: u8, count: u16| -> Value {
        let rule = |index: u8| {
            json!({ "id": format!("r{index}"), "action": "allow",
                "include": [{ "email": format!("user{index}@example.com") }],
                "require": [{ "ip": networks(index + 1, count) }] })
        };
        (0..rules).map(rule).collect()
    };
    assert!(application(&allow(40, 500), &[]).is_ok());
    let refused = refused(&allow(41, 500));
    assert!(
        refused.contains("policy = `20500`: are too many networks, of all rules together"),
        "{refused}"
    );
    assert!(
        refused.contains("at most 20000 are allowed. The rule `r9` leaves 500"),
        "{refused}"
    );
    let bypass = |paths: u16, count: u16| {
        let paths: Vec<String> = (0..paths).map(|path| format!("/{path}")).collect();
        json!([{ "id": "open", "action": "bypass", "include": [{ "path": paths }],
            "require": [{ "ip": networks(10, count) }] }])
    };
    assert!(application(&bypass(40, 500), &[]).is_ok());
    let refused = self::refused(&bypass(50, 500));
    assert!(refused.contains("policy = `25000`"), "{refused}");
    assert!(
        refused.contains("The rule `open` leaves 25000"),
        "{refused}"
    );
    // What would not fit into memory is not even compared.
    let refused = self::refused(&bypass(500, 5_000));
    assert!(
        refused.contains("opens 500 combinations of paths and methods from 5000 networks each"),
        "{refused}"
    );
}
