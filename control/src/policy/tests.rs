//! Policies, judged and compiled.

mod bad;
mod naive;
mod old;
mod requests;

use std::net::IpAddr;
use std::rc::Rc;

use portcullis::application as filter;
use serde_json::{Value, json};

use super::check::context::Names;
use super::person::Person;
use super::rules::AccessGroup;
use crate::applications::check::{CheckContext, check};
use crate::applications::{Application, Definition, Draft};
use crate::problems::InputProblems;

/// The access groups of these tests.
fn access_groups() -> Vec<AccessGroup> {
    let groups = json!([
        { "name": "staff", "include": [{ "email_domain": "example.com" }, { "group": "corp:a" }],
          "require": [{ "amr": ["mfa", "hwk"] }], "exclude": [{ "email": "bob@example.com" }] },
        { "name": "partners", "include": [{ "provider": "lab" }] },
        { "name": "office", "include": [{ "ip": ["10.0.0.0/8", "2001:db8::/32"] }],
          "exclude": [{ "ip": ["10.1.2.0/24"] }] },
        { "name": "vpn", "include": [{ "ip": ["192.0.2.0/24", "10.1.0.0/16"] }],
          "require": [{ "ip": ["192.0.2.0/25", "10.0.0.0/8"] }] },
    ]);
    serde_json::from_value(groups).unwrap()
}

/// The application with a policy, or what is wrong with it: a line each.
fn application(policy: &Value, groups: &[AccessGroup]) -> Result<Definition, String> {
    let draft = Draft {
        name: Some("wiki".to_owned()),
        origins: Some(vec!["https://wiki.example.com".to_owned()]),
        policy: policy.as_array().cloned(),
        ..Draft::default()
    };
    let mut problems = InputProblems::default();
    let context = CheckContext {
        path: "",
        demo: false,
        names: Names {
            access_groups: groups,
            providers: Some(&["corp".to_owned(), "lab".to_owned()]),
            service_tokens: Some(&["ci".to_owned(), "backup".to_owned()]),
        },
    };
    let definition = check(draft, context, &mut problems);
    problems.finish().map_err(|refused| refused.to_string())?;
    Ok(definition.unwrap())
}

fn good(policy: &Value) -> Definition {
    match application(policy, &access_groups()) {
        Ok(definition) => definition,
        Err(refused) => panic!("{policy}: {refused}"),
    }
}

/// The application as filters have it.
fn in_filters(definition: &Definition) -> Rc<filter::Application> {
    let application = Application {
        audience: "a".repeat(64),
        declared: false,
        definition: definition.clone(),
    };
    let feed = serde_json::to_string(&application.to_feed()).unwrap();
    let feed = serde_json::from_str(&feed).unwrap();
    Rc::new(filter::Application::compile(feed).unwrap())
}

/// Whether a person's request from an address passes, with a token that was just issued.
fn passes(definition: &Definition, person: &Person, address: &str) -> bool {
    let Some(admitted) = definition.admit(person) else {
        return false;
    };
    let address: IpAddr = address.parse().unwrap();
    let checked = in_filters(definition).check_rule(&admitted.rule, Some(address));
    checked.is_ok()
}

fn ana() -> Person {
    Person::with_email("ana@example.com")
}

#[test]
fn who_is_named_by_no_rule_is_not_admitted() {
    assert!(good(&json!([])).admit(&ana()).is_none());
    let policy =
        json!([{ "id": "a", "action": "allow", "include": [{ "email": "bob@example.com" }] }]);
    assert!(good(&policy).admit(&ana()).is_none());
}

#[test]
fn every_selector_about_identity_is_judged() {
    let person = Person {
        provider: Some("corp".to_owned()),
        groups: vec!["corp:engineering".to_owned(), "corp:it".to_owned()],
        claims: [("department".to_owned(), vec!["eng".to_owned()])].into(),
        amr: vec!["pwd".to_owned(), "mfa".to_owned()],
        ..ana()
    };
    for (selector, other) in [
        (
            json!({ "email": "Ana@Example.com" }),
            json!({ "email": "bob@example.com" }),
        ),
        (
            json!({ "email_domain": "example.com" }),
            json!({ "email_domain": "sub.example.com" }),
        ),
        (
            json!({ "group": ["corp:x", "corp:engineering"] }),
            json!({ "group": "lab:engineering" }),
        ),
        (
            json!({ "claim": { "name": "department", "value": ["hr", "eng"] } }),
            json!({ "claim": { "name": "department", "value": "hr" } }),
        ),
        (json!({ "provider": "corp" }), json!({ "provider": "lab" })),
        (json!({ "amr": ["hwk", "mfa"] }), json!({ "amr": "hwk" })),
        (
            json!({ "everyone": true }),
            json!({ "claim": { "name": "team", "value": "eng" } }),
        ),
        (
            json!({ "access_group": "staff" }),
            json!({ "access_group": "partners" }),
        ),
    ] {
        let rule = |include: &Value, require: &[&Value], exclude: &[&Value]| {
            let policy = json!([{ "id": "a", "action": "allow", "include": [include],
                "require": require, "exclude": exclude }]);
            good(&policy).admit(&person).is_some()
        };
        assert!(rule(&selector, &[], &[]), "{selector}");
        assert!(!rule(&other, &[], &[]), "{other}");
        let everyone = json!({ "everyone": true });
        assert!(rule(&everyone, &[&selector], &[]), "{selector}");
        assert!(!rule(&everyone, &[&selector, &other], &[]), "{other}");
        assert!(rule(&everyone, &[], &[&other]), "{other}");
        if selector != everyone {
            assert!(!rule(&everyone, &[], &[&other, &selector]), "{selector}");
        }
        // A password proves none of it.
        if selector.get("email").is_none() && selector.get("email_domain").is_none() {
            let policy = json!([{ "id": "a", "action": "allow", "include": [selector] }]);
            let admitted = good(&policy).admit(&ana()).is_some();
            assert_eq!(admitted, selector == everyone, "{selector}");
        }
    }
}

#[test]
fn the_first_rule_that_fits_decides() {
    let policy = json!([
        { "id": "not-bob", "action": "block", "include": [{ "email": "bob@example.com" }] },
        { "id": "staff", "action": "allow", "include": [{ "email_domain": "example.com" }],
          "session_duration": "8h" },
        { "id": "rest", "action": "block", "include": [{ "everyone": true }] },
        { "id": "never", "action": "allow", "include": [{ "everyone": true }] },
    ]);
    let definition = good(&policy);
    let admitted = definition.admit(&ana()).unwrap();
    assert_eq!(admitted.rule_name, "staff");
    assert_eq!(admitted.session_duration.as_secs(), 8 * 3600);
    for other in ["bob@example.com", "carol@example.org"] {
        assert!(
            definition.admit(&Person::with_email(other)).is_none(),
            "{other}"
        );
    }
    let notes = super::notes::notes(&definition.policy);
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(
        notes[0].contains("`never` is never reached: `rest`"),
        "{notes:?}"
    );
}

#[test]
fn a_policy_survives_being_stored_and_being_shown() {
    let policy = json!([
        { "id": "health", "action": "bypass", "include": [{ "path": "/healthz" }] },
        { "id": "ci", "action": "service", "include": [{ "service_token": "ci" }],
          "require": [{ "ip": ["10.0.0.0/8"] }] },
        { "id": "staff", "action": "allow",
          "include": [{ "email_domain": "example.com" }, { "group": "corp:engineering" }],
          "require": [{ "amr": "mfa" }, { "access_group": "office" }],
          "exclude": [{ "email": "guest@example.com" }], "session_duration": "8h" },
        { "id": "rest", "action": "block", "include": [{ "everyone": true }] },
    ]);
    let definition = good(&policy);
    let stored = serde_json::to_string(&definition).unwrap();
    assert_eq!(
        serde_json::from_str::<Definition>(&stored).unwrap(),
        definition
    );
    // The form is one: what is shown is what was written.
    assert_eq!(
        Draft::from(&definition).policy.map(Value::from),
        Some(policy)
    );
    assert_eq!(definition.policy.access_groups().len(), 1);
    let without = stored.replace("\"access_groups\":[", "\"access_groups_\":[");
    assert!(serde_json::from_str::<Definition>(&without).is_err());
}

#[test]
fn an_address_keeps_the_id_and_identity_changes_it() {
    let id = |policy: Value| good(&policy).admit(&ana()).unwrap().rule;
    let rule = |more: Value| {
        let mut rule = json!({ "id": "a", "action": "allow", "include": [{ "provider": "corp" },
            { "email": "ana@example.com" }] });
        for (name, value) in more.as_object().unwrap() {
            rule[name] = value.clone();
        }
        rule
    };
    let plain = id(json!([rule(json!({}))]));
    assert_eq!(plain.len(), 12);
    let office = json!({ "require": [{ "ip": "10.0.0.0/8" }] });
    assert_eq!(id(json!([rule(office.clone())])), plain);
    assert_eq!(id(json!([rule(json!({ "id": "renamed" }))])), plain);
    let block_net = json!({ "id": "n", "action": "block", "include": [{ "ip": "192.0.2.0/24" }] });
    assert_eq!(id(json!([block_net, rule(json!({}))])), plain);
    let other_block =
        json!({ "id": "b", "action": "block", "include": [{ "email": "b@example.com" }] });
    for other in [
        json!([rule(
            json!({ "require": [{ "email_domain": "example.com" }] })
        )]),
        json!([rule(json!({ "exclude": [{ "provider": "lab" }] }))]),
        json!([rule(json!({ "session_duration": "8h" }))]),
        // Who is judged by other rules first has another decision.
        json!([other_block, rule(json!({}))]),
    ] {
        assert_ne!(id(other.clone()), plain, "{other}");
    }
    // Pinned: if ids change, every token in use must be replaced.
    assert_eq!(plain, "TaeSkq9g28Kw");
}

#[test]
fn a_change_of_an_access_group_changes_the_id() {
    let policy =
        json!([{ "id": "a", "action": "allow", "include": [{ "access_group": "partners" }] }]);
    let person = Person {
        provider: Some("lab".to_owned()),
        ..ana()
    };
    let before = good(&policy).admit(&person).unwrap().rule;
    let mut groups = access_groups();
    let changed = groups
        .iter_mut()
        .find(|group| group.name == "partners")
        .unwrap();
    let more = serde_json::from_value(json!({ "email": "x@example.com" })).unwrap();
    changed.conditions.include.push(more);
    let after = application(&policy, &groups).unwrap();
    assert_ne!(after.admit(&person).unwrap().rule, before);
}
