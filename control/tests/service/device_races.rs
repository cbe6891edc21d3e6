//! What happens to a confirmed code before its token is fetched, and who is first.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use serde_json::json;

use crate::device::{ANA, Scene, claims, form_that_is_open};

#[tokio::test]
async fn of_two_confirmations_at_once_one_counts() {
    let mut scene = Scene::new(json!({})).await;
    let bob = scene.service.user("bob@example.com").await;
    for _ in 0..5 {
        let (device_code, user_code) = scene.codes().await;
        let mut other = crate::browser::Browser::default();
        let who = ("bob@example.com", bob.as_str());
        other.sign_in(&scene.service, "/login", who).await;
        let (mine, theirs) = tokio::join!(
            scene
                .browser
                .send(form_that_is_open(&scene.service, &user_code)),
            other.send(form_that_is_open(&scene.service, &user_code)),
        );
        let statuses = [mine.status(), theirs.status()];
        let winner = if statuses == [StatusCode::OK, StatusCode::NOT_FOUND] {
            ANA
        } else {
            assert_eq!(statuses, [StatusCode::NOT_FOUND, StatusCode::OK]);
            "bob@example.com"
        };
        let token = scene.poll(&device_code).await.unwrap();
        assert_eq!(claims(&token)["email"], winner);
    }
}

#[tokio::test]
async fn of_many_polls_at_once_one_gets_the_token() {
    let mut scene = Scene::new(json!({})).await;
    for _ in 0..5 {
        let (device_code, user_code) = scene.codes().await;
        scene.confirm(&user_code).await;
        let poll = || scene.poll(&device_code);
        let (a, b, c, d) = tokio::join!(poll(), poll(), poll(), poll());
        let mut counted = BTreeMap::new();
        for answer in [a, b, c, d] {
            let kind = answer.map_or_else(|error| error, |_| "token".to_owned());
            *counted.entry(kind).or_insert(0) += 1;
        }
        let expected = [("invalid_grant".to_owned(), 3), ("token".to_owned(), 1)];
        assert_eq!(counted, BTreeMap::from(expected));
    }
}

#[tokio::test]
async fn what_ends_access_between_confirmation_and_poll_ends_the_request() {
    for (call, body) in [
        ("/users/disable", json!({ "email": ANA })),
        ("/revocations/user", json!({ "email": ANA })),
        (
            "/applications/set",
            json!({ "name": "wiki", "changes": { "policy": [{ "emails": ["bob@example.com"] }] } }),
        ),
        (
            "/applications/set",
            json!({ "name": "wiki", "changes": { "header_tokens": false } }),
        ),
    ] {
        let mut scene = Scene::new(json!({})).await;
        let (device_code, user_code) = scene.codes().await;
        scene.confirm(&user_code).await;
        scene.service.done(call, body).await;
        let denied = scene.poll(&device_code).await;
        assert_eq!(denied, Err("access_denied".into()), "{call}");
        assert_eq!(scene.poll(&device_code).await, Err("invalid_grant".into()));
    }
}

#[tokio::test]
async fn a_revoked_application_forgets_what_was_confirmed_for_it() {
    let mut scene = Scene::new(json!({})).await;
    let (confirmed, user_code) = scene.codes().await;
    let (waiting, waiting_user_code) = scene.codes().await;
    scene.confirm(&user_code).await;
    let revoked = scene
        .service
        .done("/revocations/application", json!({ "name": "wiki" }));
    let version = revoked.await["version"].as_u64().unwrap();
    assert_eq!(scene.poll(&confirmed).await, Err("invalid_grant".into()));
    // Confirmed after the revocation, as anybody still admitted may.
    scene.confirm(&waiting_user_code).await;
    let token = scene.poll(&waiting).await.unwrap();
    assert!(claims(&token)["ver"].as_u64().unwrap() >= version);
}

#[tokio::test]
async fn signing_out_between_confirmation_and_poll_ends_the_request() {
    let mut scene = Scene::new(json!({})).await;
    let (device_code, user_code) = scene.codes().await;
    scene.confirm(&user_code).await;
    scene.browser.submit(&scene.service, "/logout", &[]).await;
    assert_eq!(scene.poll(&device_code).await, Err("access_denied".into()));
}

#[tokio::test]
async fn who_is_not_admitted_can_confirm_nothing() {
    let mut scene = Scene::new(json!({ "policy": [{ "emails": ["bob@example.com"] }] })).await;
    let (device_code, user_code) = scene.codes().await;
    let (status, page) = scene.page(&format!("/device?user_code={user_code}")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(page.contains("You cannot make a token for wiki"), "{page}");
    assert_eq!(scene.press_again(&user_code).await, StatusCode::FORBIDDEN);
    assert_eq!(
        scene.poll(&device_code).await,
        Err("authorization_pending".into())
    );
}
