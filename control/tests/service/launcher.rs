//! The start page of the team domain: the applications of the user who is signed in.

use reqwest::Method;
use serde_json::json;

use crate::browser::{Attempt, Browser};
use crate::harness::Service;

const ANA: &str = "ana@example.com";
const ASKS: &str = "Asks you to sign in again";

async fn start_page(service: &Service, browser: &mut Browser) -> String {
    browser.get(service, "/").await.text().await.unwrap()
}

/// What the page says of an application: from its name to the end of its entry.
fn entry<'a>(page: &'a str, name: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("{name}</a>")).unwrap();
    rest.split_once("</li>").unwrap().0
}

#[tokio::test]
async fn the_start_page_lists_the_applications_that_admit_the_user() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    service.wiki(json!({})).await;
    let ana = json!({ "policy": [{ "emails": [ANA] }] });
    let origin = "https://apps.example.com:8443/notes";
    service.application("Notes <1>", origin, ana).await;
    let bob = json!({ "policy": [{ "emails": ["bob@example.com"] }] });
    let hidden = "https://secret.example.com";
    service.application("secret", hidden, bob).await;
    let nobody = json!({ "policy": [] });
    service
        .application("closed", "https://closed.example.com", nobody)
        .await;

    let mut browser = Browser::default();
    let out = start_page(&service, &mut browser).await;
    assert!(out.contains("<h1>You are not signed in</h1>"), "{out}");
    assert!(out.contains("href=\"/login\">Sign in</a>"), "{out}");
    assert!(!out.contains("wiki"), "{out}");

    browser.sign_in(&service, "/login", (ANA, &password)).await;
    let page = start_page(&service, &mut browser).await;
    let (_, sessions) = service.over_socket(Method::GET, "sessions").await;
    let until = sessions["items"][0]["until"].as_u64().unwrap();
    let until = std::time::UNIX_EPOCH + std::time::Duration::from_secs(until);
    let until = humantime::format_rfc3339_seconds(until);
    for part in [
        "<title>Your applications</title>",
        "signed in as <strong>ana@example.com</strong>",
        "<a class=\"name\" href=\"https://wiki.example.com/\">wiki</a>",
        "<span class=\"address\">wiki.example.com</span>",
        "<a class=\"name\" href=\"https://apps.example.com:8443/notes/\">",
        "<span class=\"address\">apps.example.com:8443/notes</span>",
        "href=\"/sessions\"",
        "href=\"/tokens\"",
        "action=\"/logout\"",
    ] {
        assert!(page.contains(part), "no {part} in {page}");
    }
    let entry = entry(&page, "wiki");
    let shown = format!("Signed in until <time datetime=\"{until}\">");
    assert!(entry.contains(&shown), "{entry}");
    for other in ["secret", "closed", "Notes <1>", "Signing in"] {
        assert!(!page.contains(other), "{other} in {page}");
    }
}

#[tokio::test]
async fn a_user_without_applications_is_told_so() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    service.wiki(json!({ "policy": [] })).await;
    let mut browser = Browser::default();
    browser.sign_in(&service, "/login", (ANA, &password)).await;
    let page = start_page(&service, &mut browser).await;
    assert!(page.contains("You have access to no application."));
    assert!(!page.contains("wiki"), "{page}");
}

#[tokio::test]
async fn an_application_that_demands_a_new_sign_in_says_so() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    service
        .application("notes", "https://notes.example.com", json!({}))
        .await;
    let mut browser = Browser::default();
    let who = (ANA, password.as_str());
    browser.sign_in(&service, "/login", who).await;
    service
        .done(
            "/revocations/application",
            json!({ "name": "wiki", "fresh_login": true }),
        )
        .await;
    let page = start_page(&service, &mut browser).await;
    assert!(entry(&page, "wiki").contains(ASKS), "{page}");
    assert!(!entry(&page, "notes").contains(ASKS), "{page}");
    service.clock.advance(1);
    browser.code(&service, &attempt, who).await;
    let page = start_page(&service, &mut browser).await;
    assert!(!page.contains(ASKS), "{page}");
}

#[tokio::test]
async fn where_every_sign_in_asks_no_application_says_otherwise() {
    let service = Service::start_with("[sessions]\nglobal_duration = \"0\"\n").await;
    let password = service.user(ANA).await;
    service.wiki(json!({})).await;
    let mut browser = Browser::default();
    browser.sign_in(&service, "/login", (ANA, &password)).await;
    let page = start_page(&service, &mut browser).await;
    assert!(entry(&page, "wiki").contains(ASKS), "{page}");
}
