//! A service whose audit log is read, with the wiki and Ana.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::browser::{Attempt, Browser, exchanged};
use crate::harness::{Service, WIKI};

pub const ANA: &str = "ana@example.com";
pub const BOB: &str = "bob@example.com";

pub struct Scene {
    pub service: Service,
    pub audience: String,
    pub credential: String,
    pub password: String,
    pub browser: Browser,
    /// The newest event that was looked at.
    seen: u64,
}

impl Scene {
    pub async fn new() -> Self {
        Self::with("").await
    }

    pub async fn with(toml: &str) -> Self {
        let service = Service::start_with(toml).await;
        let mut browser = Browser::default();
        browser.headers.insert("user-agent", "test/1");
        browser.headers.insert("x-request-id", "request-7");
        let audience = service.wiki(json!({ "header_tokens": true })).await;
        let credential = service.credential(&[]).await;
        let password = service.user(ANA).await;
        let mut scene = Self {
            service,
            audience,
            credential,
            password,
            browser,
            seen: 0,
        };
        scene.news().await;
        scene
    }

    /// The events since the last look, the oldest first.
    pub async fn news(&mut self) -> Vec<Value> {
        let mut all = events(&self.service, "order=oldest_first&limit=1000").await;
        all.retain(|event| event["id"].as_u64().unwrap() > self.seen);
        if let Some(last) = all.last() {
            self.seen = last["id"].as_u64().unwrap();
        }
        all
    }

    /// As [`Self::news`], of which exactly one has each of these names, and no other is there.
    pub async fn only<const N: usize>(&mut self, names: [&str; N]) -> [Value; N] {
        let news = self.news().await;
        let mut found: Vec<&str> = news.iter().map(|one| text(one, "event")).collect();
        let mut wanted = names.to_vec();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{news:#?}");
        names.map(|name| {
            let mut news = news.iter();
            news.find(|one| one["event"] == name).unwrap().clone()
        })
    }

    /// Ana signs in at the wiki and gets an application token.
    pub async fn signed_in(&mut self) -> Value {
        let attempt = Attempt::at(&self.audience);
        let who = (ANA, self.password.as_str());
        let code = self.browser.code(&self.service, &attempt, who).await;
        exchanged(&self.service, &self.credential, &code).await
    }

    /// The answer, refreshed.
    pub async fn refreshed(&self, answer: &Value) -> Value {
        let body = json!({
            "token": answer["token"], "binding_secret": answer["binding"], "origin": WIKI,
        });
        let refreshed = self.service.post(&self.credential, "refresh", body).await;
        assert_eq!(refreshed.status(), StatusCode::OK);
        refreshed.json().await.unwrap()
    }
}

/// A page of the log, as the command line asks for it.
pub async fn events(service: &Service, query: &str) -> Vec<Value> {
    let path = format!("audit?{query}");
    let (status, page) = service.over_socket(Method::GET, &path).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    page["items"].as_array().unwrap().clone()
}

pub fn text<'v>(event: &'v Value, field: &str) -> &'v str {
    event[field].as_str().unwrap_or_default()
}

/// Kind and name, or else id.
pub fn party(event: &Value, of: &str) -> (String, String) {
    let party = &event[of];
    let name = party["name"].as_str().or(party["id"].as_str());
    (
        text(party, "kind").to_owned(),
        name.unwrap_or_default().to_owned(),
    )
}

pub fn is(kind: &str, name: &str) -> (String, String) {
    (kind.to_owned(), name.to_owned())
}
