//! A second evaluator, written to be read rather than to be fast: it takes a policy as JSON and
//! judges one request as the documentation says. It and the product agree on random policies,
//! people and addresses.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Value, json};

use super::*;
use crate::policy::explain::Asker;

/// A request of somebody who signed in.
struct Request<'a> {
    email: &'a str,
    provider: Option<&'a str>,
    groups: Vec<&'a str>,
    department: Option<&'a str>,
    amr: Vec<&'a str>,
    address: &'a str,
}

fn list(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list
            .iter()
            .map(|one| one.as_str().unwrap().to_owned())
            .collect(),
        one => vec![one.as_str().unwrap().to_owned()],
    }
}

fn bits(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("4:{:032b}", u32::from(address)),
        IpAddr::V6(address) => format!("6:{:0128b}", u128::from(address)),
    }
}

fn in_network(network: &str, address: &str) -> bool {
    let (first, length) = network.split_once('/').unwrap_or((network, "128"));
    let first = bits(first.parse().unwrap());
    let length = first.len().min(2 + length.parse::<usize>().unwrap());
    bits(address.parse().unwrap()).starts_with(&first[..length])
}

/// Whether a selector is about addresses.
fn is_address(selector: &Value) -> bool {
    let names = selector.get("access_group").map(list).unwrap_or_default();
    selector.get("ip").is_some() || names.iter().any(|name| name == "office" || name == "vpn")
}

fn holds(selector: &Value, groups: &Value, request: &Request<'_>) -> bool {
    let (name, value) = selector.as_object().unwrap().iter().next().unwrap();
    let any = |have: &[&str]| list(value).iter().any(|one| have.contains(&one.as_str()));
    match name.as_str() {
        "everyone" => true,
        "email" => any(&[request.email]),
        "email_domain" => any(&[request.email.split_once('@').unwrap().1]),
        "group" => any(&request.groups),
        "provider" => any(request.provider.as_slice()),
        "amr" => any(&request.amr),
        "claim" => {
            let wanted = list(&value["value"]);
            value["name"] == "department"
                && request
                    .department
                    .is_some_and(|one| wanted.iter().any(|other| other == one))
        }
        "ip" => list(value)
            .iter()
            .any(|one| in_network(one, request.address)),
        "access_group" => list(value).iter().any(|name| {
            let mut all = groups.as_array().unwrap().iter();
            let group = all.find(|group| group["name"] == *name).unwrap();
            fits(group, groups, request)
        }),
        _ => panic!("{name}"),
    }
}

fn part<'a>(rule: &'a Value, name: &str) -> Vec<&'a Value> {
    rule[name].as_array().into_iter().flatten().collect()
}

/// All conditions together.
fn fits(rule: &Value, groups: &Value, request: &Request<'_>) -> bool {
    let holds = |selector: &&Value| holds(selector, groups, request);
    part(rule, "include").iter().any(holds)
        && part(rule, "require").iter().all(holds)
        && !part(rule, "exclude").iter().any(holds)
}

/// Whether the conditions about the person hold. An address in `include` may still hold later.
fn identity_fits(rule: &Value, groups: &Value, request: &Request<'_>) -> bool {
    let holds = |selector: &&Value| holds(selector, groups, request);
    part(rule, "include")
        .iter()
        .any(|one| is_address(one) || holds(one))
        && part(rule, "require")
            .iter()
            .all(|one| is_address(one) || holds(one))
        && !part(rule, "exclude")
            .iter()
            .any(|one| !is_address(one) && holds(one))
}

fn admitted(policy: &Value, groups: &Value, request: &Request<'_>) -> bool {
    for rule in policy.as_array().unwrap() {
        match rule["action"].as_str().unwrap() {
            "block" if fits(rule, groups, request) => return false,
            "allow" if identity_fits(rule, groups, request) => {
                return fits(rule, groups, request);
            }
            _ => {}
        }
    }
    false
}

const EMAILS: [&str; 4] = [
    "ana@example.com",
    "bob@example.com",
    "carol@example.org",
    "dan@other.net",
];
const GROUPS: [&str; 3] = ["corp:a", "corp:b", "lab:a"];
const NETWORKS: [&str; 8] = [
    "10.0.0.0/8",
    "10.1.0.0/16",
    "10.1.2.0/24",
    "192.0.2.0/24",
    "192.0.2.128/25",
    "2001:db8::/32",
    "2001:db8:1::/48",
    "0.0.0.0/1",
];
const ADDRESSES: [&str; 10] = [
    "10.0.0.1",
    "10.1.0.1",
    "10.1.2.3",
    "192.0.2.1",
    "192.0.2.200",
    "203.0.113.9",
    "2001:db8::1",
    "2001:db8:1::1",
    "2001:db9::1",
    "127.255.255.255",
];

/// Random policies and people.
struct Chance(fastrand::Rng);

impl Chance {
    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.0.usize(..list.len())]
    }

    fn some(&mut self, list: &[&str]) -> Value {
        match self.0.u8(..3) {
            0 => json!([self.of(list), self.of(list)]),
            _ => json!(self.of(list)),
        }
    }

    fn selector(&mut self) -> Value {
        match self.0.u8(..12) {
            0 => json!({ "email": self.some(&EMAILS) }),
            1 => json!({ "email_domain": self.some(&["example.com", "example.org"]) }),
            2 => json!({ "group": self.some(&GROUPS) }),
            3 => json!({ "provider": self.some(&["corp", "lab"]) }),
            4 => json!({ "amr": self.some(&["mfa", "hwk"]) }),
            5 => json!({ "claim": { "name": "department", "value": self.some(&["it", "hr"]) } }),
            6 => json!({ "everyone": true }),
            7 => json!({ "access_group": self.of(&["staff", "partners"]) }),
            8 => json!({ "access_group": self.of(&["office", "vpn"]) }),
            _ => json!({ "ip": self.some(&NETWORKS) }),
        }
    }

    fn selectors(&mut self, least: usize) -> Vec<Value> {
        let more = self.0.usize(..3);
        (0..least + more * self.0.usize(..2))
            .map(|_| self.selector())
            .collect()
    }

    fn rule(&mut self, id: usize) -> Value {
        let action = self.of(&["allow", "allow", "block"]);
        let mut exclude = self.selectors(0);
        exclude.retain(|one| one.get("everyone").is_none());
        json!({ "id": format!("r{id}"), "action": action, "include": self.selectors(1),
            "require": self.selectors(0), "exclude": exclude })
    }

    /// A policy that is taken. Blocks of certain people at certain addresses are refused.
    fn policy(&mut self, groups: &[AccessGroup]) -> (Value, Definition) {
        loop {
            let count = self.0.usize(1..5);
            let rules: Vec<Value> = (0..count).map(|id| self.rule(id)).collect();
            let policy = json!(rules);
            if let Ok(definition) = application(&policy, groups) {
                return (policy, definition);
            }
        }
    }

    /// A policy that differs in one rule.
    fn changed(&mut self, policy: &Value, groups: &[AccessGroup]) -> (Value, Definition) {
        loop {
            let mut rules = policy.as_array().unwrap().clone();
            let at = self.0.usize(..rules.len());
            match self.0.u8(..4) {
                0 => rules.insert(at, self.rule(9)),
                1 => rules[at] = self.rule(9),
                2 => rules[at]["require"] = json!(self.selectors(0)),
                _ => {
                    rules.remove(at);
                }
            }
            let policy = json!(rules);
            if let Ok(definition) = application(&policy, groups) {
                return (policy, definition);
            }
        }
    }

    fn request(&mut self) -> Request<'static> {
        let provider = self.of(&[None, Some("corp"), Some("lab")]);
        let groups = provider.map(|_| self.of(&GROUPS)).into_iter().collect();
        let department = provider.and_then(|_| self.of(&[None, Some("it"), Some("hr")]));
        Request {
            email: self.of(&EMAILS),
            provider,
            groups,
            department,
            amr: self.of(&[&[][..], &["mfa"], &["pwd", "hwk"]]).to_vec(),
            address: self.of(&ADDRESSES),
        }
    }
}

fn person(request: &Request<'_>) -> Person {
    let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect();
    let department = request
        .department
        .map(|one| ("department".to_owned(), vec![one.to_owned()]));
    Person {
        provider: request.provider.map(ToOwned::to_owned),
        groups: owned(&request.groups),
        claims: department.into_iter().collect::<BTreeMap<_, _>>(),
        amr: owned(&request.amr),
        ..Person::with_email(request.email)
    }
}

fn seed() -> u64 {
    let given = std::env::var("PORTCULLIS_POLICY_SEED").ok();
    let seed = given.and_then(|seed| seed.parse().ok());
    seed.unwrap_or_else(|| fastrand::u64(..))
}

fn groups() -> (Vec<AccessGroup>, Value) {
    let groups = access_groups();
    let as_json = serde_json::to_value(&groups).unwrap();
    (groups, as_json)
}

#[test]
fn a_second_evaluator_agrees_on_random_policies_people_and_addresses() {
    let seed = seed();
    let mut chance = Chance(fastrand::Rng::with_seed(seed));
    let (groups, groups_json) = groups();
    let mut admitted_count = 0;
    for _ in 0..1_500 {
        let (policy, definition) = chance.policy(&groups);
        let filters = in_filters(&definition);
        for _ in 0..12 {
            let request = chance.request();
            let expected = admitted(&policy, &groups_json, &request);
            let address = request.address.parse().ok();
            let passes = definition
                .admit(&person(&request))
                .is_some_and(|admitted| filters.check_rule(&admitted.rule, address).is_ok());
            assert_eq!(
                passes,
                expected,
                "PORTCULLIS_POLICY_SEED={seed}: {policy} {} {:?} {:?} {:?} {:?} {}",
                request.email,
                request.provider,
                request.groups,
                request.department,
                request.amr,
                request.address
            );
            let explained = definition
                .policy
                .explain(Asker::Person(&person(&request)), address);
            assert_eq!(
                explained.admitted, expected,
                "PORTCULLIS_POLICY_SEED={seed}: {policy}"
            );
            admitted_count += usize::from(expected);
        }
    }
    assert!(
        (1_000..17_000).contains(&admitted_count),
        "{admitted_count}"
    );
}

/// A token names the rule that it was issued by. If filters still know that rule after a change of
/// the policy, they must decide as the changed policy does.
#[test]
fn a_token_from_before_a_change_never_gets_what_the_changed_policy_would_not_give() {
    let seed = seed();
    let mut chance = Chance(fastrand::Rng::with_seed(seed));
    let (groups, groups_json) = groups();
    let mut kept = 0;
    for _ in 0..3_000 {
        let (before, old) = chance.policy(&groups);
        let (after, new) = chance.changed(&before, &groups);
        let filters = in_filters(&new);
        for _ in 0..6 {
            let request = chance.request();
            let Some(token) = old.admit(&person(&request)) else {
                continue;
            };
            let address = request.address.parse().ok();
            let passes = match filters.check_rule(&token.rule, address) {
                Ok(()) => true,
                Err(portcullis::reason::Refusal::PolicyDenied) => false,
                // The control service judges anew.
                Err(_) => continue,
            };
            kept += 1;
            let expected = admitted(&after, &groups_json, &request);
            assert_eq!(
                passes, expected,
                "PORTCULLIS_POLICY_SEED={seed}: {before} then {after}: {} {:?} {:?} {}",
                request.email, request.provider, request.amr, request.address
            );
        }
    }
    assert!(kept > 500, "{kept}");
}
