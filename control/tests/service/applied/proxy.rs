//! A proxy as the control service sees one, and what it then says of it.

use portcullis::protocol::feed::FeedPage;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::Service;

pub const ANA: &str = "ana@example.com";

/// A proxy that follows the feed, one poll after the other.
pub struct Proxy<'a> {
    pub service: &'a Service,
    pub credential: String,
    pub instance: &'a str,
    /// `stale_after` and `then`, and perhaps `node` and `process`.
    pub stale: &'a str,
    pub epoch: String,
    pub version: u64,
    /// Shows that the service has issued the version.
    pub proof: String,
}

impl<'a> Proxy<'a> {
    /// Takes the whole feed.
    pub async fn start(service: &'a Service, instance: &'a str, stale: &'a str) -> Self {
        let mut proxy = Self {
            service,
            credential: service.credential(&[]).await,
            instance,
            stale,
            epoch: String::new(),
            version: 0,
            proof: String::new(),
        };
        proxy.take(proxy.ask("limit=20000").await).await;
        proxy
    }

    /// The proxy that follows this one, with the same credential. Takes the whole feed.
    pub async fn again(&self, instance: &'a str, stale: &'a str) -> Self {
        let mut proxy = Self {
            credential: self.credential.clone(),
            instance,
            stale,
            epoch: String::new(),
            proof: String::new(),
            ..*self
        };
        proxy.take(proxy.ask("limit=20000").await).await;
        proxy
    }

    pub async fn ask(&self, query: &str) -> reqwest::Response {
        let (instance, stale) = (self.instance, self.stale);
        let url = self.service.call("feed");
        let url = format!("{url}?{query}&instance={instance}&{stale}");
        let request = self.service.http.get(url).bearer_auth(&self.credential);
        request.send().await.unwrap()
    }

    /// Polls as a filter does that has applied what it took.
    pub async fn poll(&mut self, wait: u64) {
        let query = format!("{}&applied={}&wait={wait}", self.position(), self.version);
        let answer = self.ask(&query).await;
        self.take(answer).await;
    }

    /// What it has, as a poll says it.
    pub fn position(&self) -> String {
        let (epoch, version, proof) = (&self.epoch, self.version, &self.proof);
        format!("epoch={epoch}&after={version}&proof={proof}")
    }

    pub async fn take(&mut self, answer: reqwest::Response) {
        if answer.status() == StatusCode::NO_CONTENT {
            return;
        }
        assert_eq!(answer.status(), StatusCode::OK);
        let page: FeedPage = answer.json().await.unwrap();
        (self.epoch, self.version) = (page.epoch, page.version);
        self.proof = page.proof.unwrap();
    }
}

pub async fn revoke(service: &Service) -> u64 {
    let revoked = service
        .done("/revocations/user", json!({ "email": ANA }))
        .await;
    revoked["version"].as_u64().unwrap()
}

pub async fn wait_for(service: &Service, version: u64, timeout_ms: u64) -> Value {
    let request = json!({ "version": version, "timeout_ms": timeout_ms });
    service.done("/revocations/wait", request).await
}

pub async fn states(service: &Service) -> Vec<(String, u64, String)> {
    let list = service.listed("/proxies").await;
    let one = |proxy: &Value| {
        let text = |field: &str| proxy[field].as_str().unwrap().to_owned();
        let version = proxy["version"].as_u64().unwrap();
        (text("instance"), version, text("state"))
    };
    list.iter().map(one).collect()
}

pub fn of(instance: &str, version: u64, state: &str) -> (String, u64, String) {
    (instance.to_owned(), version, state.to_owned())
}

pub const DENY: &str = "stale_after=300&then=deny";
pub const ALLOW: &str = "stale_after=300&then=allow";
