//! What is stored of a sign-in: secrets are sealed, and sealed again with the others.

use serde_json::json;
use sqlx::AnyPool;

use super::{PENDING, Scene};
use crate::browser::{Browser, code_of};
use crate::harness::Service;

async fn rows(service: &Service) -> Vec<(String, String)> {
    let pool = AnyPool::connect(&service.database_url).await.unwrap();
    let rows =
        sqlx::query_as("SELECT refresh_token, id_token FROM sessions ORDER BY created_at, id");
    let rows = rows.fetch_all(&pool).await.unwrap();
    pool.close().await;
    rows
}

/// Signs in with a refresh token beside the ID token.
async fn sign_in(scene: &Scene, browser: &mut Browser, provider: &'static str) {
    let trip = scene.go(browser, provider).await;
    let at = scene.provider(provider);
    let token = scene.token(&trip);
    at.redeems("the-code", &token);
    at.script().grants.get_mut("the-code").unwrap()["refresh_token"] = json!("refresh-1");
    let response = browser
        .get(&scene.service, &trip.callback("the-code"))
        .await;
    assert!(response.status().is_redirection());
}

#[tokio::test]
async fn tokens_of_a_provider_are_sealed_and_sealed_again_with_the_keys() {
    let scene =
        Scene::with_corp("recheck = \"1h\"\nscopes = [\"openid\", \"email\", \"offline_access\"]")
            .await;
    let mut browser = Browser::default();
    sign_in(&scene, &mut browser, "corp").await;
    let before = rows(&scene.service).await;
    let (refresh_token, id_token) = &before[0];
    assert!(refresh_token.starts_with("sealed1.") && id_token.starts_with("sealed1."));
    let (status, answer) = scene
        .service
        .over_socket(reqwest::Method::POST, "keys/reseal")
        .await;
    assert_eq!(status, 200, "{answer}");
    let after = rows(&scene.service).await;
    let key = |sealed: &str| sealed.split('.').nth(1).unwrap().to_owned();
    assert_eq!(answer["seal_key"], key(&after[0].0));
    assert_eq!(key(&after[0].0), key(&after[0].1));
    assert_ne!(key(&after[0].0), key(refresh_token));
    // They still open: the sign-out has the ID token.
    let response = browser
        .submit(&scene.service, "/logout", &[("provider", "true")])
        .await;
    let location = response.headers()["location"].to_str().unwrap();
    assert!(location.contains("id_token_hint="), "{location}");
}

/// A second service, which was running when the first one got another seal key.
async fn replica_with_another_seal_key(scene: &Scene) -> Service {
    let replica = scene.replica().await;
    let (status, answer) = scene
        .service
        .over_socket(reqwest::Method::POST, "keys/reseal")
        .await;
    assert_eq!(status, 200, "{answer}");
    let file = |service: &Service| service.data_dir().join("seal.key");
    std::fs::copy(file(&scene.service), file(&replica)).unwrap();
    replica
}

#[tokio::test]
async fn a_sign_in_after_another_seal_key_may_end_at_another_service() {
    let scene = Scene::new().await;
    let replica = replica_with_another_seal_key(&scene).await;
    let mut browser = Browser::default();
    let trip = scene.go(&mut browser, "corp").await;
    scene.corp.redeems("the-code", &scene.token(&trip));
    let response = browser.get(&replica, &trip.callback("the-code")).await;
    code_of(&response, &scene.wiki);
}

#[tokio::test]
async fn a_service_leaves_the_attempts_of_another_one_with_a_new_seal_key() {
    let scene = Scene::new().await;
    let replica = replica_with_another_seal_key(&scene).await;
    let mut browser = Browser::default();
    scene.go(&mut browser, "corp").await;
    browser.get(&replica, &scene.path("partner")).await;
    let names = browser.cookies.keys();
    let pending = names.filter(|name| name.starts_with(PENDING)).count();
    assert_eq!(pending, 2, "{:?}", browser.cookies);
}

#[tokio::test]
async fn a_refresh_token_that_nobody_needs_is_not_kept() {
    let scene = Scene::new().await;
    sign_in(&scene, &mut Browser::default(), "partner").await;
    let rows = rows(&scene.service).await;
    assert_eq!(rows[0].0, "");
}

#[tokio::test]
async fn groups_and_claims_are_those_of_the_last_sign_in() {
    let scene = Scene::with_corp("groups_claim = \"groups\"\nclaims = [\"department\"]").await;
    for (groups, department) in [(json!(["a", "b"]), "x"), (json!([]), "y")] {
        scene
            .sign_in(&mut Browser::default(), "corp", |token| {
                let token = token.with("groups", groups.clone());
                token
                    .with("department", json!(department))
                    .with("amr", json!(["pwd", "mfa"]))
            })
            .await;
        let pool = AnyPool::connect(&scene.service.database_url).await.unwrap();
        let latest = "SELECT identities.groups, identities.claims, sessions.groups, sessions.claims, \
                      sessions.amr FROM sessions \
                      JOIN identities ON identities.id = sessions.identity_id \
                      ORDER BY sessions.created_at DESC LIMIT 1";
        let row: (String, String, String, String, String) =
            sqlx::query_as(latest).fetch_one(&pool).await.unwrap();
        pool.close().await;
        let claims = json!({ "department": department }).to_string();
        assert_eq!((&row.0, &row.1), (&groups.to_string(), &claims));
        assert_eq!((&row.2, &row.3), (&groups.to_string(), &claims));
        assert_eq!(row.4, "[\"pwd\",\"mfa\"]");
        scene.service.clock.advance(1);
    }
}
