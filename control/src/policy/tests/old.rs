//! The old form, which is still read.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::policy::evaluate::{Inclusion, Matched};
use crate::policy::rules::Policy;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn stored(policy: Value) -> Policy {
    serde_json::from_value(policy).unwrap()
}

fn rule(emails: &[&str], domains: &[&str], everyone: bool) -> Value {
    json!({ "emails": emails, "email_domains": domains, "everyone": everyone })
}

fn admits(policy: &Policy, email: &str) -> bool {
    use crate::policy::evaluate::Decision;
    matches!(
        policy.decide(&Person::with_email(email)),
        Decision::Admitted(_)
    )
}

fn first_id(policy: Value, duration: Duration) -> String {
    let policy = stored(policy);
    let matched = Matched {
        rule: &policy.rules()[0],
        index: 0,
        by: Inclusion::Identity,
    };
    policy.rule_id(matched, duration)
}

#[test]
fn the_first_rule_that_matches_admits() {
    let policy = stored(json!([
        rule(&["ana@example.com"], &[], false),
        rule(&[], &["example.com"], false),
    ]));
    for (email, admitted) in [
        ("Ana@Example.com", true),
        ("bob@example.com", true),
        ("bob@sub.example.com", false),
        ("bob@example.com.evil.example", false),
        ("example.com", false),
        ("bob@evilexample.com", false),
    ] {
        assert_eq!(admits(&policy, email), admitted, "{email}");
    }
    assert!(admits(&stored(json!([rule(&[], &[], true)])), "x@y"));
    assert!(!admits(&stored(json!([rule(&[], &[], false)])), "x@y"));
    assert!(!admits(&stored(json!([])), "x@y"));
}

#[test]
fn a_rule_matches_every_spelling() {
    let spellings = [
        "eva@köln.example",
        "eva@ko\u{308}ln.example",
        "eva@xn--kln-sna.example",
    ];
    for written in spellings {
        let domain = written.split_once('@').unwrap().1;
        for shown in spellings {
            for rule in [rule(&[written], &[], false), rule(&[], &[domain], false)] {
                assert!(admits(&stored(json!([rule])), shown), "{written} {shown}");
            }
        }
        let other = stored(json!([rule(&[written], &[], false)]));
        assert!(!admits(&other, "eva@koln.example"));
    }
    let zoe = stored(json!([rule(&["zoe\u{308}@example.com"], &[], false)]));
    assert!(admits(&zoe, "zoë@example.com") && !admits(&zoe, "zoe@example.com"));
    // As stored before domains were brought into lower case by Unicode.
    let shouted = stored(json!([rule(&[], &["kÖln.example"], false)]));
    assert!(admits(&shouted, "eva@köln.example"));
    // A user of before, with an address that is refused now.
    let invisible = "eva@example.com\u{200b}";
    let policy = |everyone| stored(json!([rule(&[invisible], &["example.com"], everyone)]));
    assert!(!admits(&policy(false), invisible) && admits(&policy(true), invisible));
}

#[test]
fn an_id_is_the_rules_content() {
    let one = || json!([rule(&["a@b", "c@d"], &[], false)]);
    assert_eq!(first_id(one(), DAY).len(), 12);
    for other in [
        rule(&["a@b"], &["c@d"], false),
        rule(&["a@b", "c@d"], &[], true),
        rule(&["a@bc@d"], &[], false),
    ] {
        assert_ne!(first_id(one(), DAY), first_id(json!([other]), DAY));
    }
    for other in [Duration::ZERO, DAY / 2] {
        assert_ne!(first_id(one(), DAY), first_id(one(), other));
    }
}

/// Pinned: if ids change, every token in use must be replaced.
#[test]
fn ids_are_those_of_before() {
    let alone = rule(&["a@b"], &[], false);
    assert_eq!(first_id(json!([alone]), DAY), "58L-1itGuR3f");
    let second = stored(json!([rule(&[], &[], true), alone]));
    let matched = Matched {
        rule: &second.rules()[1],
        index: 1,
        by: Inclusion::Identity,
    };
    assert_eq!(second.rule_id(matched, DAY), "58L-1itGuR3f");
}

#[test]
fn the_old_form_means_the_same_wherever_it_is_written() {
    let old = json!([{ "emails": ["a@b"], "email_domains": ["c"], "everyone": false,
        "session_duration_seconds": 3600 }]);
    let in_toml = json!([{ "allow": { "emails": ["a@b"], "email_domains": ["c"] },
        "session_duration": "1h" }]);
    let in_api = json!([{ "emails": ["a@b"], "email_domains": ["c"], "session_duration": "1h" }]);
    let stored = stored(old);
    for written in [in_toml, in_api] {
        assert_eq!(good(&written).policy, stored, "{written}");
    }
    let today = json!({ "rules": [{ "id": "rule-1", "action": "allow",
        "include": [{ "email": "a@b" }, { "email_domain": "c" }], "session_duration": "1h" }] });
    assert_eq!(serde_json::to_value(&stored).unwrap(), today);
}
