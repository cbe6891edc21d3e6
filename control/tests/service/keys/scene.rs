//! A user at the wiki, and the keys.

use portcullis::protocol::base64url;
use portcullis_control::tokens::keys::rotation;
use reqwest::Method;
use serde_json::{Value, json};

use crate::browser::{Attempt, Browser, code_of, exchanged};
use crate::harness::{Service, WIKI, problem};

const ANA: &str = "ana@example.com";
const KEYS: &str = "/api/admin/v1/keys";

/// A service with the wiki and Ana.
pub struct Scene {
    pub service: Service,
    pub audience: String,
    pub credential: String,
    pub browser: Browser,
    pub password: String,
}

/// What Ana's browser holds at the wiki.
#[derive(Debug, Clone)]
pub struct Held {
    pub token: String,
    pub binding: Value,
}

impl Held {
    /// The key that signed the token.
    pub fn kid(&self) -> String {
        header(&self.token)["kid"].as_str().unwrap().to_owned()
    }
}

impl Scene {
    pub async fn new(toml: &str) -> Self {
        let service = Service::start_with(toml).await;
        let password = service.user(ANA).await;
        let audience = service.wiki(json!({})).await;
        let credential = service.credential(&[]).await;
        Self {
            service,
            audience,
            credential,
            browser: Browser::default(),
            password,
        }
    }

    /// A token after a new sign-in, with the password.
    pub async fn signed_in(&mut self) -> Held {
        self.browser = Browser::default();
        let attempt = Attempt::at(&self.audience);
        let who = (ANA, self.password.as_str());
        let code = self.browser.code(&self.service, &attempt, who).await;
        self.token(&exchanged(&self.service, &self.credential, &code).await)
    }

    /// A token for the browser as it is, without a prompt.
    pub async fn again(&mut self) -> Held {
        let code = self.code_without_prompt().await;
        self.token(&exchanged(&self.service, &self.credential, &code).await)
    }

    pub async fn code_without_prompt(&mut self) -> String {
        let attempt = Attempt::at(&self.audience);
        let response = self.browser.get(&self.service, &attempt.path()).await;
        code_of(&response, &attempt)
    }

    pub fn token(&self, answer: &Value) -> Held {
        Held {
            token: answer["token"].as_str().unwrap().to_owned(),
            binding: answer["binding"].clone(),
        }
    }

    /// Another token with the same binding.
    pub fn holding(&self, token: &str, like: &Held) -> Held {
        Held {
            token: token.to_owned(),
            binding: like.binding.clone(),
        }
    }

    /// A new token for one, or status and reason.
    pub async fn refresh(&self, held: &Held) -> Result<String, (u16, String)> {
        self.refresh_at(&self.service, held).await
    }

    pub async fn refresh_at(
        &self,
        service: &Service,
        held: &Held,
    ) -> Result<String, (u16, String)> {
        let body = json!({ "token": held.token, "binding_secret": held.binding, "origin": WIKI });
        let response = service.post(&self.credential, "refresh", body).await;
        if !response.status().is_success() {
            return Err(problem(response).await);
        }
        let answer: Value = response.json().await.unwrap();
        Ok(answer["token"].as_str().unwrap().to_owned())
    }

    /// Begins a rotation; the new key's id.
    pub async fn rotate(&self, request: Value) -> String {
        let rotated = self.service.done(&format!("{KEYS}/rotate"), request).await;
        rotated["kid"].as_str().unwrap().to_owned()
    }

    pub async fn refuse(&self, kid: &str) -> Value {
        let path = format!("{KEYS}/{kid}/refuse");
        self.service.done(&path, json!({})).await
    }

    /// Lets time pass, and the service look for what is due.
    pub async fn pass(&self, seconds: u64) {
        self.service.clock.advance(seconds);
        let service = &self.service.running.service;
        // What proxies have reported is written from time to time.
        let proxies = &service.proxies;
        let written = proxies.write(&service.storage, &service.notifier);
        written.await.unwrap();
        rotation::look(service).await.unwrap();
    }

    pub async fn keys(&self) -> Vec<Value> {
        let (_, list) = self.service.over_socket(Method::GET, "keys").await;
        list["items"].as_array().unwrap().clone()
    }

    /// A key's state; empty if there is no such key.
    pub async fn state(&self, kid: &str) -> String {
        let keys = self.keys().await;
        let found = keys.iter().find(|key| key["kid"] == kid);
        found.map_or_else(String::new, |key| key["state"].as_str().unwrap().to_owned())
    }

    /// The ids in the JWKS, which are those in the feed.
    pub async fn published(&self) -> Vec<String> {
        let url = self.service.page("/.well-known/jwks.json");
        let response = self.service.http.get(url).send().await.unwrap();
        let jwks: Value = response.json().await.unwrap();
        let url = self.service.call("feed");
        let feed = self.service.http.get(url).bearer_auth(&self.credential);
        let feed: Value = feed.send().await.unwrap().json().await.unwrap();
        assert_eq!(jwks, feed["keys"]);
        let keys = jwks["keys"].as_array().unwrap().iter();
        keys.map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    }

    pub async fn version(&self) -> u64 {
        let storage = &self.service.running.service.storage;
        storage.newest_version().await.unwrap()
    }
}

/// The header of a token, unverified.
pub fn header(token: &str) -> Value {
    let header = token.split('.').next().unwrap();
    let header = base64url::decode(header.as_bytes()).unwrap();
    serde_json::from_slice(&header).unwrap()
}
