//! Sessions whose provider is asked again (`recheck`).

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::AnyPool;

use super::{events, is_in, told, until, version};
use crate::browser::{Browser, code_of};
use crate::openid_provider::keys::Token;
use crate::openid_provider::{ACCESS_TOKEN, Reply, TOKEN, USERINFO};
use crate::provider_sign_in::{Scene, Settings};

pub const HOUR: u64 = 3_600;
const SETTINGS: &str = "recheck = \"1h\"\ngroups_claim = \"groups\"\n\
                        scopes = [\"openid\", \"email\", \"offline_access\"]";

/// Staff only.
pub async fn scene() -> Scene {
    Scene::with(Settings {
        corp: SETTINGS,
        rest: "[server]\nmetrics = \"127.0.0.1:0\"\n",
        wiki: json!({ "policy": [
            { "id": "staff", "action": "allow", "include": [{ "group": "corp:staff" }] },
        ] }),
        ..Settings::default()
    })
    .await
}

/// Ana as the provider describes her to this refresh token, and the next one.
pub fn answers(scene: &Scene, refresh_token: &str, token: &Token, next: Option<&str>) {
    let mut script = scene.corp.script();
    let id_token = token.signed(&script.keys[0]);
    let mut issued = json!({ "access_token": ACCESS_TOKEN, "id_token": id_token });
    if let Some(next) = next {
        issued["refresh_token"] = json!(next);
    }
    script.grants.insert(refresh_token.to_owned(), issued);
}

pub fn no_longer(scene: &Scene, refresh_token: &str) {
    scene.corp.script().grants.remove(refresh_token);
}

/// Ana at the next check, in these groups.
pub fn ana(scene: &Scene, groups: &[&str]) -> Token {
    let token = scene.corp.id_token(scene.service.clock_now() + HOUR, "");
    token.without("nonce").with("groups", json!(groups))
}

/// Signs in with the refresh token `r1`, in the group `staff`.
pub async fn signed_in(scene: &Scene) -> Browser {
    signed_in_with(scene, "r1").await
}

pub async fn signed_in_with(scene: &Scene, refresh_token: &str) -> Browser {
    let mut browser = Browser::default();
    let trip = scene.go(&mut browser, "corp").await;
    let token = scene.token(&trip).with("groups", json!(["staff"]));
    answers(scene, "the-code", &token, Some(refresh_token));
    let response = browser
        .get(&scene.service, &trip.callback("the-code"))
        .await;
    code_of(&response, &scene.wiki);
    browser
}

/// Makes the session due, and waits until the provider was asked once more and the answer is stored.
pub async fn checked(scene: &Scene) {
    let calls = scene.corp.count(TOKEN);
    scene.service.clock.advance(HOUR);
    until("the provider is asked", async || {
        scene.corp.count(TOKEN) > calls
    })
    .await;
    scene.service.running.service.rechecks.finished().await;
}

pub async fn column(scene: &Scene, column: &str) -> String {
    let pool = AnyPool::connect(&scene.service.database_url).await.unwrap();
    let query = sqlx::AssertSqlSafe(format!("SELECT {column} FROM sessions"));
    let (value,): (String,) = sqlx::query_as(query).fetch_one(&pool).await.unwrap();
    pool.close().await;
    value
}

async fn describes(scene: &Scene, browser: &mut Browser) -> Value {
    let response = browser.get(&scene.service, &scene.wiki.path()).await;
    scene.claims(&response).await
}

#[tokio::test]
async fn b09_a_refused_refresh_token_ends_the_session() {
    let scene = scene().await;
    let mut browser = signed_in(&scene).await;
    let mut other = signed_in_with(&scene, "other").await;
    answers(&scene, "other", &ana(&scene, &["staff"]), None);
    let before = version(&scene).await;
    scene.service.clock.advance(HOUR / 2);
    no_longer(&scene, "r1");
    assert!(is_in(&scene, &mut browser).await, "nobody has asked yet");
    scene.service.clock.advance(HOUR / 2);
    until("the session ends", async || version(&scene).await > before).await;
    scene.service.running.service.rechecks.finished().await;
    assert!(!is_in(&scene, &mut browser).await);
    assert!(is_in(&scene, &mut other).await);
    assert_eq!(
        (version(&scene).await, told(&scene)),
        (before + 1, before + 1)
    );
    let events = events(&scene).await;
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["reason"], "recheck_refused");
    assert_eq!(events[0]["subject"]["name"], "ana@example.com");
}

#[tokio::test]
async fn b09_other_groups_are_judged_at_once() {
    let scene = scene().await;
    let mut browser = signed_in(&scene).await;
    let old = describes(&scene, &mut browser).await;
    let before = version(&scene).await;
    answers(&scene, "r1", &ana(&scene, &["guests"]), None);
    checked(&scene).await;
    // Tokens of before are refused, and the policy admits her no more. The session lives.
    assert_eq!(
        (version(&scene).await, told(&scene)),
        (before + 1, before + 1)
    );
    assert!(old["ver"].as_u64().unwrap() <= before);
    assert_eq!(column(&scene, "groups").await, "[\"guests\"]");
    let response = browser.get(&scene.service, &scene.wiki.path()).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(scene.sessions().await.len(), 1);
    let events = events(&scene).await;
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["reason"], "recheck_changed");
    // Back again.
    answers(&scene, "r1", &ana(&scene, &["guests", "staff"]), None);
    checked(&scene).await;
    let new = describes(&scene, &mut browser).await;
    assert!(new["ver"].as_u64().unwrap() >= before + 2);
}

#[tokio::test]
async fn a_new_address_is_the_users_from_then_on() {
    let scene = scene().await;
    let mut browser = signed_in(&scene).await;
    let old = describes(&scene, &mut browser).await;
    let token = ana(&scene, &["staff"]).with("email", json!("anna@example.com"));
    answers(&scene, "r1", &token, None);
    checked(&scene).await;
    let new = describes(&scene, &mut browser).await;
    assert_eq!(new["email"], "anna@example.com");
    assert_eq!(new["sub"], old["sub"], "the same user");
    // An answer that tells no address changes none.
    let token = ana(&scene, &["staff"]).without("email");
    scene.corp.script().userinfo = json!({ "sub": "ana" });
    answers(&scene, "r1", &token, None);
    checked(&scene).await;
    let same = describes(&scene, &mut browser).await;
    assert_eq!(same["email"], "anna@example.com");
}

#[tokio::test]
async fn whoever_is_as_before_keeps_the_session_and_its_tokens() {
    let scene = scene().await;
    let mut browser = signed_in(&scene).await;
    let before = version(&scene).await;
    for _ in 0..2 {
        answers(&scene, "r1", &ana(&scene, &["staff"]), None);
        checked(&scene).await;
    }
    assert_eq!(version(&scene).await, before);
    assert!(is_in(&scene, &mut browser).await);
    assert!(events(&scene).await.is_empty());
}

#[tokio::test]
async fn a_provider_that_is_away_ends_nothing_and_is_asked_again() {
    let scene = scene().await;
    let mut browser = signed_in(&scene).await;
    let before = version(&scene).await;
    no_longer(&scene, "r1");
    for reply in [
        Reply::text("").status(503),
        Reply::json(&json!({ "error": "invalid_grant" })).status(500),
        Reply::json(&json!({ "error": "invalid_client" })).status(401),
        Reply::text("<html>").status(400),
    ] {
        scene.corp.reply(TOKEN, reply);
        checked(&scene).await;
    }
    assert_eq!(version(&scene).await, before);
    assert!(is_in(&scene, &mut browser).await);
    // Soon after it is back, it says no.
    scene.corp.behave(TOKEN);
    checked(&scene).await;
    assert!(!is_in(&scene, &mut browser).await);
}

#[tokio::test]
async fn a_refresh_token_is_replaced_and_sealed() {
    let scene = scene().await;
    let mut browser = signed_in(&scene).await;
    for (old, new) in [("r1", "r2"), ("r2", "r3")] {
        answers(&scene, old, &ana(&scene, &["staff"]), Some(new));
        checked(&scene).await;
        assert_eq!(scene.corp.last(TOKEN).form["refresh_token"], old);
        no_longer(&scene, old);
        let stored = column(&scene, "refresh_token").await;
        assert!(stored.starts_with("sealed1."), "{stored}");
    }
    assert!(is_in(&scene, &mut browser).await);
    let (status, answer) = scene
        .service
        .over_socket(reqwest::Method::POST, "keys/reseal")
        .await;
    assert_eq!(status, 200, "{answer}");
    answers(&scene, "r3", &ana(&scene, &["staff"]), None);
    checked(&scene).await;
    assert_eq!(scene.corp.last(TOKEN).form["refresh_token"], "r3");
}

#[tokio::test]
async fn a_new_refresh_token_is_kept_although_the_description_failed() {
    let scene = scene().await;
    let mut browser = signed_in(&scene).await;
    // Without groups in the ID token, the UserInfo endpoint is asked.
    answers(
        &scene,
        "r1",
        &ana(&scene, &[]).without("groups"),
        Some("r2"),
    );
    scene.corp.reply(USERINFO, Reply::text("").status(503));
    checked(&scene).await;
    no_longer(&scene, "r1");
    assert!(is_in(&scene, &mut browser).await);
    scene.corp.behave(USERINFO);
    answers(&scene, "r2", &ana(&scene, &["staff"]), None);
    checked(&scene).await;
    assert_eq!(scene.corp.last(TOKEN).form["refresh_token"], "r2");
    assert!(is_in(&scene, &mut browser).await);
}

#[tokio::test]
async fn whoever_could_not_sign_in_any_more_does_not_stay() {
    let scene = scene().await;
    let mut browser = signed_in(&scene).await;
    let token = ana(&scene, &["staff"]).with("email_verified", json!(false));
    answers(&scene, "r1", &token, None);
    checked(&scene).await;
    assert!(!is_in(&scene, &mut browser).await);
    assert_eq!(events(&scene).await[0]["reason"], "email_not_verified");
}

#[tokio::test]
async fn a_session_without_a_refresh_token_or_of_another_provider_is_not_checked() {
    let scene = scene().await;
    let mut browser = Browser::default();
    let response = scene
        .sign_in(&mut browser, "corp", |token| {
            token.with("groups", json!(["staff"]))
        })
        .await;
    code_of(&response, &scene.wiki);
    let mut checked_one = signed_in(&scene).await;
    answers(&scene, "r1", &ana(&scene, &["staff"]), None);
    let calls = scene.corp.count(TOKEN);
    checked(&scene).await;
    assert_eq!(scene.corp.count(TOKEN), calls + 1);
    assert!(is_in(&scene, &mut browser).await && is_in(&scene, &mut checked_one).await);
}

#[tokio::test]
async fn of_several_services_one_checks_a_session() {
    let scene = scene().await;
    let mut browsers = Vec::new();
    for number in 0..6 {
        let token = format!("r{number}");
        browsers.push(signed_in_with(&scene, &token).await);
        answers(&scene, &token, &ana(&scene, &["staff"]), None);
    }
    let replica = scene.replica().await;
    let calls = scene.corp.count(TOKEN);
    scene.service.clock.advance(HOUR);
    until("all are asked", async || {
        scene.corp.count(TOKEN) >= calls + 6
    })
    .await;
    for service in [&scene.service, &replica] {
        service.running.service.rechecks.finished().await;
    }
    assert_eq!(scene.corp.count(TOKEN), calls + 6);
    for browser in &mut browsers {
        assert!(is_in(&scene, browser).await);
    }
}
