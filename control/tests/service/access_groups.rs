//! Access groups that administrators set: their bounds, and the policies that follow them.

mod command;
mod declared;
mod refused;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::browser::{Attempt, Browser, exchanged};
use crate::harness::{Service, WIKI};

const ANA: &str = "ana@example.com";
const STAFF: &str = "access-groups/staff";

/// Sets a group, which must succeed.
async fn set(service: &Service, name: &str, body: Value) -> Value {
    let (status, answer) = service.put(&format!("access-groups/{name}"), body).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

fn of_domain(domain: &str) -> Value {
    json!({ "include": [{ "email_domain": domain }] })
}

/// A policy that admits whom an access group fits.
fn policy_of(group: &str) -> Value {
    json!([{ "id": "a", "action": "allow", "include": [{ "access_group": group }] }])
}

async fn version(service: &Service) -> u64 {
    service
        .running
        .service
        .storage
        .newest_version()
        .await
        .unwrap()
}

async fn feed(service: &Service, credential: &str, query: &str) -> Value {
    let feed = service.http.get(service.call("feed") + query);
    let feed = feed.bearer_auth(credential).send().await.unwrap();
    feed.json().await.unwrap()
}

/// The rules of an application in the feed.
async fn rules(service: &Service, credential: &str, name: &str) -> Value {
    let feed = feed(service, credential, "").await;
    let all = feed["applications"]["put"].as_array().unwrap();
    let found = all.iter().find(|one| one["name"] == name).unwrap();
    found["rules"].clone()
}

#[tokio::test]
async fn s07_a_changed_access_group_acts_at_once_in_every_policy_that_names_it_and_in_no_other() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    set(&service, "staff", of_domain("example.com")).await;
    let office = json!({ "include": [{ "ip": "10.0.0.0/8" }] });
    set(&service, "office", office).await;
    let mut policy = policy_of("staff");
    policy[0]["require"] = json!([{ "access_group": "office" }]);
    let audience = service.wiki(json!({ "policy": policy })).await;
    let chat = "https://chat.example.com";
    service
        .application("chat", chat, json!({ "policy": policy_of("staff") }))
        .await;
    let other = "https://other.example.com";
    service.application("other", other, json!({})).await;
    let credential = service.credential(&[]).await;
    let (mut browser, attempt) = (Browser::default(), Attempt::at(&audience));
    let code = browser.code(&service, &attempt, (ANA, &password)).await;
    let token = exchanged(&service, &credential, &code).await;
    let names = ["wiki", "chat", "other"];
    let all = async || {
        let mut all = Vec::new();
        for name in names {
            all.push(rules(&service, &credential, name).await[0].clone());
        }
        all
    };
    let before = all().await;
    assert_eq!(before[0]["source_ranges"], json!(["10.0.0.0/8"]));

    // Other addresses: filters apply them to the tokens that exist.
    let office = json!({ "include": [{ "ip": "192.0.2.0/24" }] });
    let moved = set(&service, "office", office).await;
    assert_eq!(moved["used_by"], json!(["wiki"]));
    assert_eq!(moved["version"], version(&service).await);
    let now = all().await;
    assert_eq!(now[0]["source_ranges"], json!(["192.0.2.0/24"]));
    assert_eq!((&now[0]["id"], &now[1..]), (&before[0]["id"], &before[1..]));

    // Other people: a filter that waits hears of both policies at once, in one version.
    let whole = feed(&service, &credential, "").await;
    let (epoch, after) = (whole["epoch"].as_str().unwrap(), &whole["version"]);
    let query = format!("?epoch={epoch}&after={after}&wait=30");
    let (changes, changed) = tokio::join!(
        feed(&service, &credential, &query),
        set(&service, "staff", of_domain("example.org"))
    );
    assert_eq!(changes["version"], changed["version"]);
    let put = changes["applications"]["put"].as_array().unwrap();
    let mut put: Vec<&str> = put
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    put.sort_unstable();
    assert_eq!(put, ["chat", "wiki"]);
    assert_eq!(changed["used_by"], json!(["chat", "wiki"]));
    assert_eq!(changed["version"], moved["version"].as_u64().unwrap() + 1);
    let after = all().await;
    assert_ne!(after[0]["id"], now[0]["id"]);
    assert_ne!(after[1]["id"], now[1]["id"]);
    assert_eq!(after[2], now[2]);
    // Who is out gets no new token.
    let body = json!({
        "token": token["token"], "binding_secret": token["binding"], "origin": WIKI,
    });
    let refused = service.post(&credential, "refresh", body).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let refused = browser.get(&service, &attempt.path()).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_was_read_can_be_put_back_and_changes_nothing() {
    let service = Service::start().await;
    let body = json!({
        "include": [{ "email_domain": "example.com" }, { "email": ["guest@example.org"] }],
        "exclude": [{ "email": "mallory@example.com" }],
    });
    set(&service, "staff", body).await;
    service.wiki(json!({ "policy": policy_of("staff") })).await;
    let (status, read) = service.over_socket(Method::GET, STAFF).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        (&read["declared"], &read["used_by"]),
        (&json!(false), &json!(["wiki"]))
    );
    let before = version(&service).await;
    let events = service.listed("/api/admin/v1/audit").await;
    let mut answer = set(&service, "staff", read.clone()).await;
    assert_eq!(answer["changed"].take(), json!(false));
    answer.as_object_mut().unwrap().remove("changed");
    assert_eq!(answer, read);
    assert_eq!(version(&service).await, before);
    assert_eq!(service.listed("/api/admin/v1/audit").await, events);
}

#[tokio::test]
async fn the_audit_log_tells_what_a_change_was_and_which_policies_followed() {
    let service = Service::start().await;
    set(&service, "staff", of_domain("example.com")).await;
    service.wiki(json!({ "policy": policy_of("staff") })).await;
    set(&service, "staff", of_domain("example.org")).await;
    service
        .done("/applications/remove", json!({ "name": "wiki" }))
        .await;
    let (status, _) = service.over_socket(Method::DELETE, STAFF).await;
    assert_eq!(status, StatusCode::OK);
    let mut events = service.listed("/api/admin/v1/audit").await;
    events.reverse();
    let of = |name: &str| {
        let found = events.iter().find(|event| event["event"] == name);
        found.unwrap_or_else(|| panic!("{name} in {events:#?}"))
    };
    let domain = |domain: &str| json!({ "include": [{ "email_domain": domain }] });
    let (old, new) = (domain("example.com"), domain("example.org"));
    let nothing = json!({});
    for (name, before, after) in [
        ("admin.access_group_added", &nothing, &old),
        ("admin.access_group_changed", &old, &new),
        ("admin.access_group_removed", &new, &nothing),
    ] {
        let event = of(name);
        assert_eq!(
            event["changes"],
            json!({ "before": before, "after": after })
        );
        assert_eq!(event["subject"]["kind"], "access_group");
        assert_eq!(event["subject"]["name"], "staff");
        assert_eq!(event["actor"]["kind"], "cli");
    }
    let policy = of("policy.changed");
    assert_eq!(policy["reason"], "access_group_changed");
    assert_eq!(policy["subject"]["name"], "wiki");
    assert_eq!(policy["details"]["access_groups"], json!(["staff"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_replica_has_the_same_groups() {
    let service = Service::start().await;
    let replica = service.replica().await;
    let credential = service.credential(&[]).await;
    set(&service, "staff", of_domain("example.com")).await;
    replica.wiki(json!({ "policy": policy_of("staff") })).await;
    let before = rules(&service, &credential, "wiki").await;
    set(&service, "staff", of_domain("example.org")).await;
    assert_ne!(rules(&replica, &credential, "wiki").await, before);
    let (_, read) = replica.over_socket(Method::GET, STAFF).await;
    assert_eq!(read["include"][0]["email_domain"], "example.org");
}
