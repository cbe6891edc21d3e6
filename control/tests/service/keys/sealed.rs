//! Signing keys at rest: sealed by a key that is not in the database.

use std::fs;
use std::sync::Arc;

use portcullis::protocol::base64url;
use portcullis::session::signature::Algorithm;
use portcullis::time::UnixSeconds;
use portcullis_control::seal::key::SealKey;
use portcullis_control::storage::PublishedKey;
use portcullis_control::system::randomness::SystemRandomness;
use portcullis_control::tokens::signing_key::SigningKey;
use serde_json::Value;
use sqlx::AnyPool;
use tempfile::TempDir;

use super::Scene;
use crate::cli::program;
use crate::harness::{Service, tester, with_seal_of};

/// All secrets that are stored so that they can be read again.
async fn stored(service: &Service) -> Vec<String> {
    let pool = AnyPool::connect(&service.database_url).await.unwrap();
    let all = "SELECT private_key FROM signing_keys UNION SELECT known_browser_key FROM feed_state";
    let rows: Vec<(String,)> = sqlx::query_as(all).fetch_all(&pool).await.unwrap();
    pool.close().await;
    rows.into_iter().map(|(key,)| key).collect()
}

async fn reseal(service: &Service) -> Value {
    let (status, answer) = service
        .over_socket(reqwest::Method::POST, "keys/reseal")
        .await;
    assert_eq!(status, 200, "{answer}");
    answer
}

fn seal_file(service: &Service) -> String {
    fs::read_to_string(service.data_dir().join("seal.key")).unwrap()
}

#[tokio::test]
async fn the_database_alone_signs_nothing() {
    let scene = Scene::new("").await;
    let service = scene.service;
    let sealed = stored(&service).await;
    assert!(
        sealed.iter().all(|key| key.starts_with("sealed1.")),
        "{sealed:?}"
    );
    assert!(!sealed.concat().contains(seal_file(&service).trim()));
    let (url, clock) = (service.database_url.clone(), Arc::clone(&service.clock));
    service.running.stop().await;

    let thief = Arc::new(TempDir::new().unwrap());
    let started = Service::start_at(&url, Arc::clone(&thief), "", Arc::clone(&clock)).await;
    let error = started.err().unwrap().to_string();
    assert!(error.contains("seal.key does not exist"), "{error}");
    assert!(!thief.path().join("data/seal.key").exists());
    let key = SealKey::generate(&SystemRandomness).unwrap();
    fs::write(thief.path().join("data/seal.key"), key.to_text()).unwrap();
    let started = Service::start_at(&url, thief, "", clock).await;
    let error = started.err().unwrap().to_string();
    assert!(error.contains("is sealed by the key"), "{error}");
}

#[tokio::test]
async fn another_seal_key_takes_over_and_no_session_ends() {
    let mut scene = Scene::new("").await;
    let replica = scene.service.replica().await;
    let held = scene.signed_in().await;
    let (file, before) = (seal_file(&scene.service), stored(&scene.service).await);

    let done = reseal(&scene.service).await;

    assert_eq!(done["resealed"], 2);
    let after = stored(&scene.service).await;
    assert!(after.iter().all(|key| !before.contains(key)));
    let now = seal_file(&scene.service);
    assert_ne!(file, now);
    assert_eq!(now.lines().count(), 1, "the old key is forgotten");
    assert_eq!(SealKey::parse(now.trim()).unwrap().id, done["seal_key"]);
    assert!(scene.refresh(&held).await.is_ok(), "signed as before");
    let kid = scene.rotate(serde_json::json!({})).await;
    assert_eq!(scene.state(&kid).await, "published");
    // The other service has the old key alone, until it is given the new one.
    assert!(replica.running.service.keys().await.is_err());
    fs::write(replica.data_dir().join("seal.key"), now).unwrap();
    assert!(replica.running.service.keys().await.is_ok());
}

#[tokio::test]
async fn keys_from_before_are_sealed_at_the_next_start() {
    let mut scene = Scene::new("").await;
    let held = scene.signed_in().await;
    let service = &scene.service;
    // As older versions stored it.
    let pool = AnyPool::connect(&service.database_url).await.unwrap();
    let kid = held.kid();
    let plain = base64url::encode(&open(service, &kid).await);
    sqlx::query("UPDATE signing_keys SET private_key = $1 WHERE kid = $2")
        .bind(&plain)
        .bind(&kid)
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;

    scene.service = scene.service.restart("").await;

    assert!(!stored(&scene.service).await.contains(&plain));
    assert!(scene.refresh(&held).await.is_ok());
    assert_eq!(scene.signed_in().await.kid(), kid);
}

/// The private part of a key.
async fn open(service: &Service, kid: &str) -> Vec<u8> {
    use portcullis_control::seal::Purpose;
    let service = &service.running.service;
    let keys = service.storage.signing_keys().await.unwrap().keys;
    let key = keys
        .into_iter()
        .find(|key| key.material.kid == kid)
        .unwrap();
    let purpose = Purpose::SigningKey { kid };
    service
        .seal
        .open(purpose, &key.material.private_key)
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_the_operator_are_used_in_their_order() {
    let directory = Arc::new(TempDir::new().unwrap());
    let file = directory.path().join("keys");
    let new_key = || {
        let mut command = program(directory.path(), &["key", "new-seal"]);
        let output = command.output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let (old, new) = (new_key(), new_key());
    fs::write(&file, &old).unwrap();
    let toml = format!("[keys.seal]\nfile = \"{}\"\n", file.display());
    let service = Service::start_in(directory.clone(), &toml).await.unwrap();
    assert!(!service.data_dir().join("seal.key").exists());
    let before = stored(&service).await;

    fs::write(&file, format!("{new}{old}")).unwrap();
    let output = program(&service.data_dir(), &["key", "reseal"])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("2 were sealed anew"), "{told}");
    assert_ne!(stored(&service).await, before);
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{new}{old}"));
    fs::write(&file, &new).unwrap();
    let service = service.restart(&toml).await;

    fs::write(&file, "not a key\n").unwrap();
    let output = program(&service.data_dir(), &["key", "reseal"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("line 1") && !error.contains("not a key"),
        "{error}"
    );
    assert!(service.running.service.keys().await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_needs_no_old_seal_key() {
    let scene = Scene::new("").await;
    let service = scene.service;
    let (url, clock) = (service.database_url.clone(), Arc::clone(&service.clock));
    let directory = with_seal_of(&service.directory);
    service.running.stop().await;
    let data = directory.path().join("data");
    fs::remove_file(data.join("seal.key")).unwrap();
    let mut restore = program(&data, &["restore"]);
    restore.env("PORTCULLIS_DATABASE__URL", &url);
    let output = restore.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let started = Service::start_at(&url, Arc::new(directory), "", clock).await;
    assert!(started.unwrap().running.service.keys().await.is_ok());
}

/// A key is made before the transaction that stores it, so the seal key may be another one by then,
/// and another service may not know it yet.
#[tokio::test]
async fn a_key_that_was_made_before_is_sealed_as_the_others() {
    let scene = Scene::new("").await;
    let service = &scene.service;
    let replica = service.replica().await;
    let new = || {
        SigningKey::generate(Algorithm::Es256, &SystemRandomness)
            .unwrap()
            .to_plain()
    };
    let keys = [new(), new()];
    let done = reseal(service).await;
    fs::write(replica.data_dir().join("seal.key"), seal_file(service)).unwrap();
    let now = UnixSeconds::new(service.clock_now());
    for (at, key) in [service, &replica].into_iter().zip(keys) {
        let at = &at.running.service;
        let published = at
            .storage
            .publish_signing_key(&key, &at.seal, now, &tester())
            .await;
        assert!(
            matches!(published, Ok(PublishedKey::Published(_))),
            "{published:?}"
        );
        assert!(at.keys().await.is_ok());
        let id = done["seal_key"].as_str().unwrap();
        // A refused key has no private part any more.
        let kept = stored(service)
            .await
            .into_iter()
            .filter(|one| !one.is_empty());
        for stored in kept {
            assert!(stored.starts_with(&format!("sealed1.{id}.")), "{stored}");
        }
        let kid = &key.kid;
        let path = format!("keys/{kid}/refuse");
        let (status, _) = service.over_socket(reqwest::Method::POST, &path).await;
        assert_eq!(status, 200);
    }
}

#[tokio::test]
async fn rotations_that_race_with_another_seal_key_lose_no_key() {
    let scene = Scene::new("").await;
    let service = &scene.service;
    for _ in 0..20 {
        let post = |path: &'static str| service.over_socket(reqwest::Method::POST, path);
        let ((rotated, answer), _) = tokio::join!(
            service.administer("/api/admin/v1/keys/rotate", serde_json::json!({})),
            post("keys/reseal")
        );
        assert_eq!(rotated, 200, "{answer}");
        assert!(service.running.service.keys().await.is_ok());
        let path = format!("keys/{}/refuse", answer["kid"].as_str().unwrap());
        let (status, _) = service.over_socket(reqwest::Method::POST, &path).await;
        assert_eq!(status, 200);
    }
}

#[tokio::test]
async fn the_next_start_completes_an_interrupted_change_of_the_seal_key() {
    let scene = Scene::new("").await;
    let before = stored(&scene.service).await;
    let old = seal_file(&scene.service);
    let new = SealKey::generate(&SystemRandomness).unwrap().to_text();
    fs::write(
        scene.service.data_dir().join("seal.key"),
        format!("{new}\n{old}"),
    )
    .unwrap();
    let service = scene.service.restart("").await;
    assert_eq!(seal_file(&service).trim(), new);
    assert!(
        stored(&service)
            .await
            .iter()
            .all(|key| !before.contains(key))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_without_its_seal_keys_leaves_the_database_alone() {
    let scene = Scene::new("").await;
    let service = scene.service;
    let (url, clock) = (service.database_url.clone(), Arc::clone(&service.clock));
    let directory = Arc::clone(&service.directory);
    let data = service.data_dir();
    service.running.stop().await;
    let mut restore = program(&data, &["restore"]);
    restore.env("PORTCULLIS_DATABASE__URL", &url);
    restore.env("PORTCULLIS_KEYS__SEAL__FILE", data.join("none"));
    let output = restore.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("none"), "{error}");
    let started = Service::start_at(&url, directory, "", clock).await;
    assert!(started.unwrap().running.service.keys().await.is_ok());
}
