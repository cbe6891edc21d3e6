//! The request part of rules, as filters judge it.

use serde_json::json;

use super::*;
use crate::policy::bypass::PathPattern;
use crate::policy::explain::Asker;
use crate::policy::networks::Networks;

#[test]
fn the_short_verdict_is_that_of_the_explanation() {
    let policy = json!([
        { "id": "nowhere", "action": "allow", "include": [{ "email": "bob@example.com" }],
          "require": [{ "ip": "10.0.0.0/8" }, { "ip": "192.0.2.0/24" }] },
        { "id": "office", "action": "allow", "include": [{ "email": "ana@example.com" }],
          "require": [{ "ip": "10.0.0.0/8" }] },
        { "id": "guests", "action": "block", "include": [{ "email_domain": "example.org" }] },
        { "id": "rest", "action": "allow", "include": [{ "everyone": true }] },
    ]);
    let policy = good(&policy).policy;
    for (email, everywhere) in [
        ("bob@example.com", [false, false, false]),
        ("ana@example.com", [true, true, false]),
        ("x@example.org", [false, false, false]),
        ("x@example.net", [true, true, true]),
    ] {
        let person = Person::with_email(email);
        for (address, admits) in [None, Some("10.0.0.1"), Some("192.0.2.1")]
            .into_iter()
            .zip(everywhere)
        {
            let address = address.map(|address| address.parse().unwrap());
            assert_eq!(
                policy.admits(&person, address),
                admits,
                "{email} {address:?}"
            );
            let explained = policy.explain(Asker::Person(&person), address);
            assert_eq!(explained.admitted, admits, "{email} {address:?}");
        }
    }
}

#[test]
fn an_address_is_judged_for_every_request() {
    let policy = json!([
        { "id": "staff", "action": "allow", "include": [{ "email_domain": "example.com" }],
          "require": [{ "ip": ["10.0.0.0/8", "2001:db8::/32"] }, { "access_group": "office" }],
          "exclude": [{ "ip": "10.9.0.0/16" }] },
        { "id": "rest", "action": "allow", "include": [{ "everyone": true }] },
    ]);
    let definition = good(&policy);
    for (address, admitted) in [
        ("10.0.0.1", true),
        ("::ffff:10.0.0.1", true),
        ("2001:db8::1", true),
        ("10.9.0.1", false),
        ("10.1.2.3", false),
        ("203.0.113.1", false),
    ] {
        // The rule's failing request part does not lead to the next rule.
        assert_eq!(passes(&definition, &ana(), address), admitted, "{address}");
        let carol = Person::with_email("carol@example.org");
        assert!(passes(&definition, &carol, address), "{address}");
    }
}

#[test]
fn either_a_person_or_an_address_is_included() {
    let policy = json!([{ "id": "a", "action": "allow",
        "include": [{ "email": "ana@example.com" }, { "ip": "10.0.0.0/8" }] }]);
    let definition = good(&policy);
    let carol = Person::with_email("carol@example.org");
    assert!(passes(&definition, &ana(), "203.0.113.1"));
    assert!(passes(&definition, &carol, "10.0.0.1"));
    assert!(!passes(&definition, &carol, "203.0.113.1"));
    let ids = [&ana(), &carol].map(|person| definition.admit(person).unwrap().rule);
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn a_block_of_addresses_takes_them_from_later_rules_alone() {
    let policy = json!([
        { "id": "admin", "action": "allow", "include": [{ "email": "ana@example.com" }] },
        { "id": "outside", "action": "block", "include": [{ "everyone": true }],
          "exclude": [{ "access_group": "office" }] },
        { "id": "rest", "action": "allow", "include": [{ "everyone": true }] },
    ]);
    let definition = good(&policy);
    let carol = Person::with_email("carol@example.org");
    assert!(passes(&definition, &ana(), "203.0.113.1"));
    assert!(!passes(&definition, &carol, "203.0.113.1"));
    assert!(passes(&definition, &carol, "10.0.0.1"));
}

#[test]
fn a_rule_that_no_address_satisfies_refuses_all_and_is_noted() {
    let policy = json!([{ "id": "a", "action": "allow", "include": [{ "everyone": true }],
        "require": [{ "ip": "10.0.0.0/8" }, { "ip": "192.0.2.0/24" }] }]);
    let definition = good(&policy);
    let rules = definition.policy.feed_rules(definition.session_duration());
    assert_eq!(rules[0].source_ranges, Some(Vec::new()));
    for address in ["10.0.0.1", "192.0.2.1", "::1"] {
        assert!(!passes(&definition, &ana(), address), "{address}");
    }
    let notes = crate::policy::notes::notes(&definition.policy);
    assert!(notes[0].contains("no address satisfies it"), "{notes:?}");
}

#[test]
fn a_bypass_that_no_address_satisfies_is_noted() {
    let bypass = |require: Value| {
        let policy = json!([{ "id": "a", "action": "bypass", "include": [{ "path": "/metrics" }],
            "require": require, "exclude": [{ "ip": "10.1.0.0/16" }] }]);
        crate::policy::notes::notes(&good(&policy).policy)
    };
    let notes = bypass(json!([{ "ip": "10.1.2.0/24" }]));
    assert_eq!(
        notes,
        ["the rule `a` opens nothing: no address satisfies it"]
    );
    assert!(bypass(json!([{ "ip": "10.0.0.0/8" }])).is_empty());
    assert!(bypass(json!([])).is_empty());
}

#[test]
fn a_service_rule_admits_its_tokens_from_its_addresses() {
    let policy = json!([
        { "id": "ci", "action": "service", "include": [{ "service_token": ["ci"] }],
          "require": [{ "ip": "10.0.0.0/8" }] },
        { "id": "all", "action": "service", "include": [{ "service_token": ["ci", "backup"] }] },
        { "id": "people", "action": "allow", "include": [{ "everyone": true }] },
    ]);
    let definition = good(&policy);
    let filters = in_filters(&definition);
    let check = |name: &str, address: &str| {
        let admitted = definition.admit_service(name).unwrap();
        filters
            .check_rule(&admitted.rule, address.parse().ok())
            .is_ok()
    };
    assert!(check("ci", "10.0.0.1") && !check("ci", "203.0.113.1"));
    assert!(check("backup", "203.0.113.1"));
    assert_eq!(definition.admit_service("ci").unwrap().rule_name, "ci");
    assert!(definition.admit_service("other").is_none());
    // A person does not get a rule of machines, nor the other way round.
    assert_eq!(definition.admit(&ana()).unwrap().rule_name, "people");
}

#[test]
fn a_bypass_is_every_way_to_satisfy_its_rule() {
    let policy = json!([{ "id": "a", "action": "bypass",
        "include": [{ "path": ["/static/*", "/healthz"] }],
        "require": [{ "method": ["GET", "HEAD"] }, { "method": ["HEAD", "POST"] },
            { "path": ["/static/css/*", "/healthz"] }, { "ip": "10.0.0.0/8" }],
        "exclude": [{ "ip": "10.1.0.0/16" }] }]);
    let entries = good(&policy).policy.bypass_entries();
    let entries: Vec<String> = entries
        .iter()
        .map(|entry| format!("{:?} {}", entry.target, entry.networks.to_ranges().len()))
        .collect();
    assert_eq!(
        entries,
        [
            "Bypass { path: \"/static/css\", matching: Prefix, methods: Some([\"HEAD\"]) } 8",
            "Bypass { path: \"/healthz\", matching: Exact, methods: Some([\"HEAD\"]) } 8",
        ]
    );
    let everything = json!([{ "id": "a", "action": "bypass", "include": [{ "path": "/*" }] }]);
    let entries = good(&everything).policy.bypass_entries();
    assert_eq!(entries[0].networks, Networks::all());
    assert_eq!(PathPattern::of("/*").path, "/");
}
