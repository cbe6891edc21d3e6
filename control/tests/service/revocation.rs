//! Revocations: what they end, and what goes on.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::browser::{Attempt, Browser, code_of, exchange};
use crate::harness::Service;

const ANA: &str = "ana@example.com";

async fn version_of(service: &Service, credential: &str, code: &str) -> u64 {
    let answer = service.post(credential, "exchange", exchange(code)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let answer: Value = answer.json().await.unwrap();
    let token = answer["token"].as_str().unwrap();
    let claims = token.split('.').nth(1).unwrap();
    let claims = portcullis::protocol::base64url::decode(claims.as_bytes()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["ver"].as_u64().unwrap()
}

#[tokio::test]
async fn s10_revoking_a_user_ends_the_global_session_and_unused_codes() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    browser.code(&service, &attempt, (ANA, &password)).await;
    let revoked = service
        .done("/revocations/user", json!({ "email": "ANA@example.com" }))
        .await;
    assert_eq!(
        (&revoked["users"], &revoked["sessions_ended"]),
        (&json!(1), &json!(1))
    );
    let form = browser.get(&service, &attempt.path()).await;
    assert_eq!(form.status(), StatusCode::OK, "asked to sign in");
    let again = service
        .done("/revocations/user", json!({ "email": ANA }))
        .await;
    assert_eq!(again["sessions_ended"], 0);
    assert_eq!(
        again["version"].as_u64(),
        revoked["version"].as_u64().map(|v| v + 1)
    );
}

#[tokio::test]
async fn s13_a_revoked_user_cannot_sign_in_for_a_minute_and_is_told() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    service
        .done("/revocations/user", json!({ "email": ANA }))
        .await;
    let wrong = browser
        .sign_in(&service, &attempt.path(), (ANA, "wrong one"))
        .await;
    assert_eq!(
        wrong.status(),
        StatusCode::UNAUTHORIZED,
        "told after authentication only"
    );
    let blocked = browser
        .sign_in(&service, &attempt.path(), (ANA, &password))
        .await;
    assert_eq!(blocked.status(), StatusCode::FORBIDDEN);
    assert!(!blocked.headers().contains_key("location"));
    let wait: u64 = blocked.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((58..=60).contains(&wait), "{wait}");
    let page = blocked.text().await.unwrap();
    assert!(page.contains("administrator ended your sessions") && page.contains("try again at"));
    assert!(!browser.cookies.contains_key("__Host-access_session"));
    service.clock.advance(wait + 1);
    browser.code(&service, &attempt, (ANA, &password)).await;
}

#[tokio::test]
async fn the_block_can_be_switched_off() {
    let service = Service::start_with("[sessions]\nlogin_block_after_revoke = \"0s\"\n").await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    service
        .done("/revocations/user", json!({ "email": ANA }))
        .await;
    Browser::default()
        .code(&service, &attempt, (ANA, &password))
        .await;
}

#[tokio::test]
async fn s08_revoking_an_application_leaves_global_sessions() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let credential = service.credential(&[]).await;
    let mut browser = Browser::default();
    let code = browser.code(&service, &attempt, (ANA, &password)).await;
    let before = version_of(&service, &credential, &code).await;
    let revoked = service
        .done("/revocations/application", json!({ "name": "wiki" }))
        .await;
    let version = revoked["version"].as_u64().unwrap();
    assert!(before < version, "the old token is refused");
    // S9: the same user gets a new token, here without a prompt.
    let response = browser.get(&service, &attempt.path()).await;
    let code = code_of(&response, &attempt);
    assert!(version_of(&service, &credential, &code).await >= version);
}

#[tokio::test]
async fn s11_a_disabled_user_is_kept_out_for_good() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    browser.code(&service, &attempt, (ANA, &password)).await;
    let disabled = service
        .done("/users/disable", json!({ "email": ANA }))
        .await;
    assert_eq!(disabled["sessions_ended"], 1);
    for _ in 0..2 {
        assert_eq!(
            browser.get(&service, &attempt.path()).await.status(),
            StatusCode::OK
        );
        let response = browser
            .sign_in(&service, &attempt.path(), (ANA, &password))
            .await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert!(!response.headers().contains_key("location"));
        assert!(response.text().await.unwrap().contains("disabled"));
        service.clock.advance(3600);
    }
    // Another revocation does not enable.
    service
        .done("/revocations/user", json!({ "email": ANA }))
        .await;
    service.clock.advance(3600);
    let response = browser
        .sign_in(&service, &attempt.path(), (ANA, &password))
        .await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn whoever_is_not_there_cannot_be_revoked() {
    let service = Service::start().await;
    for (path, body) in [
        ("/revocations/user", json!({ "email": "eve@example.com" })),
        ("/users/disable", json!({ "email": "eve@example.com" })),
        ("/revocations/application", json!({ "name": "wiki" })),
    ] {
        let (status, answer) = service.administer(path, body).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(
            answer["error"].as_str().unwrap().contains("list"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn sign_ins_and_revocations_at_the_same_time_leave_no_session() {
    let service = Service::start_with("[sessions]\nlogin_block_after_revoke = \"0s\"\n").await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    for _ in 0..10 {
        let mut browser = Browser::default();
        let path = attempt.path();
        let (response, revoked) = tokio::join!(
            browser.sign_in(&service, &path, (ANA, &password)),
            service.done("/revocations/user", json!({ "email": ANA }))
        );
        let prompted = response.status() == StatusCode::FORBIDDEN;
        let alive = browser.get(&service, &attempt.path()).await.status() == StatusCode::FOUND;
        // Whichever was first: a session that the revocation saw is gone.
        assert!(revoked["sessions_ended"] == 0 || !alive);
        assert!(!(prompted && alive));
        service
            .done("/revocations/user", json!({ "email": ANA }))
            .await;
    }
}
