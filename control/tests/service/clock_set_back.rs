//! The machine's clock is set back by an hour, as when it was wrong and is corrected: nothing lasts
//! longer than it is configured.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::browser::{Attempt, Browser, exchanged};
use crate::device::Scene;
use crate::harness::Service;

const ANA: &str = "ana@example.com";
const ROTATE: &str = "/api/admin/v1/keys/rotate";
const HOUR: u64 = 3600;

/// What may be left: `SELECT` how many rows have more, at `{now}`.
const TOO_LONG: [(&str, &str); 9] = [
    (
        "block",
        "SELECT COUNT(*) FROM users WHERE blocked_until > {now} + 60",
    ),
    (
        "code",
        "SELECT COUNT(*) FROM exchange_codes WHERE expires_at > {now} + 60",
    ),
    (
        "repeated exchange",
        "SELECT COUNT(*) FROM exchange_codes WHERE used_at > {now}",
    ),
    (
        "repeated refresh",
        "SELECT COUNT(*) FROM refreshes WHERE issued_at > {now}",
    ),
    (
        "device code",
        "SELECT COUNT(*) FROM device_codes WHERE expires_at > {now} + 600 \
         OR next_poll_at > {now} + poll_interval",
    ),
    (
        "session",
        "SELECT COUNT(*) FROM sessions WHERE expires_at > {now} + 86400",
    ),
    (
        "admin token",
        "SELECT COUNT(*) FROM admin_tokens WHERE expires_at > {now} + 7776000",
    ),
    (
        "key",
        "SELECT COUNT(*) FROM signing_keys WHERE since > {now}",
    ),
    (
        "proxy",
        "SELECT COUNT(*) FROM proxies WHERE last_seen_ms > {now}000 \
         OR live_until_ms > {now}000 + 120000",
    ),
];

async fn too_long(service: &Service) -> Vec<&'static str> {
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&service.database_url).await.unwrap();
    let mut found = Vec::new();
    for (what, query) in TOO_LONG {
        let query = query.replace("{now}", &service.clock.seconds().to_string());
        let query = sqlx::AssertSqlSafe(query);
        let (count,): (i64,) = sqlx::query_as(query).fetch_one(&pool).await.unwrap();
        if count > 0 {
            found.push(what);
        }
    }
    pool.close().await;
    found
}

/// Sets the clock back, and waits until the service has noticed.
async fn set_back(service: &Service) {
    service.clock.set_back(HOUR);
    let noticed = async {
        while !too_long(service).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let limit = tokio::time::timeout(Duration::from_secs(60), noticed);
    if limit.await.is_err() {
        panic!("still too long: {:?}", too_long(service).await);
    }
}

async fn signs_in(service: &Service, password: &str) -> bool {
    let mut browser = Browser::default();
    browser.sign_in(service, "/login", (ANA, password)).await;
    browser.cookies.contains_key("__Host-access_session")
}

/// One of everything that has an end.
async fn filled(service: &Service) -> String {
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({ "header_tokens": true })).await);
    let credential = service.credential(&[]).await;
    let mut browser = Browser::default();
    let code = browser.code(service, &attempt, (ANA, &password)).await;
    let answer = exchanged(service, &credential, &code).await;
    let refresh = json!({
        "token": answer["token"], "binding_secret": answer["binding"],
        "origin": crate::harness::WIKI,
    });
    assert_eq!(
        service.post(&credential, "refresh", refresh).await.status(),
        200
    );
    // One that is not used.
    browser.get(service, &attempt.path()).await;
    let form = [("client_id", "portcullis-control"), ("application", "wiki")];
    let device = service.http.post(service.page("/device_authorization"));
    assert_eq!(device.form(&form).send().await.unwrap().status(), 200);
    service
        .done("/admin-tokens", json!({ "scopes": ["users:read"] }))
        .await;
    let poll = service.http.get(service.call("feed?instance=vm&applied=1"));
    let poll = poll.bearer_auth(&credential).send().await.unwrap();
    assert_eq!(poll.status(), 200);
    service.user("bob@example.com").await;
    service
        .done("/revocations/user", json!({ "email": "bob@example.com" }))
        .await;
    service.done(ROTATE, json!({})).await;
    password
}

#[tokio::test]
async fn everything_that_is_stored_keeps_its_duration() {
    let service = Service::start().await;
    let password = filled(&service).await;
    set_back(&service).await;
    assert!(signs_in(&service, &password).await);
}

#[tokio::test]
async fn the_block_after_a_revocation_ends_after_a_minute() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    service
        .done("/revocations/user", json!({ "email": ANA }))
        .await;
    set_back(&service).await;
    assert!(
        !signs_in(&service, &password).await,
        "the block is not over"
    );
    service.clock.advance(60);
    assert!(signs_in(&service, &password).await);
}

#[tokio::test]
async fn a_start_notices_that_the_clock_was_set_back_before() {
    let service = Service::start().await;
    let password = filled(&service).await;
    let clock = std::sync::Arc::clone(&service.clock);
    let (url, directory) = (service.database_url.clone(), service.directory.clone());
    service.running.stop().await;
    clock.set_back(HOUR);
    let service = Service::start_at(&url, directory, "", clock).await.unwrap();
    assert_eq!(too_long(&service).await, Vec::<&str>::new());
    assert!(signs_in(&service, &password).await);
}

#[tokio::test]
async fn a_device_code_ends_after_ten_minutes_and_is_polled_every_few_seconds() {
    let scene = Scene::new(json!({})).await;
    let (device_code, _) = scene.codes().await;
    set_back(&scene.service).await;
    scene.service.clock.advance(10);
    let pending = Err("authorization_pending".to_owned());
    assert_eq!(scene.poll(&device_code).await, pending);
    scene.service.clock.advance(590);
    assert_eq!(
        scene.poll(&device_code).await,
        Err("expired_token".to_owned())
    );
}

#[tokio::test]
async fn a_published_key_signs_after_a_minute() {
    let service = Service::start().await;
    let state = async |state: &str| {
        let (_, keys) = service.over_socket(Method::GET, "keys").await;
        let keys = keys["items"].as_array().unwrap();
        let of_state: Vec<&Value> = keys.iter().filter(|key| key["state"] == state).collect();
        of_state.first().map(|key| key["kid"].clone())
    };
    service.done(ROTATE, json!({})).await;
    let published = state("published").await;
    set_back(&service).await;
    service.clock.advance(60);
    // The service looks once a second.
    let signs = async {
        while state("signing").await != published {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), signs)
        .await
        .unwrap();
}
