//! Administrators set passwords.

use portcullis_control::sign_in::password_hash::PasswordHash;
use portcullis_control::storage::{BegunSession, NewSession};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{ANA, inside, is_revoked, new_session, only_user, scene};
use crate::browser::Browser;
use crate::harness::{Service, sign_in_of};
use crate::person::{Scene, Seen};

async fn set(service: &Service, more: Value) -> Value {
    let mut request = json!({ "email": "Ana@example.com" });
    for (name, value) in more.as_object().unwrap() {
        request[name] = value.clone();
    }
    service.done("/users/password", request).await
}

/// The status of a sign-in.
async fn sign_in(scene: &Scene, password: &str) -> StatusCode {
    let mut browser = Browser::default();
    let response = browser
        .sign_in(&scene.service, "/login", (ANA, password))
        .await;
    response.status()
}

#[tokio::test]
async fn a_new_password_ends_all_sessions_and_blocks_no_sign_in() {
    let mut scene = scene().await;
    let mut old = inside(&mut scene).await;
    let before = scene.password.clone();

    let answer = set(&scene.service, json!({})).await;

    assert_eq!(answer["email"], ANA);
    assert_eq!(
        (&answer["sessions_ended"], &answer["disabled"]),
        (&json!(1), &json!(false))
    );
    assert!(answer["version"].is_u64());
    scene.password = answer["password"].as_str().unwrap().to_owned();
    assert_ne!(scene.password, before);
    is_revoked(&mut scene, &mut old).await;
    assert_eq!(sign_in(&scene, &before).await, StatusCode::UNAUTHORIZED);
    inside(&mut scene).await;
}

#[tokio::test]
async fn sessions_are_kept_on_demand() {
    let mut scene = scene().await;
    let mut old = inside(&mut scene).await;
    let request = json!({ "password": "chosen by hand", "keep_sessions": true });
    let answer = set(&scene.service, request).await;
    assert_eq!(
        (&answer["version"], &answer["password"]),
        (&Value::Null, &Value::Null)
    );
    assert!(matches!(old.asks(&mut scene).await, Seen::Wiki { .. }));
    let (old, new) = (scene.password.clone(), "chosen by hand");
    assert_eq!(sign_in(&scene, &old).await, StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&scene, new).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn bad_passwords_and_unknown_users_change_nothing() {
    let mut scene = scene().await;
    let mut old = inside(&mut scene).await;
    let long = "x".repeat(1025);
    for (request, status) in [
        (
            json!({ "email": ANA, "password": "short" }),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            json!({ "email": ANA, "password": long }),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (json!({ "email": "eve@example.com" }), StatusCode::NOT_FOUND),
    ] {
        let (got, answer) = scene.service.administer("/users/password", request).await;
        assert_eq!(got, status, "{answer}");
        assert!(!answer.to_string().contains("short"), "{answer}");
    }
    assert!(matches!(old.asks(&mut scene).await, Seen::Wiki { .. }));
    let password = scene.password.clone();
    assert_eq!(sign_in(&scene, &password).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_disabled_user_stays_disabled() {
    let scene = scene().await;
    let email = json!({ "email": ANA });
    scene.service.done("/users/disable", email).await;
    let answer = set(&scene.service, json!({})).await;
    assert_eq!(answer["disabled"], true);
    scene.service.clock.advance(120);
    let password = answer["password"].as_str().unwrap();
    assert_eq!(sign_in(&scene, password).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_sign_in_with_the_old_password_that_has_begun_does_not_outrun_the_new_one() {
    let scene = scene().await;
    let service = &scene.service;
    let storage = &service.running.service.storage;
    let account = storage.password_account(ANA, "").await.unwrap().unwrap();
    let id = only_user(service).await["id"].as_str().unwrap().to_owned();
    let begin = async |password: PasswordHash| {
        let session = NewSession {
            password: Some(password),
            ..new_session(service, &id)
        };
        storage
            .begin_session(&session, sign_in_of(&session.user_id))
            .await
            .unwrap()
    };
    let with_this = begin(account.password_hash.clone()).await;
    assert!(matches!(with_this, BegunSession::Begun { .. }));
    set(service, json!({})).await;
    let with_old = begin(account.password_hash).await;
    assert_eq!(with_old, BegunSession::PasswordChanged);
    assert_eq!(
        service
            .over_socket(reqwest::Method::GET, "sessions")
            .await
            .1["items"],
        json!([])
    );
}
