//! Everything for which a code gives nothing.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{ANA, SignedIn};
use crate::browser::{Attempt, code_of, exchange};
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
    let burn = json!({ "code": at.code, "origin": WIKI });
    let burnt = at.exchange(burn.clone()).await;
    assert_eq!(burnt.status(), StatusCode::OK);
    let burnt: Value = burnt.json().await.unwrap();
    assert_eq!(burnt, json!({ "return_to": "/page?x=1" }));
    let again = at.exchange(burn).await;
    assert_eq!(again.status(), StatusCode::NO_CONTENT);
    let after = at.exchange(exchange(&at.code)).await;
    assert_eq!(problem(after).await, (400, "code_unknown".into()));
}

#[tokio::test]
async fn b07_a_refused_exchange_says_where_the_user_was_going() {
    let place = |refused: Value| refused["return_to"].as_str().map(str::to_owned);
    let expected = Some("/page?x=1".to_owned());

    let mut at = SignedIn::new(json!({})).await;
    at.service.clock.advance(61);
    let late: Value = at.exchange(exchange(&at.code)).await.json().await.unwrap();
    assert_eq!(late["reason"], "code_unknown");
    assert_eq!(place(late), expected);

    let attempt = Attempt::at(&at.audience);
    let signed_in = at.browser.get(&at.service, &attempt.path()).await;
    let code = code_of(&signed_in, &attempt);
    let mut wrong = exchange(&code);
    wrong["code_verifier"] = json!("x".repeat(43));
    let wrong: Value = at.exchange(wrong).await.json().await.unwrap();
    assert_eq!(wrong["reason"], "code_mismatch");
    assert_eq!(place(wrong), expected);
}

#[tokio::test]
async fn nobody_else_learns_where_the_user_of_a_code_was_going() {
    let at = SignedIn::new(json!({})).await;
    let chat = "https://chat.example.com";
    at.service.application("chat", chat, json!({})).await;
    // A filter of another application learns nothing, and does not burn the code.
    let chat_only = at.service.credential(&["chat"]).await;
    for origin in [chat, WIKI] {
        let burn = json!({ "code": at.code, "origin": origin });
        let answer = at.service.post(&chat_only, "exchange", burn).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    }
    let mut exchanged = exchange(&at.code);
    exchanged["origin"] = json!(chat);
    let refused = at.service.post(&chat_only, "exchange", exchanged).await;
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(refused["reason"], "code_mismatch");
    assert_eq!(refused["return_to"], Value::Null);
    // Nor does a page of another origin, where the code is burnt all the same.
    let burn = json!({ "code": at.code, "origin": chat });
    let burnt = at.exchange(burn).await;
    assert_eq!(burnt.status(), StatusCode::NO_CONTENT);
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
