//! A refused key: everything that it signed ends at once, in every replica.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{PUBLISHED, Scene};
use crate::browser::{Attempt, Browser, exchange};
use crate::device::{self, ANA};
use crate::harness::problem;

#[tokio::test]
async fn b16_nothing_that_a_refused_key_signed_counts_any_more() {
    let mut scene = Scene::new("").await;
    let held = scene.signed_in().await;
    let code = scene.code_without_prompt().await;
    let kid = held.kid();

    let refused = scene.refuse(&kid).await;

    assert_eq!(refused["version"], scene.version().await);
    let signing = refused["now_signs"].as_str().unwrap();
    assert_eq!(scene.published().await, [signing], "it signs at once");
    assert_eq!(
        scene.refresh(&held).await,
        Err((400, "token_invalid".into()))
    );
    let post = |call: &'static str, body| scene.service.post(&scene.credential, call, body);
    let answer = post("exchange", exchange(&code)).await;
    assert_eq!(problem(answer).await, (403, "session_ended".into()));
    let body = json!({ "token": held.token, "binding_secret": held.binding });
    let answer = post("logout", body).await;
    assert_eq!(problem(answer).await.0, 400);
    let path = Attempt::at(&scene.audience).path();
    let form = scene.browser.get(&scene.service, &path).await;
    assert_eq!(form.status(), StatusCode::OK, "asked to sign in");

    // After that everything is as before.
    let held = scene.signed_in().await;
    assert_eq!(held.kid(), signing);
    assert!(scene.refresh(&held).await.is_ok());
    assert_eq!(scene.again().await.kid(), signing);
}

#[tokio::test]
async fn b16_an_exchange_is_not_repeated_after_a_refusal() {
    let mut scene = Scene::new("").await;
    let attempt = Attempt::at(&scene.audience);
    let who = (ANA, scene.password.as_str());
    let code = scene.browser.code(&scene.service, &attempt, who).await;
    let exchange = || {
        scene
            .service
            .post(&scene.credential, "exchange", exchange(&code))
    };
    assert_eq!(exchange().await.status(), StatusCode::OK);
    assert_eq!(exchange().await.status(), StatusCode::OK);
    let keys = scene.keys().await;
    scene.refuse(keys[0]["kid"].as_str().unwrap()).await;
    assert_eq!(problem(exchange().await).await.0, 403);
}

#[tokio::test]
async fn b16_a_confirmed_device_gets_no_token_after_a_refusal() {
    let mut scene = device::Scene::new(json!({})).await;
    let (confirmed, user_code) = scene.codes().await;
    scene.confirm(&user_code).await;
    let (_, keys) = scene.service.over_socket(Method::GET, "keys").await;
    let kid = keys["items"][0]["kid"].as_str().unwrap();
    let path = format!("/api/admin/v1/keys/{kid}/refuse");
    scene.service.done(&path, json!({})).await;
    assert_eq!(scene.poll(&confirmed).await, Err("access_denied".into()));
    // Whoever signs in again may confirm another.
    let who = (ANA, scene.password.as_str());
    scene.browser = Browser::default();
    scene.browser.sign_in(&scene.service, "/login", who).await;
    let (device_code, user_code) = scene.codes().await;
    scene.confirm(&user_code).await;
    assert!(scene.poll(&device_code).await.is_ok());
}

#[tokio::test]
async fn b16_an_old_key_is_refused_and_tokens_of_the_new_one_live_on() {
    let mut scene = Scene::new("").await;
    let before = scene.signed_in().await;
    scene.rotate(json!({})).await;
    scene.pass(PUBLISHED).await;
    let mut old_browser = scene.browser.clone();
    let after = scene.signed_in().await;
    assert_ne!(before.kid(), after.kid());

    let refused = scene.refuse(&before.kid()).await;

    assert_eq!(refused["now_signs"], Value::Null);
    assert!(scene.refresh(&before).await.is_err());
    assert!(scene.refresh(&after).await.is_ok());
    assert_eq!(scene.again().await.kid(), after.kid());
    let path = Attempt::at(&scene.audience).path();
    let form = old_browser.get(&scene.service, &path).await;
    assert_eq!(form.status(), StatusCode::OK, "asked to sign in");
}

#[tokio::test]
async fn b16_a_waiting_key_takes_the_place_of_a_refused_one() {
    let mut scene = Scene::new("").await;
    let old = scene.signed_in().await.kid();
    let waiting = scene.rotate(json!({ "algorithm": "rs256" })).await;
    let refused = scene.refuse(&old).await;
    assert_eq!(refused["now_signs"], waiting.as_str());
    assert_eq!(scene.signed_in().await.kid(), waiting);
    // A waiting key may be refused too: it was a mistake.
    let mistake = scene.rotate(json!({})).await;
    scene.refuse(&mistake).await;
    scene.pass(PUBLISHED).await;
    assert_eq!(scene.state(&mistake).await, "refused");
    assert_eq!(scene.signed_in().await.kid(), waiting);
}

#[tokio::test]
async fn b16_every_replica_refuses_at_once() {
    let mut scene = Scene::new("").await;
    let other = scene.service.replica().await;
    for _ in 0..5 {
        let held = scene.signed_in().await;
        assert!(scene.refresh_at(&other, &held).await.is_ok());

        scene.refuse(&held.kid()).await;

        // At once: nothing is waited for.
        let refused = scene.refresh_at(&other, &held).await;
        assert_eq!(refused, Err((400, "token_invalid".into())));
        let path = Attempt::at(&scene.audience).path();
        let form = scene.browser.get(&other, &path).await;
        assert_eq!(form.status(), StatusCode::OK, "asked to sign in");
    }
}

#[tokio::test]
async fn b16_a_refused_key_never_returns() {
    let mut scene = Scene::new("").await;
    let held = scene.signed_in().await;
    let version = scene.refuse(&held.kid()).await["version"].clone();
    for _ in 0..3 {
        scene.rotate(json!({})).await;
        scene.pass(PUBLISHED).await;
    }
    scene.pass(31 * 86_400).await;
    assert_eq!(scene.state(&held.kid()).await, "refused");
    // Again: nothing changes, and the answer is the same.
    assert_eq!(scene.refuse(&held.kid()).await["version"], version);
    scene.service = scene.service.restart("").await;
    assert!(!scene.published().await.contains(&held.kid()));
    // Not even its private part is left.
    let stored = scene.service.running.service.storage.signing_keys();
    let stored = stored.await.unwrap().keys;
    let refused = stored.iter().find(|key| key.material.kid == held.kid());
    assert_eq!(refused.unwrap().material.private_key.as_str(), "");
}

#[tokio::test]
async fn b16_refreshes_that_race_with_a_refusal_leave_no_good_token() {
    let mut scene = Scene::new("").await;
    for _ in 0..10 {
        // Two, of which one has been replaced: its tokens are exchanged for those of the other.
        let old = scene.signed_in().await;
        scene.rotate(json!({})).await;
        scene.pass(PUBLISHED).await;
        let signing = scene.signed_in().await.kid();
        let kid = old.kid();
        let (refreshed, _) = tokio::join!(scene.refresh(&old), scene.refuse(&kid));
        // What was refreshed before the refusal is of the other key; nothing is after it.
        if let Ok(token) = refreshed {
            assert_eq!(scene.holding(&token, &old).kid(), signing);
        }
        assert!(scene.refresh(&old).await.is_err());
        // The signing one: what raced with it is of the refused key, or was refused.
        let held = scene.signed_in().await;
        let (refreshed, _) = tokio::join!(scene.refresh(&held), scene.refuse(&signing));
        if let Ok(token) = refreshed {
            let held = scene.holding(&token, &held);
            assert_eq!(held.kid(), signing);
            assert!(scene.refresh(&held).await.is_err());
        }
    }
}
