//! Signing out, on the team domain and through a filter.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::browser::{Attempt, Browser, between, exchange};
use crate::harness::{Service, WIKI, problem};

const ANA: &str = "ana@example.com";

async fn signed_in(settings: Value) -> (Service, Browser, Attempt, String, Value) {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(settings).await);
    let credential = service.credential(&[]).await;
    let mut browser = Browser::default();
    let code = browser.code(&service, &attempt, (ANA, &password)).await;
    let answer = service.post(&credential, "exchange", exchange(&code)).await;
    let answer = answer.json().await.unwrap();
    (service, browser, attempt, credential, answer)
}

#[tokio::test]
async fn a_filters_logout_ends_the_global_session() {
    let (service, mut browser, attempt, credential, answer) = signed_in(json!({})).await;
    // An expired token is good enough to leave with.
    service.clock.advance(23 * 3600);
    let body = json!({ "token": answer["token"], "binding_secret": answer["binding"] });
    for _ in 0..2 {
        let done = service.post(&credential, "logout", body.clone()).await;
        assert_eq!(done.status(), StatusCode::NO_CONTENT);
    }
    assert_eq!(
        browser.get(&service, &attempt.path()).await.status(),
        StatusCode::OK
    );
    let feed = service
        .http
        .get(service.call("feed"))
        .bearer_auth(&credential);
    let feed: Value = feed.send().await.unwrap().json().await.unwrap();
    let revocations = feed["revocations"]["put"].as_array().unwrap();
    assert_eq!(revocations.len(), 1);
    assert_eq!(revocations[0][0], "session");
}

#[tokio::test]
async fn a_stolen_token_cannot_sign_its_owner_out() {
    let (service, mut browser, attempt, credential, answer) = signed_in(json!({})).await;
    service
        .application("chat", "https://chat.example.com", json!({}))
        .await;
    for (body, status, reason) in [
        (json!({ "token": answer["token"] }), 403, "binding_mismatch"),
        (
            json!({ "token": answer["token"], "binding_secret": "x" }),
            403,
            "binding_mismatch",
        ),
        (
            json!({ "token": "x", "binding_secret": answer["binding"] }),
            400,
            "token_invalid",
        ),
        (json!({}), 400, "request_invalid"),
    ] {
        let refused = service.post(&credential, "logout", body).await;
        assert_eq!(problem(refused).await, (status, reason.into()));
    }
    let chat_only = service.credential(&["chat"]).await;
    let body = json!({ "token": answer["token"], "binding_secret": answer["binding"] });
    let refused = service.post(&chat_only, "logout", body).await;
    assert_eq!(problem(refused).await, (400, "token_invalid".into()));
    assert_eq!(
        browser.get(&service, &attempt.path()).await.status(),
        StatusCode::FOUND
    );
}

#[tokio::test]
async fn s19_a_scripts_token_cannot_sign_its_maker_out() {
    let (service, mut browser, attempt, credential, _) =
        signed_in(json!({ "header_tokens": true })).await;
    let fields = [("application", attempt.app.as_str())];
    let page = browser.submit(&service, "/tokens", &fields).await;
    let page = page.text().await.unwrap();
    let token = between(&page, "spellcheck=\"false\">", "</textarea>");
    let refused = service.post(&credential, "logout", json!({ "token": token }));
    let refused = problem(refused.await).await;
    assert_eq!(refused, (400, "token_invalid".into()));
    let body = json!({ "token": token, "origin": WIKI });
    let refused = problem(service.post(&credential, "refresh", body).await).await;
    assert_eq!(refused, (400, "token_invalid".into()));
    let still_in = browser.get(&service, &attempt.path()).await;
    assert_eq!(still_in.status(), StatusCode::FOUND);
}

#[tokio::test]
async fn the_team_domain_asks_before_it_signs_out() {
    let (service, mut browser, attempt, _, _) = signed_in(json!({})).await;
    let asked = browser.get(&service, "/logout").await.text().await.unwrap();
    assert!(asked.contains(ANA) && asked.contains("Sign out"));
    assert_eq!(
        browser.get(&service, &attempt.path()).await.status(),
        StatusCode::FOUND
    );
    let forged = service
        .http
        .post(service.page("/logout"))
        .form(&[("csrf_token", "x")]);
    assert_eq!(
        browser.clone().send(forged).await.status(),
        StatusCode::FORBIDDEN
    );
    let done = browser.submit(&service, "/logout", &[]).await;
    assert_eq!(done.status(), StatusCode::OK);
    assert!(!browser.cookies.contains_key("__Host-access_session"));
    let asked = browser.get(&service, "/logout").await.text().await.unwrap();
    assert!(asked.contains("not signed in"));
}
