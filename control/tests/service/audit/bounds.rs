//! What anyone can cause by failing, and how much of it is stored.

use serde_json::{Value, json};

use super::scene::{ANA, Scene, events, is, party, text};
use crate::browser::{Attempt, Browser};

/// Every client says where it comes from.
const PROXY: &str = "[server]\ntrusted_proxies = [\"127.0.0.1\"]\n\
    [sign_in]\nfailures_per_email = 1000000\nfailures_per_address = 1000000\n";

async fn fail(scene: &Scene, email: &str, from: &str) -> u16 {
    let mut browser = Browser::default();
    let page = browser
        .get(&scene.service, "/login")
        .await
        .text()
        .await
        .unwrap();
    let token = crate::browser::between(&page, "name=\"csrf_token\" value=\"", "\"").to_owned();
    let form = [
        ("csrf_token", token.as_str()),
        ("email", email),
        ("password", "not the one"),
    ];
    let request = scene
        .service
        .http
        .post(scene.service.page("/login"))
        .form(&form);
    let answer = browser
        .send(request.header("x-forwarded-for", from.to_owned()))
        .await;
    answer.status().as_u16()
}

#[tokio::test]
async fn a_failed_sign_in_is_told_without_what_was_typed() {
    let mut scene = Scene::with(PROXY).await;
    assert_eq!(fail(&scene, ANA, "192.0.2.7").await, 401);
    let [failed] = scene.only(["sign_in.failed"]).await;
    assert_eq!(party(&failed, "actor").0, "unknown");
    assert_eq!(party(&failed, "subject"), is("user", ANA));
    assert_eq!(text(&failed, "reason"), "wrong_password");
    assert_eq!(text(&failed, "address"), "192.0.2.7");
    assert_eq!(fail(&scene, "my secret password", "192.0.2.7").await, 401);
    let [failed] = scene.only(["sign_in.failed"]).await;
    assert!(failed["subject"].is_null(), "{failed}");
    assert!(!failed.to_string().contains("secret"), "{failed}");
}

#[tokio::test]
async fn too_many_tries_are_told() {
    let mut scene = Scene::with("[sign_in]\nfailures_per_email = 1\n").await;
    let who = (ANA, "not the one");
    for _ in 0..2 {
        Browser::default()
            .sign_in(&scene.service, "/login", who)
            .await;
    }
    let [wrong, many] = scene.only(["sign_in.failed"; 2]).await;
    assert_eq!(text(&wrong, "reason"), "wrong_password");
    let all = events(&scene.service, "event=sign_in.failed").await;
    assert_eq!(text(&all[0], "reason"), "too_many_failures");
    assert_eq!(party(&many, "subject"), is("user", ANA));
}

#[tokio::test]
async fn b17_a_refused_sign_in_is_told_with_the_reason() {
    let mut scene = Scene::new().await;
    let who = json!({ "email": ANA });
    scene.service.done("/revocations/user", who.clone()).await;
    scene.news().await;
    let sign_in = (ANA, scene.password.as_str());
    Browser::default()
        .sign_in(&scene.service, "/login", sign_in)
        .await;
    let [blocked] = scene.only(["sign_in.refused"]).await;
    scene.service.done("/users/disable", who.clone()).await;
    scene.news().await;
    let sign_in = (ANA, scene.password.as_str());
    Browser::default()
        .sign_in(&scene.service, "/login", sign_in)
        .await;
    let [disabled] = scene.only(["sign_in.refused"]).await;
    assert_eq!(text(&blocked, "reason"), "user_blocked");
    assert_eq!(text(&disabled, "reason"), "user_disabled");
    scene.service.done("/users/enable", who).await;

    let nobody = json!({ "name": "wiki", "changes": { "policy": [] } });
    scene.service.done("/applications/set", nobody).await;
    scene.news().await;
    let path = Attempt::at(&scene.audience).path();
    let sign_in = (ANA, scene.password.as_str());
    let denied = Browser::default()
        .sign_in(&scene.service, &path, sign_in)
        .await;
    assert_eq!(denied.status(), 403);
    let [_, denied] = scene.only(["sign_in.succeeded", "sign_in.refused"]).await;
    assert_eq!(text(&denied, "reason"), "policy_denied");
    assert_eq!(text(&denied, "application"), "wiki");
    assert!(denied["rule"].is_null(), "no rule decided: {denied}");

    let block = json!([
        { "id": "guests", "action": "block", "include": [{ "email": ANA }] },
        { "id": "rest", "action": "allow", "include": [{ "everyone": true }] },
    ]);
    let block = json!({ "name": "wiki", "changes": { "policy": block } });
    scene.service.done("/applications/set", block).await;
    scene.news().await;
    let sign_in = (ANA, scene.password.as_str());
    let ruled_out = Browser::default()
        .sign_in(&scene.service, &path, sign_in)
        .await;
    assert_eq!(ruled_out.status(), 403);
    let [_, ruled_out] = scene.only(["sign_in.succeeded", "sign_in.refused"]).await;
    assert_eq!(text(&ruled_out, "rule"), "guests");
    for event in [&blocked, &disabled, &denied, &ruled_out] {
        assert_eq!(party(event, "actor"), is("user", ANA));
        assert_eq!(party(event, "subject"), is("user", ANA));
        assert_eq!(text(event, "address"), "127.0.0.1");
    }
}

/// Lines, and the events for which they stand.
fn sums(news: &[Value]) -> (usize, u64) {
    let counts = news.iter().map(|event| event["count"].as_u64().unwrap());
    (news.len(), counts.sum())
}

#[tokio::test]
async fn a_flood_from_one_address_and_from_many_has_few_lines() {
    let mut scene = Scene::with(PROXY).await;
    let service = scene.service.running.service.clone();
    // Each try is a request to the service; its password costs too much for thousands.
    for _ in 0..40 {
        assert_eq!(fail(&scene, "x", "192.0.2.7").await, 401);
    }
    service.store_counts().await.unwrap();
    let news = scene.news().await;
    assert_eq!(sums(&news), (11, 40));
    let counted = news.last().unwrap();
    assert_eq!(counted["count"], 30);
    assert_eq!(party(counted, "subject"), is("network", "192.0.2.7"));
    assert_eq!(text(counted, "reason"), "too_many");

    // The same minute has the same line.
    for _ in 0..5 {
        fail(&scene, "x", "192.0.2.7").await;
    }
    service.store_counts().await.unwrap();
    assert_eq!(scene.news().await.len(), 0);
    let all = events(&scene.service, "event=sign_in.failed&limit=1000").await;
    assert_eq!(sums(&all), (11, 45));

    // As many /64s as there are tries.
    for number in 0..60 {
        fail(&scene, "x", &format!("2001:db8:0:{number:x}::1")).await;
    }
    service.store_counts().await.unwrap();
    let (lines, count) = sums(&scene.news().await);
    assert!(lines <= 20 + 17, "{lines}");
    let all = events(&scene.service, "event=sign_in.failed&limit=1000").await;
    assert_eq!(sums(&all).1, 105, "{count}");
    // A user's own line is still written.
    fail(&scene, ANA, "198.51.100.1").await;
    let [failed] = scene.only(["sign_in.failed"]).await;
    assert_eq!(party(&failed, "subject"), is("user", ANA));
}
