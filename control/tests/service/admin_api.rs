//! `/api/admin/v1/…` with admin tokens.

mod access;
mod applications;
mod calls;
pub mod description;
mod groups;
mod idempotency;
mod users;

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::browser::{Attempt, Browser};
use crate::harness::{Service, problem};

const ANA: &str = "ana@example.com";

/// A new admin token with these scopes.
pub async fn token(service: &Service, scopes: &[&str]) -> String {
    let wish = json!({ "scopes": scopes });
    let made = service.done("/admin-tokens", wish).await;
    made["token"].as_str().unwrap().to_owned()
}

pub async fn call(service: &Service, token: &str, method: Method, path: &str) -> Response {
    let url = service.page(&format!("/api/admin/v1/{path}"));
    let request = service.http.request(method, url).bearer_auth(token);
    request.send().await.unwrap()
}

/// A call with these headers and this body: the status, the `etag`, the answer.
async fn sent(
    service: &Service,
    (token, method, path): (&str, Method, &str),
    headers: &[(&str, &str)],
    body: Value,
) -> (u16, String, Value) {
    let url = service.page(&format!("/api/admin/v1/{path}"));
    let request = service.http.request(method, url).bearer_auth(token);
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    let answer = request.json(&body).send().await.unwrap();
    let etag = answer.headers().get("etag");
    let etag = etag.map_or("", |etag| etag.to_str().unwrap()).to_owned();
    (answer.status().as_u16(), etag, answer.json().await.unwrap())
}

async fn done(service: &Service, token: &str, method: Method, path: &str) -> Value {
    let answer = call(service, token, method, path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    answer.json().await.unwrap()
}

#[tokio::test]
async fn b05_a_session_is_found_and_ended() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let token = token(&service, &["sessions:read", "sessions:revoke"]).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let (mut laptop, mut phone) = (Browser::default(), Browser::default());
    laptop.headers.insert("user-agent", "laptop/1");
    phone.headers.insert("user-agent", "phone/1");
    for browser in [&mut laptop, &mut phone] {
        browser.code(&service, &attempt, (ANA, &password)).await;
    }
    let page = done(
        &service,
        &token,
        Method::GET,
        "sessions?user=ana@example.com",
    )
    .await;
    let sessions = page["items"].as_array().unwrap();
    assert_eq!((sessions.len(), &page["next"]), (2, &Value::Null));
    let of_laptop = sessions.iter().find(|one| one["browser"] == "laptop");
    let path = format!("sessions/{}", of_laptop.unwrap()["id"].as_str().unwrap());

    let ended = done(&service, &token, Method::DELETE, &path).await;

    assert!(ended["version"].is_u64());
    let form = laptop.get(&service, &attempt.path()).await;
    assert_eq!(form.status(), StatusCode::OK, "the form");
    let back = phone.get(&service, &attempt.path()).await;
    assert_eq!(back.status(), StatusCode::FOUND);
    let feed = service
        .http
        .get(service.call("feed"))
        .bearer_auth(service.credential(&[]).await);
    let feed: Value = feed.send().await.unwrap().json().await.unwrap();
    assert_eq!(feed["revocations"]["put"][0][0], "session");
    let again = call(&service, &token, Method::DELETE, &path).await;
    assert_eq!(problem(again).await, (404, "not_found".into()));
    let of_nobody = call(&service, &token, Method::GET, "sessions?user=eve@x.org").await;
    assert_eq!(problem(of_nobody).await, (404, "not_found".into()));
}

#[tokio::test]
async fn users_are_listed_in_pages_and_revoked() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    for name in ["bob", "carl", "dora"] {
        service.user(&format!("{name}@example.com")).await;
    }
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    browser.code(&service, &attempt, (ANA, &password)).await;
    let token = token(&service, &["users:read", "users:revoke"]).await;
    let (mut emails, mut path) = (Vec::new(), "users?limit=3".to_owned());
    for length in [3, 1] {
        let page = done(&service, &token, Method::GET, &path).await;
        let items = page["items"].as_array().unwrap();
        assert_eq!(items.len(), length);
        emails.extend(items.iter().map(|user| user["email"].clone()));
        let next = page["next"].as_str().unwrap_or_default();
        path = format!("users?limit=3&cursor={next}");
    }
    let expected = ["ana", "bob", "carl", "dora"].map(|name| json!(format!("{name}@example.com")));
    assert_eq!(emails, expected);

    let page = done(&service, &token, Method::GET, "users?user=ana@example.com").await;
    let id = page["items"][0]["id"].as_str().unwrap();
    let path = format!("users/{id}/revoke");
    let revoked = done(&service, &token, Method::POST, &path).await;
    assert_eq!(
        (&revoked["users"], &revoked["sessions_ended"]),
        (&json!(1), &json!(1))
    );
    let blocked = browser
        .sign_in(&service, &attempt.path(), (ANA, &password))
        .await;
    assert_eq!(blocked.status(), StatusCode::FORBIDDEN, "S13");
    // The address is no id.
    let path = format!("users/{ANA}/revoke");
    let refused = call(&service, &token, Method::POST, &path).await;
    assert_eq!(problem(refused).await, (404, "not_found".into()));
}

#[tokio::test]
async fn applications_are_listed_in_pages_and_revoked() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    service
        .application("a b/c", "https://abc.example.com", json!({}))
        .await;
    let mut browser = Browser::default();
    browser.code(&service, &attempt, (ANA, &password)).await;
    let token = token(&service, &["applications:read", "applications:revoke"]).await;
    let first = done(&service, &token, Method::GET, "applications?limit=1").await;
    assert_eq!(first["items"][0]["name"], "a b/c");
    let path = format!(
        "applications?limit=1&cursor={}",
        first["next"].as_str().unwrap()
    );
    let second = done(&service, &token, Method::GET, &path).await;
    assert_eq!(
        (&second["items"][0]["name"], &second["next"]),
        (&json!("wiki"), &Value::Null)
    );

    let plain = done(&service, &token, Method::POST, "applications/wiki/revoke").await;
    let back = browser.get(&service, &attempt.path()).await;
    assert_eq!(back.status(), StatusCode::FOUND, "without a prompt");
    let fresh = service
        .http
        .post(service.page("/api/admin/v1/applications/wiki/revoke"))
        .bearer_auth(&token)
        .json(&json!({ "fresh_login": true }));
    let fresh: Value = fresh.send().await.unwrap().json().await.unwrap();
    assert!(fresh["version"].as_u64() > plain["version"].as_u64());
    let form = browser.get(&service, &attempt.path()).await;
    assert_eq!(form.status(), StatusCode::OK, "the form");
    let path = "applications/a%20b%2Fc/revoke";
    done(&service, &token, Method::POST, path).await;
    let refused = call(&service, &token, Method::POST, "applications/x/revoke").await;
    assert_eq!(problem(refused).await, (404, "not_found".into()));
}
