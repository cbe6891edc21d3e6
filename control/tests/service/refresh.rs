//! `POST refresh`: a new token for an old one, and everything for which there is none.

mod races;
mod refusals;
mod session;

use portcullis::protocol::base64url;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use sqlx::AnyPool;

use crate::browser::{Attempt, Browser, exchanged};
use crate::harness::{Service, WIKI, problem};

const ANA: &str = "ana@example.com";
const LATER: u64 = 2 * 3600;

/// A service with a user whose token for the wiki has expired, under a global session that lives.
struct Expired {
    service: Service,
    attempt: Attempt,
    credential: String,
    browser: Browser,
    token: String,
    binding: Value,
}

impl Expired {
    async fn new() -> Self {
        Self::with(json!({})).await
    }

    async fn with(mut settings: Value) -> Self {
        let service = Service::start_with("[sessions]\nglobal_duration = \"8h\"\n").await;
        let password = service.user(ANA).await;
        settings["session_duration"] = json!("1h");
        let attempt = Attempt::at(&service.wiki(settings).await);
        let credential = service.credential(&[]).await;
        let mut browser = Browser::default();
        let code = browser.code(&service, &attempt, (ANA, &password)).await;
        let (token, binding) = token_and_binding(&service, &credential, &code).await;
        service.clock.advance(LATER);
        Self {
            service,
            attempt,
            credential,
            browser,
            token,
            binding,
        }
    }

    /// What a filter says to refresh the token.
    fn body(&self) -> Value {
        json!({ "token": self.token, "binding_secret": self.binding, "origin": WIKI })
    }

    async fn call(&self, body: Value) -> Response {
        self.service.post(&self.credential, "refresh", body).await
    }

    async fn refresh(&self) -> Response {
        self.call(self.body()).await
    }

    async fn refused(&self) -> (u16, String) {
        problem(self.refresh().await).await
    }

    async fn change_wiki(&self, changes: Value) {
        let change = json!({ "name": "wiki", "changes": changes });
        self.service.done("/applications/set", change).await;
    }

    /// What is stored of refreshes.
    async fn rows(&self) -> Vec<String> {
        let pool = AnyPool::connect(&self.service.database_url).await.unwrap();
        let rows: Vec<(String,)> = sqlx::query_as("SELECT claims FROM refreshes")
            .fetch_all(&pool)
            .await
            .unwrap();
        pool.close().await;
        rows.into_iter().map(|(claims,)| claims).collect()
    }

    /// What only a later version of the service, or its neighbour, writes.
    async fn write(&self, sql: &'static str, values: &[&str]) {
        let pool = AnyPool::connect(&self.service.database_url).await.unwrap();
        let mut query = sqlx::query(sql);
        for value in values {
            query = query.bind(*value);
        }
        query.execute(&pool).await.unwrap();
        pool.close().await;
    }
}

/// Token and binding secret of a good exchange.
async fn token_and_binding(service: &Service, credential: &str, code: &str) -> (String, Value) {
    let answer = exchanged(service, credential, code).await;
    let token = answer["token"].as_str().unwrap().to_owned();
    (token, answer["binding"].clone())
}

async fn token_of(response: Response) -> String {
    assert_eq!(response.status(), StatusCode::OK);
    let answer: Value = response.json().await.unwrap();
    answer["token"].as_str().unwrap().to_owned()
}

pub fn claims(token: &str) -> Value {
    let claims = base64url::decode(token.split('.').nth(1).unwrap().as_bytes());
    serde_json::from_slice(&claims.unwrap()).unwrap()
}

pub fn forbidden(reason: &str) -> (u16, String) {
    (403, reason.to_owned())
}

#[tokio::test]
async fn s06_an_expired_token_gives_a_new_one_of_the_same_session() {
    let at = Expired::new().await;
    let response = at.refresh().await;
    assert_eq!(response.status(), StatusCode::OK);
    let answer: Value = response.json().await.unwrap();
    let (old, new) = (claims(&at.token), claims(answer["token"].as_str().unwrap()));
    for same in [
        "iss",
        "aud",
        "type",
        "sub",
        "email",
        "sid",
        "session_exp",
        "auth_time",
        "auth_ver",
        "cnf",
        "rule",
    ] {
        assert_eq!(old[same], new[same], "{same}");
    }
    let number = |claims: &Value, name: &str| claims[name].as_u64().unwrap();
    assert_ne!(old["jti"], new["jti"]);
    assert_eq!(number(&new, "iat"), number(&old, "iat") + LATER);
    assert_eq!(number(&new, "nbf"), number(&new, "iat"));
    assert_eq!(number(&new, "exp"), number(&new, "iat") + 3600);
    assert!(number(&new, "ver") >= number(&old, "ver"));
    assert_eq!(answer["session_exp"], new["session_exp"]);
    assert_eq!(
        answer["cookie"],
        json!({ "http_only": true, "same_site": "lax", "partitioned": false })
    );
    assert_eq!(answer.as_object().unwrap().len(), 3, "{answer}");
}

#[tokio::test]
async fn s05_a_new_token_ends_with_the_global_session() {
    let at = Expired::new().await;
    at.service.clock.advance(8 * 3600 - LATER - 60);
    let new = claims(&token_of(at.refresh().await).await);
    assert_eq!(new["exp"], new["session_exp"]);
    at.service.clock.advance(60);
    assert_eq!(at.refused().await, forbidden("session_ended"));
}

#[tokio::test]
async fn settings_of_now_count() {
    let at = Expired::new().await;
    at.change_wiki(json!({ "same_site": "strict", "http_only": false, "session_duration": "2h" }))
        .await;
    let answer: Value = at.refresh().await.json().await.unwrap();
    assert_eq!(
        answer["cookie"],
        json!({ "http_only": false, "same_site": "strict", "partitioned": false })
    );
    let new = claims(answer["token"].as_str().unwrap());
    assert_eq!(
        new["exp"].as_u64().unwrap() - new["iat"].as_u64().unwrap(),
        7200
    );
}

#[tokio::test]
async fn a_token_that_has_not_expired_is_refreshed_as_well() {
    let at = Expired::new().await;
    let token = token_of(at.refresh().await).await;
    let mut body = at.body();
    body["token"] = json!(token);
    let next = token_of(at.call(body).await).await;
    assert_ne!(claims(&next)["jti"], claims(&token)["jti"]);
}
