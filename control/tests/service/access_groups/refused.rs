//! What is refused, and changes nothing.

use portcullis_control::applications::Definition;
use portcullis_control::policy::rules::AccessGroup;
use portcullis_control::problems::Refused;
use portcullis_control::storage::{ChangeError, ExpectedGroup, MOST_ACCESS_GROUPS, TakeOver};
use serde_json::from_value;

use super::*;
use crate::harness::tester;

fn any(_: &Definition) -> Result<(), Refused> {
    Ok(())
}

#[tokio::test]
async fn a_bad_group_is_refused_with_every_problem() {
    let service = Service::start().await;
    set(&service, "staff", of_domain("example.com")).await;
    let many: Vec<String> = (0..9_000)
        .map(|number| format!("someone-{number:020}@example.com"))
        .collect();
    for (name, body, expected) in [
        ("staff", json!({}), "include: needs at least one selector"),
        (
            "staff",
            json!({ "include": [{ "path": "/x" }] }),
            "include[0].path",
        ),
        (
            "staff",
            json!({ "include": [{ "group": "corp:x" }, { "email": "nobody" }], "extra": 1 }),
            "extra",
        ),
        (
            "staff",
            json!({ "include": [{ "access_group": "other" }] }),
            "an access group cannot name another",
        ),
        (
            "staff",
            json!({ "name": "other", "include": [{ "everyone": true }] }),
            "an access group keeps its name",
        ),
        (
            "staff",
            json!({ "include": [{ "everyone": true }], "require": [{ "ip": "10.0.0.0/8" }] }),
            "make one group of each",
        ),
        (
            "staff",
            json!({ "include": [{ "email": many }] }),
            "is larger than",
        ),
        ("a%2Fb", of_domain("example.com"), "without '/'"),
        (
            &"x".repeat(65),
            of_domain("example.com"),
            "at most 64 bytes",
        ),
        (
            "%20x",
            of_domain("example.com"),
            "without spaces at the ends",
        ),
        ("staff", json!([]), "invalid type"),
    ] {
        let (status, answer) = service.put(&format!("access-groups/{name}"), body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name}: {answer}");
        assert_eq!(answer["reason"], "request_invalid");
        let detail = answer["detail"].as_str().unwrap();
        assert!(detail.contains(expected), "{name}: {detail}");
    }
    let groups = service.listed("/api/admin/v1/access-groups").await;
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0]["include"], of_domain("example.com")["include"]);
}

#[tokio::test]
async fn a_group_in_use_is_not_deleted_and_the_policies_are_named() {
    let service = Service::start().await;
    set(&service, "staff", of_domain("example.com")).await;
    service.wiki(json!({ "policy": policy_of("staff") })).await;
    let (status, answer) = service.over_socket(Method::DELETE, STAFF).await;
    assert_eq!(
        (status, &answer["reason"]),
        (StatusCode::CONFLICT, &json!("conflict"))
    );
    let detail = answer["detail"].as_str().unwrap();
    assert!(
        detail.contains("applications name the access group: wiki;"),
        "{detail}"
    );
    let other = json!({ "name": "wiki", "changes": { "policy": [{ "everyone": true }] } });
    service.done("/applications/set", other).await;
    let (status, _) = service.over_socket(Method::DELETE, STAFF).await;
    assert_eq!(status, StatusCode::OK);
    for method in [Method::GET, Method::DELETE] {
        let (status, answer) = service.over_socket(method, STAFF).await;
        assert_eq!(
            (status, &answer["reason"]),
            (StatusCode::NOT_FOUND, &json!("not_found"))
        );
    }
}

#[tokio::test]
async fn a_group_that_a_policy_cannot_use_any_more_is_refused_as_a_whole() {
    let service = Service::start().await;
    let credential = service.credential(&[]).await;
    set(&service, "staff", of_domain("example.com")).await;
    service.wiki(json!({ "policy": policy_of("staff") })).await;
    // In a `service` rule addresses can be required, people cannot.
    set(
        &service,
        "office",
        json!({ "include": [{ "ip": "10.0.0.0/8" }] }),
    )
    .await;
    let token = json!({ "name": "ci" });
    service.done("/api/admin/v1/service-tokens", token).await;
    let policy = json!([
        { "id": "ci", "action": "service", "include": [{ "service_token": "ci" }],
          "require": [{ "access_group": "office" }] },
    ]);
    let bots = "https://bots.example.com";
    service
        .application("bots", bots, json!({ "policy": policy }))
        .await;
    let (rules_before, before) = (
        rules(&service, &credential, "bots").await,
        version(&service).await,
    );
    let (status, answer) = service
        .put("access-groups/office", of_domain("example.com"))
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
    let detail = answer["detail"].as_str().unwrap();
    for part in ["application `bots`", "policy[0].require[0].access_group"] {
        assert!(detail.contains(part), "{detail}");
    }
    assert_eq!(version(&service).await, before);
    assert_eq!(rules(&service, &credential, "bots").await, rules_before);
    let (_, read) = service
        .over_socket(Method::GET, "access-groups/office")
        .await;
    assert_eq!(read["include"][0]["ip"], json!(["10.0.0.0/8"]));
}

#[tokio::test]
async fn a_policy_that_names_an_unknown_group_hears_the_nearest_name() {
    let service = Service::start().await;
    set(&service, "staff", of_domain("example.com")).await;
    set(&service, "office", of_domain("example.org")).await;
    service.wiki(json!({})).await;
    let change = |group: &str| json!({ "name": "wiki", "changes": { "policy": policy_of(group) } });
    for (name, expected) in [
        ("stuff", "did you mean `staff`?"),
        ("Office", "did you mean `office`?"),
        ("contractors", "there is office, staff"),
    ] {
        let (status, answer) = service.administer("/applications/set", change(name)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
        let problem = &answer["problems"][0];
        assert_eq!(problem["path"], "policy[0].include[0].access_group");
        let message = problem["message"].as_str().unwrap();
        assert!(message.contains(expected), "{name}: {message}");
    }
}

/// Otherwise a policy that is stored a moment after a change would have the group as it was.
#[tokio::test]
async fn a_policy_that_was_checked_with_an_older_group_is_not_stored() {
    let service = Service::start().await;
    set(&service, "staff", of_domain("example.com")).await;
    service.wiki(json!({ "policy": policy_of("staff") })).await;
    let storage = &service.running.service.storage;
    let wiki = storage.application_named("wiki").await.unwrap().unwrap();
    let (mut late, mut new) = (wiki.definition.clone(), wiki.clone());
    late.preflight = portcullis::protocol::feed::Preflight::Origin;
    new.definition.name = "new".to_owned();
    new.audience = "f".repeat(64);
    set(&service, "staff", of_domain("example.org")).await;
    let by = tester();
    let stored = storage.change_application(&wiki, &late, TakeOver::Refused, &by);
    assert!(matches!(stored.await, Err(ChangeError::GroupsChanged)));
    let stored = storage.add_application(&new, &by).await;
    assert!(matches!(stored, Err(ChangeError::GroupsChanged)));
    let change = json!({ "name": "wiki", "changes": { "preflight": "origin" } });
    service.done("/applications/set", change).await;
}

#[tokio::test]
async fn there_are_so_many_groups_and_no_more() {
    let service = Service::start().await;
    let storage = &service.running.service.storage;
    let (by, conditions) = (tester(), of_domain("example.com"));
    for number in 0..MOST_ACCESS_GROUPS {
        let group = AccessGroup {
            name: format!("group-{number}"),
            conditions: from_value(conditions.clone()).unwrap(),
        };
        let set = storage.set_access_group((&group, ExpectedGroup::Any), &any, &by);
        set.await.unwrap();
    }
    let (status, answer) = service.put(STAFF, conditions).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let detail = answer["detail"].as_str().unwrap();
    assert!(
        detail.contains("there are 500 access groups already"),
        "{detail}"
    );
    set(&service, "group-7", of_domain("example.org")).await;
    let first = service
        .over_socket(Method::GET, "access-groups?limit=200")
        .await;
    assert_eq!(first.1["items"].as_array().unwrap().len(), 200);
    let next = first.1["next"].as_str().unwrap();
    let path = format!("access-groups?limit=200&cursor={next}");
    let (_, second) = service.over_socket(Method::GET, &path).await;
    assert!(second["items"][0]["name"].as_str() > first.1["items"][199]["name"].as_str());
}
