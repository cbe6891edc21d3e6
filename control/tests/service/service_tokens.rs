//! Service tokens: made, judged, rotated and ended.

mod administration;
mod admitted;
mod judged;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Service, WIKI, problem};

const DAY: u64 = 24 * 60 * 60;
const ALL: &str = "/api/admin/v1/service-tokens";

/// A client id and a secret.
#[derive(Clone)]
struct Pair {
    client_id: String,
    client_secret: String,
}

impl Pair {
    fn of(made: &Value) -> Self {
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Self {
            client_id: text("client_id"),
            client_secret: text("client_secret"),
        }
    }

    /// `sub` of its tokens.
    fn subject(&self) -> String {
        format!("service:{}", self.client_id.trim_end_matches(".service"))
    }
}

/// A service with the wiki, and a filter's credential.
struct Scene {
    service: Service,
    audience: String,
    credential: String,
}

impl Scene {
    /// The wiki admits people, and no service token.
    async fn new() -> Self {
        let service = Service::start().await;
        let audience = service.wiki(json!({})).await;
        let credential = service.credential(&[]).await;
        Self {
            service,
            audience,
            credential,
        }
    }

    /// The wiki admits the service token `ci` as well.
    async fn with_ci() -> (Self, Pair) {
        let scene = Self::new().await;
        let ci = scene.made("ci").await;
        scene.admit("ci", json!({})).await;
        (scene, ci)
    }

    /// Gives the wiki a policy that admits a service token, with more in its rule, and people.
    async fn admit(&self, name: &str, more: Value) {
        let mut rule = json!({
            "id": "program", "action": "service", "include": [{ "service_token": name }],
        });
        for (field, value) in more.as_object().unwrap() {
            rule[field] = value.clone();
        }
        let people = json!({
            "id": "people", "action": "allow", "include": [{ "everyone": true }],
        });
        self.set(json!({ "policy": [rule, people] })).await;
    }

    /// Changes the wiki.
    async fn set(&self, changes: Value) {
        let change = json!({ "name": "wiki", "changes": changes });
        self.service.done("/applications/set", change).await;
    }

    async fn made(&self, name: &str) -> Pair {
        Pair::of(&self.service.done(ALL, json!({ "name": name })).await)
    }

    async fn change(&self, named: &str, call: &str, body: Value) -> Value {
        let path = format!("{ALL}/{named}/{call}");
        self.service.done(&path, body).await
    }

    async fn delete(&self, named: &str) -> Value {
        let path = format!("service-tokens/{named}");
        let (status, deleted) = self.service.over_socket(Method::DELETE, &path).await;
        assert_eq!(status, StatusCode::OK, "{deleted}");
        deleted
    }

    /// What a filter gets for a pair at the wiki: the status and the reason, or the token.
    async fn ask(&self, pair: &Pair) -> Result<String, (u16, String)> {
        self.ask_with(pair, json!({})).await
    }

    async fn ask_with(&self, pair: &Pair, more: Value) -> Result<String, (u16, String)> {
        let mut body = json!({
            "client_id": pair.client_id,
            "client_secret": pair.client_secret,
            "origin": WIKI,
            "audience": self.audience,
        });
        for (field, value) in more.as_object().unwrap() {
            body[field] = value.clone();
        }
        let answer = self.service.post(&self.credential, "service", body).await;
        if answer.status() == StatusCode::OK {
            let answer: Value = answer.json().await.unwrap();
            return Ok(answer["token"].as_str().unwrap().to_owned());
        }
        Err(problem(answer).await)
    }
}

fn invalid<T>() -> Result<T, (u16, String)> {
    Err((403, "service_token_invalid".to_owned()))
}

fn not_admitted<T>() -> Result<T, (u16, String)> {
    Err((403, "policy_denied".to_owned()))
}
