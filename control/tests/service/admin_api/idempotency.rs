//! Calls with an idempotency key act once.

use std::time::Duration;

use portcullis::time::UnixSeconds;
use portcullis_control::storage::{KeyedCall, SentCall};
use portcullis_control::system::clock::Clock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{ANA, sent, token};
use crate::harness::Service;

const KEY: &str = "0b8e8a3c-8f3a";
const DAY: u64 = 24 * 60 * 60;

async fn keyed(service: &Service, token: &str, path: &str, body: Value) -> (u16, Value) {
    let call = (token, Method::POST, path);
    let (status, _, answer) = sent(service, call, &[("idempotency-key", KEY)], body).await;
    (status, answer)
}

fn reason((status, answer): &(u16, Value)) -> (u16, &str) {
    (*status, answer["reason"].as_str().unwrap())
}

#[tokio::test]
async fn a_call_that_is_sent_twice_acts_once_and_answers_the_same() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let token = token(&service, &["applications:revoke"]).await;
    let path = "applications/wiki/revoke";
    let first = keyed(&service, &token, path, json!({})).await;
    assert_eq!(first.0, 200);
    assert_eq!(keyed(&service, &token, path, json!({})).await, first);
    let another = keyed(&service, &token, path, json!({ "fresh_login": true })).await;
    assert_eq!(reason(&another), (422, "request_invalid"));
    assert_eq!(another.1["errors"][0]["path"], "idempotency-key");
    let elsewhere = keyed(&service, &token, "applications/x/revoke", json!({})).await;
    assert_eq!(reason(&elsewhere), (422, "request_invalid"));
    // The same key of another token is another key.
    let other = super::token(&service, &["applications:revoke"]).await;
    let theirs = keyed(&service, &other, path, json!({})).await;
    assert!(theirs.1["version"].as_u64() > first.1["version"].as_u64());
    service.clock.advance(DAY);
    let later = keyed(&service, &token, path, json!({})).await;
    assert!(later.1["version"].as_u64() > theirs.1["version"].as_u64());
}

#[tokio::test]
async fn a_secret_is_not_repeated_and_not_kept() {
    let service = Service::start().await;
    let user = service.done("/users", json!({ "email": ANA })).await;
    let scopes = ["credentials:write", "users:write"];
    let made = token(&service, &scopes).await;
    let ci = json!({ "name": "ci" });
    let (status, answer) = {
        let call = (made.as_str(), Method::POST, "service-tokens");
        let (status, _, answer) = sent(&service, call, &[], ci.clone()).await;
        (status, answer)
    };
    assert_eq!(status, 200, "{answer}");
    let rotate = format!("service-tokens/{}/rotate", answer["id"].as_str().unwrap());
    let password = format!("users/{}/password", user["id"].as_str().unwrap());
    for (path, body) in [
        ("service-tokens", json!({ "name": "other" })),
        (&rotate, json!({})),
        (&password, json!({})),
        ("users", json!({ "email": "bob@example.com" })),
        ("filter-credentials", json!({})),
    ] {
        let token = token(&service, &scopes).await;
        let (status, answer) = keyed(&service, &token, path, body.clone()).await;
        assert_eq!(status, 200, "{path}: {answer}");
        let again = keyed(&service, &token, path, body).await;
        assert_eq!(reason(&again), (409, "already_made"), "{path}");
    }
    let pool = sqlx::AnyPool::connect(&service.database_url).await.unwrap();
    let (kept,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM idempotency_keys WHERE answer IS NOT NULL")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn a_refused_call_leaves_its_key_free() {
    let service = Service::start().await;
    let token = token(&service, &["users:write"]).await;
    let refused = keyed(&service, &token, "users", json!({ "email": "ana" })).await;
    assert_eq!(reason(&refused), (422, "request_invalid"));
    let (status, added) = keyed(&service, &token, "users", json!({ "email": ANA })).await;
    assert_eq!(status, 200, "{added}");
}

#[tokio::test]
async fn a_call_waits_for_nobody_while_the_first_one_runs() {
    let service = Service::start().await;
    let storage = &service.running.service.storage;
    let running = KeyedCall {
        token_id: "token",
        key: KEY,
        call: "call",
    };
    let now = service.clock.now_seconds();
    let claim = |sent, now| storage.claim_call(sent, now);
    assert_eq!(claim(running, now).await.unwrap(), SentCall::New);
    assert_eq!(claim(running, now).await.unwrap(), SentCall::Running);
    let another = KeyedCall {
        call: "another",
        ..running
    };
    assert_eq!(claim(another, now).await.unwrap(), SentCall::Another);
    let tomorrow: UnixSeconds = now + Duration::from_secs(DAY + 1);
    storage.tidy(tomorrow, now).await.unwrap();
    assert_eq!(claim(another, now).await.unwrap(), SentCall::New);
}

#[tokio::test]
async fn a_running_call_is_not_made_again() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let token = token(&service, &["applications:revoke"]).await;
    let path = "applications/wiki/revoke";
    let first = keyed(&service, &token, path, json!({})).await;
    let pool = sqlx::AnyPool::connect(&service.database_url).await.unwrap();
    sqlx::query("UPDATE idempotency_keys SET status = NULL, answer = NULL")
        .execute(&pool)
        .await
        .unwrap();
    let again = keyed(&service, &token, path, json!({})).await;
    assert_eq!(reason(&again), (409, "still_running"), "{first:?}");
}

#[tokio::test]
async fn a_key_is_short_and_plain() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let token = token(&service, &["applications:revoke"]).await;
    let url = service.page("/api/admin/v1/applications/wiki/revoke");
    let long = "x".repeat(129);
    for keys in [vec![""], vec!["two words"], vec![&long], vec!["a", "b"]] {
        let request = service.http.post(&url).bearer_auth(&token);
        let request = keys.iter().fold(request, |request, key| {
            request.header("idempotency-key", *key)
        });
        let answer = request.send().await.unwrap();
        assert_eq!(
            answer.status(),
            StatusCode::UNPROCESSABLE_ENTITY,
            "{keys:?}"
        );
    }
    let request = service.http.post(&url).bearer_auth(&token);
    let request = request.header("idempotency-key", "x".repeat(128));
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
}
