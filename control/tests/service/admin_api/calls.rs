//! Single resources, new users and credentials, revocations and proxies.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use super::{ANA, call, done, sent, token};
use crate::browser::{Attempt, Browser};
use crate::harness::{Service, problem};

#[tokio::test]
async fn a_user_is_added_and_read() {
    let service = Service::start().await;
    let token = token(&service, &["users:read", "users:write"]).await;
    let add = (token.as_str(), Method::POST, "users");
    let (status, _, added) = sent(&service, add.clone(), &[], json!({ "email": ANA })).await;
    assert_eq!(status, 200, "{added}");
    let mut browser = Browser::default();
    let password = added["password"].as_str().unwrap();
    let signed_in = browser.sign_in(&service, "/login", (ANA, password)).await;
    assert!(signed_in.status().is_redirection());
    let path = format!("users/{}", added["id"].as_str().unwrap());
    let user = done(&service, &token, Method::GET, &path).await;
    assert_eq!((&user["email"], &user["role"]), (&json!(ANA), &json!(null)));
    let (status, _, body) = sent(&service, add.clone(), &[], json!({ "email": ANA })).await;
    assert_eq!((status, &body["reason"]), (409, &json!("email_taken")));
    let (status, _, body) = sent(&service, add, &[], json!({ "email": "ana" })).await;
    assert_eq!((status, &body["errors"][0]["path"]), (422, &json!("email")));
    // An address is no id.
    let by_address = call(&service, &token, Method::GET, &format!("users/{ANA}")).await;
    assert_eq!(problem(by_address).await, (404, "not_found".into()));
}

#[tokio::test]
async fn a_filter_credential_is_made_and_works() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let token = token(&service, &["credentials:write"]).await;
    let make = (token.as_str(), Method::POST, "filter-credentials");
    let wish = json!({ "name": "edge", "applications": ["wiki"] });
    let (status, _, made) = sent(&service, make.clone(), &[], wish).await;
    assert_eq!(status, 200, "{made}");
    let feed = service.http.get(service.call("feed"));
    let feed = feed.bearer_auth(made["credential"].as_str().unwrap());
    assert_eq!(feed.send().await.unwrap().status(), 200);
    let wish = json!({ "applications": ["other"] });
    let (status, _, body) = sent(&service, make, &[], wish).await;
    assert_eq!(
        (status, &body["errors"][0]["path"]),
        (422, &json!("applications[0]"))
    );
}

#[tokio::test]
async fn b05_every_session_ends_with_both_scopes_and_with_no_less() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    for name in ["a", "b"] {
        let origin = format!("https://{name}.example.com");
        service.application(name, &origin, json!({})).await;
    }
    let mut browser = Browser::default();
    browser.code(&service, &attempt, (ANA, &password)).await;
    let every = json!({ "every_session": true });
    for scope in ["users:revoke", "applications:revoke"] {
        let one = token(&service, &[scope]).await;
        let make = (one.as_str(), Method::POST, "revocations");
        let (status, _, body) = sent(&service, make, &[], every.clone()).await;
        assert_eq!((status, &body["reason"]), (403, &json!("scope_missing")));
    }
    let scopes = [
        "users:revoke",
        "applications:revoke",
        "revocations:read",
        "proxies:read",
    ];
    let token = token(&service, &scopes).await;
    let make = (token.as_str(), Method::POST, "revocations");
    for wrong in [json!({}), json!({ "every_session": false })] {
        let (status, _, body) = sent(&service, make.clone(), &[], wrong).await;
        assert_eq!((status, &body["reason"]), (422, &json!("request_invalid")));
    }
    let (status, _, ended) = sent(&service, make, &[], every).await;
    assert_eq!(
        (status, &ended["sessions_ended"]),
        (200, &json!(1)),
        "{ended}"
    );
    let form = browser.get(&service, &attempt.path()).await;
    assert_eq!(form.status(), 200, "the form");

    // Three revocations of one version, one a page.
    let (mut subjects, mut path) = (BTreeSet::new(), "revocations?limit=1".to_owned());
    for is_last in [false, false, true] {
        let page = done(&service, &token, Method::GET, &path).await;
        assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
        assert_eq!(page["items"][0]["version"], ended["version"]);
        subjects.insert(page["items"][0]["name"].as_str().unwrap().to_owned());
        assert_eq!(page["next"].is_null(), is_last);
        let next = page["next"].as_str().unwrap_or_default();
        path = format!("revocations?limit=1&cursor={next}");
    }
    assert_eq!(subjects.len(), 3);
    let path = format!("revocations/{}?wait=10", ended["version"]);
    let coverage = done(&service, &token, Method::GET, &path).await;
    assert_eq!(coverage["complete"], true, "there is no proxy: {coverage}");
    let proxies = done(&service, &token, Method::GET, "proxies").await;
    assert_eq!(
        (&proxies["items"], &proxies["next"]),
        (&json!([]), &json!(null))
    );
    let too_long = call(&service, &token, Method::GET, "revocations/1?wait=11").await;
    assert_eq!(problem(too_long).await, (422, "request_invalid".into()));
    let unknown = call(&service, &token, Method::GET, "revocations/x").await;
    assert_eq!(problem(unknown).await, (404, "not_found".into()));
}

#[tokio::test]
async fn s12_several_users_are_revoked_at_once_and_unknown_ids_are_named() {
    let service = Service::start().await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let (mut ids, mut browsers) = (Vec::new(), Vec::new());
    for email in [ANA, "bob@example.com", "carl@example.com"] {
        let user = service.done("/users", json!({ "email": email })).await;
        let mut browser = Browser::default();
        let password = user["password"].as_str().unwrap();
        browser.code(&service, &attempt, (email, password)).await;
        ids.push(user["id"].as_str().unwrap().to_owned());
        browsers.push(browser);
    }
    let token = token(&service, &["users:revoke"]).await;
    let path = "users/revoke";
    let revoke = (token.as_str(), Method::POST, path);
    let body = json!({ "ids": [ids[0], ids[1], ids[1], "nobody"] });
    let (status, _, answer) = sent(&service, revoke.clone(), &[], body).await;
    assert_eq!(status, 200, "{answer}");
    let expected = json!({
        "version": answer["version"], "users": 2, "sessions_ended": 2, "unknown": ["nobody"],
    });
    assert_eq!(answer, expected);
    for (browser, is_in) in browsers.iter_mut().zip([false, false, true]) {
        let back = browser.get(&service, &attempt.path()).await;
        assert_eq!(back.status().is_redirection(), is_in);
    }
    let (_, log) = service
        .over_socket(Method::GET, "audit?event=revocation.made")
        .await;
    assert_eq!(log["items"].as_array().unwrap().len(), 2);
    let many: Vec<String> = (0..1_001).map(|number| format!("{number:022}")).collect();
    for (ids, expected) in [
        (json!([]), (422, "request_invalid")),
        (json!(many), (422, "request_invalid")),
        (json!(many[1..]), (404, "not_found")),
    ] {
        let body = json!({ "ids": ids });
        let (status, _, answer) = sent(&service, revoke.clone(), &[], body).await;
        assert_eq!((status, answer["reason"].as_str().unwrap()), expected);
    }
}

#[tokio::test]
async fn a_session_is_read() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let mut browser = Browser::default();
    browser.sign_in(&service, "/login", (ANA, &password)).await;
    let token = token(&service, &["sessions:read"]).await;
    let page = done(&service, &token, Method::GET, "sessions").await;
    let listed = &page["items"][0];
    let path = format!("sessions/{}", listed["id"].as_str().unwrap());
    assert_eq!(done(&service, &token, Method::GET, &path).await, *listed);
}
