//! Users that are searched for, and users in a state.

use reqwest::Method;
use serde_json::{Value, json};

use super::{call, done, token};
use crate::browser::{Attempt, Browser};
use crate::harness::{Service, problem};

/// The names before `@` of the users on all pages of a list, with two on a page.
async fn found(service: &Service, token: &str, query: &str) -> Vec<String> {
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("users?limit=2&{query}{cursor}");
        let page = done(service, token, Method::GET, &path).await;
        let emails = page["items"].as_array().unwrap().iter();
        let emails = emails.map(|user| user["email"].as_str().unwrap());
        names.extend(emails.map(|email| email.split('@').next().unwrap().to_owned()));
        match &page["next"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            _ => return names,
        }
    }
}

#[tokio::test]
async fn users_are_found_by_words_and_by_state() {
    let service = Service::start().await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    for name in ["ana", "anabel", "bob", "carl.ana", "dora"] {
        let email = format!("{name}@example.com");
        let password = service.user(&email).await;
        if name != "dora" {
            let mut browser = Browser::default();
            browser.code(&service, &attempt, (&email, &password)).await;
        }
    }
    let bob = json!({ "email": "bob@example.com" });
    service.done("/revocations/user", bob).await;
    let anabel = json!({ "email": "anabel@example.com" });
    service.done("/users/disable", anabel).await;
    let token = token(&service, &["users:read"]).await;
    for (query, expected) in [
        ("q=ana", &["ana", "anabel", "carl.ana"][..]),
        ("q=Example+AN", &["ana", "anabel", "carl.ana"]),
        ("q=nobody", &[]),
        ("state=in", &["ana", "carl.ana"]),
        ("state=out", &["dora"]),
        ("state=blocked", &["bob"]),
        ("state=disabled", &["anabel"]),
        ("q=ana&state=in", &["ana", "carl.ana"]),
        ("q=carl&state=in", &["carl.ana"]),
        ("user=bob@example.com", &["bob"]),
        ("", &["ana", "anabel", "bob", "carl.ana", "dora"]),
    ] {
        assert_eq!(found(&service, &token, query).await, expected, "{query}");
    }
    let long = format!("users?q={}", "x".repeat(257));
    for path in [
        "users?q=%21",
        "users?state=here",
        "users?q=ana&user=bob",
        &long,
    ] {
        let answer = call(&service, &token, Method::GET, path).await;
        assert_eq!(problem(answer).await, (422, "request_invalid".into()));
    }
}
