//! Everything for which a code gives nothing.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{ANA, SignedIn};
use crate::browser::exchange;
use crate::harness::{WIKI, problem};

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let at = SignedIn::new(json!({})).await;
    let good = exchange(&at.code);
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    for (body, status, reason) in [
        (
            with("origin", json!("https://evil.example")),
            403,
            "origin_unknown",
        ),
        (with("origin", json!("wiki")), 403, "origin_unknown"),
        (with("code", json!("x".repeat(43))), 400, "code_unknown"),
        (json!({ "code": 1 }), 400, "request_invalid"),
        (json!([]), 400, "request_invalid"),
    ] {
        let answer = at.exchange(body.clone()).await;
        assert_eq!(problem(answer).await, (status, reason.into()), "{body}");
    }
    // None of these used the code up.
    assert_eq!(at.exchange(good).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_code_in_the_wrong_hands_is_burnt() {
    for (field, value) in [
        ("code_verifier", "x".repeat(43)),
        ("code_verifier", String::new()),
        ("origin", "https://chat.example.com".to_owned()),
    ] {
        let at = SignedIn::new(json!({})).await;
        at.service
            .application("chat", "https://chat.example.com", json!({}))
            .await;
        let good = exchange(&at.code);
        let mut body = good.clone();
        body[field] = json!(value);
        let wrong = at.exchange(body).await;
        assert_eq!(problem(wrong).await, (400, "code_mismatch".into()));
        let after = at.exchange(good).await;
        assert_eq!(
            problem(after).await,
            (400, "code_unknown".into()),
            "{field}"
        );
    }
}

#[tokio::test]
async fn an_expired_code_is_unknown() {
    let at = SignedIn::new(json!({})).await;
    at.service.clock.advance(61);
    let late = at.exchange(exchange(&at.code)).await;
    assert_eq!(problem(late).await, (400, "code_unknown".into()));
}

#[tokio::test]
async fn a_code_without_verifier_is_burnt() {
    let at = SignedIn::new(json!({})).await;
    for _ in 0..2 {
        let burnt = at
            .exchange(json!({ "code": at.code, "origin": WIKI }))
            .await;
        assert_eq!(burnt.status(), StatusCode::NO_CONTENT);
    }
    let after = at.exchange(exchange(&at.code)).await;
    assert_eq!(problem(after).await, (400, "code_unknown".into()));
}

#[tokio::test]
async fn the_credential_is_checked_on_every_call() {
    let at = SignedIn::new(json!({})).await;
    at.service
        .application("chat", "https://chat.example.com", json!({}))
        .await;
    let id = at.credential.split('.').next().unwrap();
    for wrong in [
        "",
        "x",
        "x.y",
        id,
        &format!("{id}."),
        &format!("{id}.{}", "A".repeat(43)),
    ] {
        let answer = at.service.post(wrong, "exchange", exchange(&at.code)).await;
        assert_eq!(
            problem(answer).await,
            (401, "credential_invalid".into()),
            "{wrong}"
        );
    }
    let chat_only = at.service.credential(&["chat"]).await;
    let answer = at
        .service
        .post(&chat_only, "exchange", exchange(&at.code))
        .await;
    assert_eq!(problem(answer).await, (403, "origin_unknown".into()));
    let burn = json!({ "code": at.code, "origin": WIKI });
    at.service.post(&chat_only, "exchange", burn).await;
    let wiki_only = at.service.credential(&["wiki"]).await;
    let answer = at
        .service
        .post(&wiki_only, "exchange", exchange(&at.code))
        .await;
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_session_that_ended_gives_nothing() {
    let mut at = SignedIn::new(json!({})).await;
    at.browser.submit(&at.service, "/logout", &[]).await;
    let answer = at.exchange(exchange(&at.code)).await;
    assert_eq!(problem(answer).await, (400, "code_unknown".into()));
}

#[tokio::test]
async fn a_policy_that_changed_meanwhile_gives_nothing() {
    let at = SignedIn::new(json!({})).await;
    let change =
        json!({ "name": "wiki", "changes": { "policy": [{ "emails": ["bob@example.com"] }] } });
    at.service.done("/applications/set", change).await;
    let answer = at.exchange(exchange(&at.code)).await;
    assert_eq!(problem(answer).await, (403, "policy_denied".into()));
}

#[tokio::test]
async fn a_revoked_user_gets_nothing() {
    let at = SignedIn::new(json!({})).await;
    at.service
        .done("/revocations/user", json!({ "email": ANA }))
        .await;
    let answer = at.exchange(exchange(&at.code)).await;
    assert_eq!(problem(answer).await, (400, "code_unknown".into()));
}
