//! How long sessions last.

use portcullis::protocol::base64url;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::browser::{Attempt, Browser, between, code_of, exchange};
use crate::device::claims;
use crate::harness::Service;

const ANA: &str = "ana@example.com";

/// Seconds that application token and global session last from now, by a fresh exchange.
async fn lives(service: &Service, credential: &str, code: &str) -> (u64, u64) {
    let answer = service.post(credential, "exchange", exchange(code)).await;
    let answer: Value = answer.json().await.unwrap();
    let token = answer["token"].as_str().unwrap();
    let claims = base64url::decode(token.split('.').nth(1).unwrap().as_bytes()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let number = |name: &str| claims[name].as_u64().unwrap();
    (
        number("exp") - number("iat"),
        number("session_exp") - number("iat"),
    )
}

#[tokio::test]
async fn s04_the_global_duration_is_the_first_applications_by_default() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let credential = service.credential(&[]).await;
    let attempt = Attempt::at(&service.wiki(json!({ "session_duration": "2h" })).await);
    let mut browser = Browser::default();
    let code = browser.code(&service, &attempt, (ANA, &password)).await;
    assert_eq!(lives(&service, &credential, &code).await, (7200, 7200));
}

#[tokio::test]
async fn s05_a_shorter_global_session_ends_the_application_session() {
    let service = Service::start_with("[sessions]\nglobal_duration = \"1h\"\n").await;
    let password = service.user(ANA).await;
    let credential = service.credential(&[]).await;
    let attempt = Attempt::at(&service.wiki(json!({ "session_duration": "8h" })).await);
    let mut browser = Browser::default();
    let code = browser.code(&service, &attempt, (ANA, &password)).await;
    assert_eq!(lives(&service, &credential, &code).await, (3600, 3600));
    service.clock.advance(3599);
    let response = browser.get(&service, &attempt.path()).await;
    let code = code_of(&response, &attempt);
    let (token, session) = lives(&service, &credential, &code).await;
    assert!(token <= 1 && session <= 1);
    service.clock.advance(2);
    let form = browser.get(&service, &attempt.path()).await;
    assert_eq!(form.status(), StatusCode::OK, "asked to sign in again");
}

#[tokio::test]
async fn s06_a_longer_global_session_gives_new_tokens_without_a_prompt() {
    let service = Service::start_with("[sessions]\nglobal_duration = \"8h\"\n").await;
    let password = service.user(ANA).await;
    let credential = service.credential(&[]).await;
    let attempt = Attempt::at(&service.wiki(json!({ "session_duration": "1h" })).await);
    let mut browser = Browser::default();
    let code = browser.code(&service, &attempt, (ANA, &password)).await;
    assert_eq!(lives(&service, &credential, &code).await, (3600, 28_800));
    service.clock.advance(7200);
    let response = browser.get(&service, &attempt.path()).await;
    let code = code_of(&response, &attempt);
    let (token, session) = lives(&service, &credential, &code).await;
    assert_eq!(token, 3600);
    assert!(session <= 21_600);
}

#[tokio::test]
async fn s03_neither_token_is_good_for_the_other() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let credential = service.credential(&[]).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    let code = browser.code(&service, &attempt, (ANA, &password)).await;
    let answer = service.post(&credential, "exchange", exchange(&code)).await;
    let answer: Value = answer.json().await.unwrap();
    let session = browser.cookies["__Host-access_session"].clone();
    let body = json!({ "token": session, "binding_secret": answer["binding"] });
    let refused = service.post(&credential, "logout", body).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let token = answer["token"].as_str().unwrap().to_owned();
    browser
        .cookies
        .insert("__Host-access_session".into(), token);
    assert_eq!(
        browser.get(&service, &attempt.path()).await.status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn signing_in_as_somebody_else_ends_the_session_before() {
    let service = Service::start().await;
    let ana = service.user(ANA).await;
    let bob = service.user("bob@example.com").await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    let form = browser
        .get(&service, &attempt.path())
        .await
        .text()
        .await
        .unwrap();
    browser.code(&service, &attempt, (ANA, &ana)).await;
    let old = browser.clone();
    let token = between(&form, "csrf_token\" value=\"", "\"").to_owned();
    let fields = [
        ("email", "bob@example.com"),
        ("password", &bob),
        ("csrf_token", &token),
    ];
    let request = service
        .http
        .post(service.page(&attempt.path()))
        .form(&fields);
    assert_eq!(browser.send(request).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        old.clone().get(&service, &attempt.path()).await.status(),
        StatusCode::OK
    );
    let landing = browser.get(&service, "/").await.text().await.unwrap();
    assert!(landing.contains("bob@example.com"));
}

#[tokio::test]
async fn a_form_that_was_sent_twice_gives_two_good_codes_of_one_session() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let credential = service.credential(&[]).await;
    let mut browser = Browser::default();
    let form = browser.get(&service, &attempt.path()).await;
    let form = form.text().await.unwrap();
    let token = between(&form, "csrf_token\" value=\"", "\"");
    let fields = [
        ("email", ANA),
        ("password", &password),
        ("csrf_token", token),
    ];
    // A browser without JavaScript: nothing stops the second click.
    let mut again = browser.clone();
    let path = attempt.path();
    let (first, second) = tokio::join!(
        browser.post(&service, &path, &fields),
        again.post(&service, &path, &fields),
    );
    let mut sessions = Vec::new();
    for response in [second, first] {
        let code = code_of(&response, &attempt);
        let answer = service.post(&credential, "exchange", exchange(&code)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let answer: Value = answer.json().await.unwrap();
        sessions.push(claims(answer["token"].as_str().unwrap())["sid"].clone());
    }
    assert_eq!(sessions[0], sessions[1]);
}
