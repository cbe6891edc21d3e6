//! Signing keys: how they are replaced without anybody noticing, and ended at once.

mod api;
mod command_line;
mod refused;
mod scene;
mod schedule;
mod sealed;

use portcullis_control::storage::MOST_KEYS;
use portcullis_control::tokens::keys::rotation::{self, Looked};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::applied::proxy::{DENY, Proxy};
use crate::browser::{Attempt, code_of, exchanged};
use crate::harness::{Service, tester};
pub use scene::{Scene, header};

/// As long as a key is published before it signs.
const PUBLISHED: u64 = 60;
/// As long as a published key waits for proxies at most.
const LATEST: u64 = 600;

#[tokio::test]
async fn b16_a_rotation_to_any_algorithm_ends_no_session_and_no_token() {
    let mut scene = Scene::new("").await;
    for algorithm in ["rs256", "eddsa", "es256"] {
        let before = scene.signed_in().await;
        let old = before.kid();
        let new = scene.rotate(json!({ "algorithm": algorithm })).await;
        assert_eq!(scene.state(&new).await, "published");
        scene.pass(PUBLISHED - 1).await;
        assert_eq!(scene.state(&new).await, "published");
        assert_eq!(scene.signed_in().await.kid(), old, "it does not sign yet");

        scene.pass(1).await;

        assert_eq!(scene.state(&new).await, "signing");
        assert_eq!(scene.state(&old).await, "accepted");
        // The old cookie of the team domain is enough for a token of the new key.
        let after = scene.again().await;
        assert_eq!(after.kid(), new);
        assert_eq!(header(&after.token)["alg"], algorithm_of(algorithm));
        assert!(after.token.len() < 1_200, "{}", after.token.len());
        // So is the old token.
        let refreshed = scene.refresh(&before).await.unwrap();
        assert_eq!(header(&refreshed)["kid"], new);
        let published = scene.published().await;
        assert!(published.contains(&old) && published.contains(&new));
    }
}

fn algorithm_of(name: &str) -> &'static str {
    match name {
        "rs256" => "RS256",
        "eddsa" => "EdDSA",
        _ => "ES256",
    }
}

#[tokio::test]
async fn b16_a_key_signs_when_every_proxy_has_it() {
    let scene = Scene::new("").await;
    let service = &scene.service;
    let mut fast = Proxy::start(service, "fast", DENY).await;
    let mut slow = Proxy::start(service, "slow", DENY).await;
    let new = scene.rotate(json!({})).await;
    fast.poll(0).await;
    fast.poll(0).await;
    scene.pass(PUBLISHED).await;
    assert_eq!(scene.state(&new).await, "published", "one lacks it");
    slow.poll(0).await;
    scene.pass(0).await;
    assert_eq!(scene.state(&new).await, "published", "it has not said so");
    slow.poll(0).await;
    scene.pass(0).await;
    assert_eq!(scene.state(&new).await, "signing");
}

#[tokio::test]
async fn b16_a_proxy_that_is_gone_does_not_stop_a_rotation() {
    let scene = Scene::new("").await;
    Proxy::start(&scene.service, "gone", DENY).await;
    let new = scene.rotate(json!({})).await;
    scene.pass(LATEST - 1).await;
    // With `then: deny` it would have been found stale before that.
    assert_eq!(scene.state(&new).await, "signing");
    let scene = Scene::new("").await;
    Proxy::start(&scene.service, "gone", "stale_after=300&then=allow").await;
    let new = scene.rotate(json!({})).await;
    scene.pass(LATEST - 1).await;
    assert_eq!(scene.state(&new).await, "published");
    scene.pass(1).await;
    assert_eq!(scene.state(&new).await, "signing");
}

#[tokio::test]
async fn b16_calls_that_are_repeated_across_a_rotation_get_a_good_token() {
    let mut scene = Scene::new("").await;
    let attempt = Attempt::at(&scene.audience);
    let who = ("ana@example.com", scene.password.clone());
    let who = (who.0, who.1.as_str());
    let code = scene.browser.code(&scene.service, &attempt, who).await;
    let new = scene.rotate(json!({ "algorithm": "rs256" })).await;
    scene.pass(PUBLISHED - 5).await;
    let exchange = || exchanged(&scene.service, &scene.credential, &code);
    let first = exchange().await;
    let token = scene.token(&first);
    let first_refresh = scene.refresh(&token).await.unwrap();

    scene.pass(5).await;

    assert_eq!(scene.state(&new).await, "signing");
    let again = scene.token(&exchange().await);
    let again_refresh = scene.refresh(&token).await.unwrap();
    for (before, after) in [
        (first["token"].as_str().unwrap(), again.token.as_str()),
        (&first_refresh, &again_refresh),
    ] {
        assert_eq!(
            before.split('.').nth(1),
            after.split('.').nth(1),
            "the same claims"
        );
        assert_eq!(header(after)["kid"], new);
        assert!(scene.refresh(&scene.holding(after, &again)).await.is_ok());
    }
}

#[tokio::test]
async fn b16_every_replica_signs_with_the_new_key_at_once() {
    let mut scene = Scene::new("").await;
    let other = scene.service.replica().await;
    let before = scene.signed_in().await;
    let new = scene.rotate(json!({ "algorithm": "eddsa" })).await;
    scene.pass(PUBLISHED).await;
    assert_eq!(scene.state(&new).await, "signing");
    let refreshed = scene.refresh_at(&other, &before).await.unwrap();
    assert_eq!(header(&refreshed)["kid"], new);
    let response = scene
        .browser
        .get(&other, &Attempt::at(&scene.audience).path())
        .await;
    code_of(&response, &Attempt::at(&scene.audience));
}

#[tokio::test]
async fn b16_an_old_key_goes_when_its_last_token_has_expired() {
    let mut scene = Scene::new("[sessions]\nglobal_duration = \"30d\"\n").await;
    let before = scene.signed_in().await;
    let old = before.kid();
    scene.rotate(json!({})).await;
    scene.pass(PUBLISHED).await;
    assert_eq!(scene.state(&old).await, "accepted");
    // A token that was signed at the last moment lasts for 30 days.
    scene.pass(30 * 86_400 - 10).await;
    assert_eq!(scene.state(&old).await, "accepted");
    assert!(scene.published().await.contains(&old));
    let version = scene.version().await;
    scene.pass(10 + 60).await;
    assert_eq!(scene.state(&old).await, "");
    assert!(!scene.published().await.contains(&old));
    assert_eq!(scene.version().await, version + 1, "filters are told");
}

#[tokio::test]
async fn only_one_key_waits_at_a_time() {
    let scene = Scene::new("").await;
    let other = scene.service.replica().await;
    let rotate = |service: &Service| {
        let running = service.running.service.clone();
        async move {
            rotation::rotate(&running, None, &tester())
                .await
                .unwrap()
                .outcome
        }
    };
    let (one, two) = tokio::join!(rotate(&scene.service), rotate(&other));
    assert_ne!(one, two);
    let waiting = |key: &&Value| key["state"] == "published";
    assert_eq!(scene.keys().await.iter().filter(waiting).count(), 1);
    scene.pass(PUBLISHED).await;
    // Both replicas look at the same moment.
    let (one, two) = (&scene.service.running.service, &other.running.service);
    let (one, two) = tokio::join!(rotation::look(one), rotation::look(two));
    one.unwrap();
    two.unwrap();
    let signing = |key: &&Value| key["state"] == "signing";
    assert_eq!(scene.keys().await.iter().filter(signing).count(), 1);
}

#[tokio::test]
async fn keys_that_cannot_be_read_sign_and_verify_nothing() {
    let mut scene = Scene::new("").await;
    let before = scene.signed_in().await;
    let pool = sqlx::AnyPool::connect(&scene.service.database_url)
        .await
        .unwrap();
    for statement in [
        "UPDATE signing_keys SET state = 'lost'",
        "UPDATE feed_state SET key_changes = key_changes + 1",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    assert_eq!(scene.refresh(&before).await.unwrap_err().0, 503);
    let page = scene.browser.get(&scene.service, "/sessions").await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    let url = scene.service.page("/.well-known/jwks.json");
    let jwks = scene.service.http.get(url).send().await.unwrap();
    assert_eq!(jwks.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_key_that_is_due_is_not_made_while_too_many_are_in_force() {
    let scene = Scene::new("").await;
    let pool = sqlx::AnyPool::connect(&scene.service.database_url)
        .await
        .unwrap();
    for number in 1..MOST_KEYS {
        sqlx::query(
            "INSERT INTO signing_keys \
             (kid, algorithm, private_key, created_at, state, since, until, version) \
             SELECT $1, algorithm, private_key, created_at, 'accepted', since, $2, 0 \
             FROM signing_keys WHERE state = 'signing'",
        )
        .bind(format!("old-{number}"))
        .bind(i64::MAX / 4000)
        .execute(&pool)
        .await
        .unwrap();
    }
    let service = &scene.service.running.service;
    scene.service.clock.advance(43 * 86_400);
    for _ in 0..2 {
        let looked = rotation::look(service).await.unwrap();
        assert_eq!(looked, Looked::TooManyKeys);
    }
    scene.refuse("old-1").await;
    let looked = rotation::look(service).await.unwrap();
    assert_eq!(looked, Looked::Done);
    let published = |key: &Value| key["state"] == "published";
    assert!(scene.keys().await.iter().any(published));
}
