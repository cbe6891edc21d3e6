//! Providers that report that somebody signed out, was revoked, or may not sign in any more.

mod back_channel_logout;
mod forged_logout;
mod global_token_revocation;
mod limits;
mod recheck;
mod recheck_races;
mod security_events;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::browser::{Browser, code_of};
use crate::openid_provider::keys::Key;
use crate::provider_sign_in::Scene;

const ANA: &str = "ana@example.com";

/// What a report was answered with.
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Value,
}

impl Answer {
    fn of_oauth(&self) -> (u16, &str) {
        assert_eq!(self.headers["cache-control"], "no-store");
        (self.status, self.body["error"].as_str().unwrap())
    }
}

async fn sent(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| {
        let value = value.to_str().unwrap().to_owned();
        (name.as_str().to_owned(), value)
    });
    Answer {
        status: response.status().as_u16(),
        headers: headers.collect(),
        body: response.json().await.unwrap_or(Value::Null),
    }
}

/// An id that no report has had.
fn new_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("report-{}", NEXT.fetch_add(1, Ordering::SeqCst))
}

/// A browser in which a person has signed in with `corp`.
async fn signed_in(scene: &Scene, sub: &str, sid: &str) -> Browser {
    let mut browser = Browser::default();
    let email = format!("{sub}@example.com");
    let response = scene
        .sign_in(&mut browser, "corp", |token| {
            let token = token.with("sub", json!(sub)).with("sid", json!(sid));
            token.with("email", json!(email))
        })
        .await;
    code_of(&response, &scene.wiki);
    browser
}

/// Whether a browser gets into the wiki without a prompt.
async fn is_in(scene: &Scene, browser: &mut Browser) -> bool {
    let response = browser.get(&scene.service, &scene.wiki.path()).await;
    response.status().is_redirection()
        && response.headers()["location"]
            .to_str()
            .unwrap()
            .contains("/.access/callback?")
}

async fn version(scene: &Scene) -> u64 {
    let storage = &scene.service.running.service.storage;
    storage.newest_version().await.unwrap()
}

/// The newest version that filters are told of without another look at the database.
fn told(scene: &Scene) -> u64 {
    scene.service.running.service.notifier.newest()
}

/// The events of providers in the audit log, the oldest first.
async fn events(scene: &Scene) -> Vec<Value> {
    let path = "audit?order=oldest_first&limit=1000&event=provider.event";
    let (status, page) = scene.service.over_socket(Method::GET, path).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    page["items"].as_array().unwrap().clone()
}

fn first_key(scene: &Scene) -> Arc<Key> {
    Arc::clone(&scene.corp.script().keys[0])
}

/// Waits until something is so that happens in the background.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waited = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), waited).await;
    assert!(waited.is_ok(), "{what}");
}
