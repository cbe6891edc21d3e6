//! `/login?prompt=none`: a code if that needs nobody, else an error for the application's
//! callback; a page never, as nobody would see it.

use reqwest::{Response, StatusCode, Url};
use serde_json::json;

use crate::browser::{Attempt, Browser, code_of, exchange};
use crate::harness::{Service, WIKI};

const ANA: &str = "ana@example.com";

fn silent(attempt: &Attempt) -> String {
    format!("{}&prompt=none", attempt.path())
}

/// The error with which the browser is sent back to the callback.
fn error_of(response: &Response, attempt: &Attempt) -> String {
    assert_eq!(response.status(), StatusCode::FOUND);
    assert!(!response.headers().contains_key("set-cookie"));
    let location = response.headers()["location"].to_str().unwrap();
    assert!(
        location.starts_with(&format!("{WIKI}/.access/callback?")),
        "{location}"
    );
    let url = Url::parse(location).unwrap();
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    assert_eq!(query[1], ("state".to_owned(), attempt.state.clone()));
    assert_eq!(
        query[2],
        ("return_to".to_owned(), attempt.return_to.clone())
    );
    assert_eq!((query.len(), query[0].0.as_str()), (3, "error"));
    query[0].1.clone()
}

#[tokio::test]
async fn a_live_session_gives_a_code_as_always() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    browser.code(&service, &attempt, (ANA, &password)).await;
    let response = browser.get(&service, &silent(&attempt)).await;
    assert_eq!(response.status(), StatusCode::FOUND);
    let code = code_of(&response, &attempt);
    let credential = service.credential(&[]).await;
    let answer = service.post(&credential, "exchange", exchange(&code)).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn without_a_session_a_login_is_required() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    let response = browser.get(&service, &silent(&attempt)).await;
    assert_eq!(error_of(&response, &attempt), "login_required");

    browser.code(&service, &attempt, (ANA, &password)).await;
    let revoked = json!({ "email": ANA });
    service.done("/revocations/user", revoked).await;
    let response = browser.get(&service, &silent(&attempt)).await;
    assert_eq!(error_of(&response, &attempt), "login_required");
}

#[tokio::test]
async fn a_policy_that_does_not_admit_is_an_error_too() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let policy = json!({ "policy": [{ "emails": ["bob@example.com"] }] });
    let attempt = Attempt::at(&service.wiki(policy).await);
    let mut browser = Browser::default();
    browser
        .sign_in(&service, &attempt.path(), (ANA, &password))
        .await;
    let response = browser.get(&service, &silent(&attempt)).await;
    assert_eq!(error_of(&response, &attempt), "access_denied");
}

/// Not `login_required`: that would lead to a sign-in that cannot be answered.
#[tokio::test]
async fn a_failure_of_the_service_is_not_taken_for_no() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    browser
        .sign_in(&service, &attempt.path(), (ANA, &password))
        .await;
    // The session can no longer be verified.
    let pool = sqlx::AnyPool::connect(&service.database_url).await.unwrap();
    for statement in [
        "UPDATE signing_keys SET state = 'lost'",
        "UPDATE feed_state SET key_changes = key_changes + 1",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let response = browser.get(&service, &silent(&attempt)).await;
    assert_eq!(error_of(&response, &attempt), "temporarily_unavailable");
    let page = browser.get(&service, &attempt.path()).await;
    assert_eq!(
        page.status(),
        StatusCode::SERVICE_UNAVAILABLE,
        "a person sees a page"
    );
}

#[tokio::test]
async fn a_bad_link_leads_nowhere_without_a_prompt_either() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let good = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    browser.code(&service, &good, (ANA, &password)).await;
    let bad = |change: fn(&mut Attempt)| {
        let mut attempt = good.clone();
        change(&mut attempt);
        silent(&attempt)
    };
    for path in [
        bad(|a| a.origin = "https://evil.example".into()),
        bad(|a| a.origin = "https://wiki.example.com.evil.example".into()),
        bad(|a| a.app = "0".repeat(64)),
        bad(|a| a.state.clear()),
        bad(|a| a.challenge.clear()),
        format!("{}&prompt=login", good.path()),
        format!("{}&prompt=", good.path()),
        format!("{}&prompt=none", silent(&good)),
        "/login?prompt=none".to_owned(),
    ] {
        for browser in [&mut browser, &mut Browser::default()] {
            let response = browser.get(&service, &path).await;
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{path}");
            assert!(!response.headers().contains_key("location"), "{path}");
            let policy = response.headers()["content-security-policy"].to_str();
            assert!(policy.unwrap().contains("frame-ancestors 'none'"));
        }
    }
}
