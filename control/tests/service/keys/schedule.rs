//! Rotation by itself, and the settings.

use serde_json::json;

use super::{PUBLISHED, Scene, header};

const DAY: u64 = 86_400;

#[tokio::test]
async fn b16_keys_rotate_every_six_weeks_by_themselves() {
    let mut scene = Scene::new("").await;
    let first = scene.signed_in().await.kid();
    scene.pass(42 * DAY - 1).await;
    assert_eq!(scene.keys().await.len(), 1);
    scene.pass(1).await;
    let keys = scene.keys().await;
    assert_eq!((keys.len(), &keys[0]["state"]), (2, &json!("published")));
    scene.pass(0).await;
    assert_eq!(scene.keys().await.len(), 2, "no third one");
    scene.pass(PUBLISHED).await;
    assert_eq!(scene.state(&first).await, "accepted");
    assert_ne!(scene.signed_in().await.kid(), first);
    scene.pass(41 * DAY).await;
    assert_eq!(scene.keys().await.len(), 1, "the first one is gone");
}

#[tokio::test]
async fn rotation_by_itself_can_be_switched_off() {
    let scene = Scene::new("[keys]\nrotate_every = \"0\"\n").await;
    assert_eq!(scene.keys().await[0]["rotates_at"], json!(null));
    scene.pass(400 * DAY).await;
    assert_eq!(scene.keys().await.len(), 1);
}

#[tokio::test]
async fn b16_the_first_key_is_of_the_configured_algorithm_and_signs_at_once() {
    for (name, algorithm) in [("es256", "ES256"), ("rs256", "RS256"), ("eddsa", "EdDSA")] {
        let mut scene = Scene::new(&format!("[keys]\nalgorithm = \"{name}\"\n")).await;
        let held = scene.signed_in().await;
        assert_eq!(header(&held.token)["alg"], algorithm);
        assert!(scene.refresh(&held).await.is_ok());
        assert_eq!(scene.keys().await[0]["algorithm"], name);
    }
}

#[tokio::test]
async fn b16_another_configured_algorithm_takes_effect_with_the_next_rotation() {
    let mut scene = Scene::new("").await;
    let before = scene.signed_in().await;
    scene.service = scene
        .service
        .restart("[keys]\nalgorithm = \"rs256\"\n")
        .await;
    scene.pass(0).await;
    assert_eq!(scene.signed_in().await.kid(), before.kid());
    scene.rotate(json!({})).await;
    scene.pass(PUBLISHED).await;
    assert_eq!(header(&scene.signed_in().await.token)["alg"], "RS256");
    assert!(scene.refresh(&before).await.is_ok());
}
