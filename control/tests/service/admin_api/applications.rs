//! Applications that programs make, replace and change.

use std::time::{Duration, UNIX_EPOCH};

use reqwest::Method;
use serde_json::{Value, json};

use super::{sent, token};
use crate::harness::Service;

const SCOPES: [&str; 2] = ["applications:read", "applications:write"];
const WIKI: &str = "applications/wiki";
const NEW: (&str, &str) = ("if-none-match", "*");

fn draft() -> Value {
    json!({ "origins": ["https://wiki.example.com"], "policy": [{ "everyone": true }] })
}

/// A service, and a token that may write applications.
async fn scene() -> (Service, String) {
    let service = Service::start().await;
    let token = token(&service, &SCOPES).await;
    (service, token)
}

async fn read(service: &Service, token: &str, path: &str) -> (String, Value) {
    let (status, etag, body) = sent(service, (token, Method::GET, path), &[], json!({})).await;
    assert_eq!(status, 200, "{body}");
    (etag, body)
}

async fn events(service: &Service) -> usize {
    let (_, log) = service.over_socket(Method::GET, "audit?limit=1000").await;
    log["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn what_was_read_can_be_put_back_and_changes_nothing() {
    let (service, token) = scene().await;
    let put = (token.as_str(), Method::PUT, WIKI);
    let (status, etag, made) = sent(&service, put.clone(), &[NEW], draft()).await;
    assert_eq!((status, &made["name"]), (200, &json!("wiki")), "{made}");
    assert!(made["version"].is_u64());
    let (of_read, body) = read(&service, &token, WIKI).await;
    assert_eq!(of_read, etag);
    let before = events(&service).await;
    for body in [body, made] {
        let (status, same, again) = sent(&service, put.clone(), &[("if-match", &etag)], body).await;
        assert_eq!((status, same), (200, etag.clone()), "{again}");
        assert_eq!(again.get("version"), None, "{again}");
    }
    assert_eq!(events(&service).await, before);
}

#[tokio::test]
async fn a_put_replaces_and_a_patch_changes_what_is_given() {
    let (service, token) = scene().await;
    let wish = json!({ "session_duration": "1h", "same_site": "strict" });
    let audience = service.wiki(wish).await;
    // By its audience, as a name may hold a slash.
    let path = format!("applications/{audience}");
    let (etag, body) = read(&service, &token, &path).await;
    assert_eq!(body["audience"], audience);
    let patch = (token.as_str(), Method::PATCH, path.as_str());
    let change = json!({ "session_duration": "2h" });
    let (status, etag, body) = sent(&service, patch, &[("if-match", &etag)], change).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(
        (&body["session_duration"], &body["same_site"]),
        (&json!("2h"), &json!("strict"))
    );
    let put = (token.as_str(), Method::PUT, path.as_str());
    let (status, _, body) = sent(&service, put, &[("if-match", &etag)], draft()).await;
    assert_eq!(status, 200, "{body}");
    assert!(body["version"].is_u64());
    assert_eq!(
        (&body["session_duration"], &body["same_site"]),
        (&json!("24h"), &json!("lax"))
    );
    assert_eq!(
        (&body["name"], &body["audience"]),
        (&json!("wiki"), &json!(audience))
    );
}

#[tokio::test]
async fn nobody_writes_over_what_they_have_not_read() {
    let (service, token) = scene().await;
    service.wiki(json!({})).await;
    let (etag, _) = read(&service, &token, WIKI).await;
    for method in [Method::PUT, Method::PATCH] {
        let write = (token.as_str(), method, WIKI);
        let change = json!({ "session_duration": "2h" });
        let (status, _, body) = sent(&service, write, &[], change).await;
        assert_eq!(
            (status, &body["reason"]),
            (428, &json!("precondition_required"))
        );
    }
    let change = json!({ "name": "wiki", "changes": { "preflight": "origin" } });
    service.done("/applications/set", change).await;
    let (now, before) = read(&service, &token, WIKI).await;
    assert_ne!(now, etag);
    for method in [Method::PUT, Method::PATCH] {
        let write = (token.as_str(), method, WIKI);
        let (status, _, body) = sent(&service, write, &[("if-match", &etag)], draft()).await;
        assert_eq!(
            (status, &body["reason"]),
            (412, &json!("changed_meanwhile"))
        );
        assert_eq!(body["etag"], now);
        let changed = "audit?event=application.changed&limit=1";
        let (_, changed) = service.over_socket(Method::GET, changed).await;
        let changed = &changed["items"][0];
        let by = [&changed["actor"]["name"], &changed["actor"]["kind"]];
        let by = by
            .into_iter()
            .find(|by| by.as_str().is_some_and(|by| !by.is_empty()));
        assert_eq!(Some(&body["changed_by"]), by, "{body}");
        // The log's time is to the millisecond.
        let at = changed["time"].as_str().unwrap();
        let second = humantime::format_rfc3339_seconds(
            UNIX_EPOCH + Duration::from_secs(body["changed_at"].as_u64().unwrap()),
        );
        let second = second.to_string();
        assert_eq!(at.get(..19), second.get(..19), "{body}");
    }
    assert_eq!(read(&service, &token, WIKI).await, (now, before));
}

#[tokio::test]
async fn problems_say_all_that_is_wrong_and_what_the_log_calls_the_request() {
    let (service, token) = scene().await;
    service.wiki(json!({})).await;
    let new = (token.as_str(), Method::PUT, "applications/new");
    let wrong = json!({ "origins": ["https://new.example.com"], "session_duration": "5", "same_site": "x" });
    let headers = [NEW, ("x-request-id", "0123456789abcdef")];
    let (status, _, body) = sent(&service, new.clone(), &headers, wrong).await;
    assert_eq!((status, &body["reason"]), (422, &json!("request_invalid")));
    assert_eq!(body["reference"], "0123456789");
    let errors = body["errors"].as_array().unwrap();
    let paths: Vec<&Value> = errors.iter().map(|error| &error["path"]).collect();
    assert_eq!(paths.len(), 2, "{body}");
    assert!(paths.contains(&&json!("session_duration")) && paths.contains(&&json!("same_site")));
    assert!(
        errors
            .iter()
            .all(|error| error["message"].is_string() && error["value"].is_string())
    );

    let (status, _, body) = sent(&service, new.clone(), &[NEW], draft()).await;
    assert_eq!(
        (status, &body["reason"]),
        (409, &json!("place_taken")),
        "{body}"
    );
    assert_eq!(
        (&body["holder"], body.get("reference")),
        (&json!("wiki"), None)
    );
    let again = (token.as_str(), Method::PUT, WIKI);
    let other = json!({ "origins": ["https://other.example.com"] });
    let (status, _, body) = sent(&service, again, &[NEW], other).await;
    assert_eq!(
        (status, &body["reason"]),
        (409, &json!("name_taken")),
        "{body}"
    );
    for sent_too in [json!({ "name": "other" }), json!({ "audience": "a" })] {
        let mut body = sent_too;
        body["origins"] = json!(["https://new.example.com"]);
        let (status, _, body) = sent(&service, new.clone(), &[NEW], body).await;
        assert_eq!(
            (status, &body["reason"]),
            (422, &json!("request_invalid")),
            "{body}"
        );
    }
    let large = json!({ "bypass": [{ "path": "/x".repeat(200_000) }] });
    let (status, _, body) = sent(&service, new, &[NEW], large).await;
    assert_eq!((status, &body["reason"]), (413, &json!("too_large")));
    assert_eq!(service.listed("/applications").await.len(), 1);
}

#[tokio::test]
async fn a_declared_application_is_changed_in_the_file_only() {
    let file = "[[applications]]\nname = \"wiki\"\norigins = [\"https://wiki.example.com\"]\n";
    let service = Service::start_with(file).await;
    let token = token(&service, &SCOPES).await;
    let (etag, body) = read(&service, &token, WIKI).await;
    assert_eq!(body["declared"], true);
    let put = (token.as_str(), Method::PUT, WIKI);
    let (status, _, body) = sent(&service, put, &[("if-match", &etag)], draft()).await;
    assert_eq!((status, &body["reason"]), (409, &json!("declared")));
}
