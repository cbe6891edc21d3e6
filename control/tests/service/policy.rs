//! Who is admitted. S7: a token is issued only to a user who authenticates and meets the policy.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::browser::{Attempt, Browser, between, code_of, exchange, unescape};
use crate::harness::Service;

async fn status_for(service: &Service, policy: Value, email: &str, password: &str) -> StatusCode {
    let change = json!({ "name": "wiki", "changes": { "policy": policy } });
    let wiki = service.done("/applications/set", change).await;
    let attempt = Attempt::at(wiki["audience"].as_str().unwrap());
    let mut browser = Browser::default();
    browser
        .sign_in(service, &attempt.path(), (email, password))
        .await
        .status()
}

#[tokio::test]
async fn s07_only_whom_the_policy_admits_gets_a_code() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let password = service.user("ana@example.com").await;
    for (policy, admitted) in [
        (json!([]), false),
        (json!([{ "everyone": true }]), true),
        (json!([{ "emails": ["ANA@example.com"] }]), true),
        (json!([{ "emails": ["bob@example.com"] }]), false),
        (json!([{ "email_domains": ["example.com"] }]), true),
        (json!([{ "email_domains": ["ample.com"] }]), false),
        (
            json!([{ "emails": ["bob@example.com"] }, { "email_domains": ["example.com"] }]),
            true,
        ),
    ] {
        let status = status_for(&service, policy.clone(), "ana@example.com", &password).await;
        let expected = if admitted {
            StatusCode::SEE_OTHER
        } else {
            StatusCode::FORBIDDEN
        };
        assert_eq!(status, expected, "{policy}");
    }
}

#[tokio::test]
async fn nobody_is_admitted_by_default() {
    let service = Service::start().await;
    let password = service.user("ana@example.com").await;
    let draft = json!({ "name": "wiki", "origins": ["https://wiki.example.com"] });
    let wiki = service.done("/applications", draft).await;
    let attempt = Attempt::at(wiki["audience"].as_str().unwrap());
    let mut browser = Browser::default();
    let who = ("ana@example.com", password.as_str());
    let denied = browser.sign_in(&service, &attempt.path(), who).await;
    assert_eq!(denied.status(), StatusCode::FORBIDDEN);
    let page = denied.text().await.unwrap();
    assert!(page.contains("signed in as ana@example.com"), "{page}");
    assert!(page.contains("no access to wiki"), "{page}");
    // Whoever has another account can go on with it, at the same place.
    let other = between(&page, "class=\"act\" href=\"", "\">Use another account").to_owned();
    let form = browser.get(&service, &unescape(&other)).await;
    assert_eq!(form.status(), StatusCode::OK);
    let form = form.text().await.unwrap();
    let action = unescape(between(&form, "action=\"", "\""));
    assert!(action.contains("return_to=%2Fpage%3Fx%3D1") && !action.contains("other"));
    // Signed in, and denied again without being asked for a password.
    let again = browser.get(&service, &attempt.path()).await;
    assert_eq!(again.status(), StatusCode::FORBIDDEN);
    let out = browser.submit(&service, "/logout", &[]).await;
    assert!(out.text().await.unwrap().contains("signed out"));
    let form = browser.get(&service, &attempt.path()).await;
    assert_eq!(form.status(), StatusCode::OK);
}

#[tokio::test]
async fn s07_whoever_is_not_admitted_any_more_can_sign_in_as_somebody_else() {
    let service = Service::start().await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let ana = service.user("ana@example.com").await;
    let bob = service.user("bob@example.com").await;
    let mut browser = Browser::default();
    browser
        .code(&service, &attempt, ("ana@example.com", &ana))
        .await;
    let change =
        json!({ "name": "wiki", "changes": { "policy": [{ "emails": ["bob@example.com"] }] } });
    service.done("/applications/set", change).await;
    let denied = browser.get(&service, &attempt.path()).await;
    assert_eq!(denied.status(), StatusCode::FORBIDDEN);
    let page = denied.text().await.unwrap();
    for said in ["You have no access to wiki", "ana@example.com"] {
        assert!(page.contains(said), "{page}");
    }
    let other = unescape(between(
        &page,
        "class=\"act\" href=\"",
        "\">Use another account",
    ));
    let old = browser.clone();
    let back = browser
        .sign_in(&service, &other, ("bob@example.com", &bob))
        .await;
    code_of(&back, &attempt);
    // The first account's session ended with that.
    let form = old.clone().get(&service, &attempt.path()).await;
    assert_eq!(form.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_rule_that_changes_is_another_rule() {
    let service = Service::start().await;
    let audience = service.wiki(json!({})).await;
    let password = service.user("ana@example.com").await;
    let credential = service.credential(&[]).await;
    let attempt = Attempt::at(&audience);
    let mut browser = Browser::default();
    let code = browser
        .code(&service, &attempt, ("ana@example.com", &password))
        .await;
    let rules = async |code: &str| {
        let answer = service.post(&credential, "exchange", exchange(code)).await;
        let answer: Value = answer.json().await.unwrap();
        let token = answer["token"].as_str().unwrap().to_owned();
        let claims =
            portcullis::protocol::base64url::decode(token.split('.').nth(1).unwrap().as_bytes());
        let claims: Value = serde_json::from_slice(&claims.unwrap()).unwrap();
        let feed = service
            .http
            .get(service.call("feed"))
            .bearer_auth(&credential);
        let feed: Value = feed.send().await.unwrap().json().await.unwrap();
        assert_eq!(
            feed["applications"]["put"][0]["rules"][0]["id"],
            claims["rule"]
        );
        claims["rule"].clone()
    };
    let before = rules(&code).await;
    let change =
        json!({ "name": "wiki", "changes": { "policy": [{ "email_domains": ["example.com"] }] } });
    service.done("/applications/set", change).await;
    let code = code_of(&browser.get(&service, &attempt.path()).await, &attempt);
    assert_ne!(rules(&code).await, before);
}
