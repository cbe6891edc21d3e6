//! The calls, and what they refuse.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::Scene;

async fn call(
    scene: &Scene,
    scope: &str,
    (method, path): (Method, &str),
    body: Value,
) -> (StatusCode, Value) {
    let wish = json!({ "scopes": [scope] });
    let made = scene.service.done("/admin-tokens", wish).await;
    let url = scene.service.page(&format!("/api/admin/v1/{path}"));
    let request = scene.service.http.request(method, url).json(&body);
    let response = request.bearer_auth(made["token"].as_str().unwrap());
    let response = response.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

#[tokio::test]
async fn each_call_needs_its_scope() {
    let scene = Scene::new("").await;
    let kid = scene.keys().await[0]["kid"].as_str().unwrap().to_owned();
    let refuse = format!("keys/{kid}/refuse");
    let calls = [
        ("keys:read", (Method::GET, "keys")),
        ("keys:rotate", (Method::POST, "keys/rotate")),
        ("keys:refuse", (Method::POST, refuse.as_str())),
    ];
    for (needed, request) in &calls {
        for (scope, _) in calls.iter().filter(|(scope, _)| scope != needed) {
            let (status, answer) = call(&scene, scope, request.clone(), json!({})).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{scope} {request:?}");
            assert_eq!(answer["reason"], "scope_missing");
        }
    }
    assert_eq!(scene.keys().await.len(), 1, "nothing has changed");
    for (needed, request) in calls {
        let (status, answer) = call(&scene, needed, request, json!({})).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
}

#[tokio::test]
async fn a_list_shows_what_comes_next_and_nothing_private() {
    let scene = Scene::new("").await;
    let new = scene.rotate(json!({ "algorithm": "rs256" })).await;
    let keys = scene.keys().await;
    let number = |value: &Value| value.as_u64().unwrap();
    let now = scene.service.clock_now();
    assert_eq!(keys.len(), 2);
    for key in &keys {
        assert!(key.get("private_key").is_none() && key.get("d").is_none());
        if key["kid"] == new.as_str() {
            assert_eq!(number(&key["signs_by"]), now + 600);
            assert_eq!(number(&key["version"]), scene.version().await);
            assert_eq!(key["algorithm"], "rs256");
        } else {
            assert_eq!(number(&key["rotates_at"]), now + 42 * 86_400);
        }
    }
    let text = Value::from(keys).to_string();
    let stored = scene.service.running.service.storage.signing_keys();
    for key in stored.await.unwrap().keys {
        assert!(!text.contains(key.material.private_key.as_str()));
    }
}

#[tokio::test]
async fn what_cannot_be_done_says_why_and_changes_nothing() {
    let scene = Scene::new("").await;
    let kid = scene.keys().await[0]["kid"].as_str().unwrap().to_owned();
    let rotate = "/api/admin/v1/keys/rotate";
    for (body, part) in [
        (
            json!({ "algorithm": "hs256" }),
            "must be es256, rs256 or eddsa",
        ),
        (
            json!({ "algorithm": "ES256" }),
            "must be es256, rs256 or eddsa",
        ),
        (json!({ "algorithms": "es256" }), "algorithms"),
    ] {
        let (status, answer) = scene.service.administer(rotate, body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            answer["detail"].as_str().unwrap().contains(part),
            "{answer}"
        );
    }
    let path = "/api/admin/v1/keys/unknown/refuse";
    let (status, answer) = scene.service.administer(path, json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let known = format!("`unknown`; the keys are {kid} (signing)");
    assert!(
        answer["detail"].as_str().unwrap().contains(&known),
        "{answer}"
    );
    assert_eq!(scene.keys().await.len(), 1);

    let waiting = scene.rotate(json!({})).await;
    let (status, answer) = scene.service.administer(rotate, json!({})).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(
        answer["detail"].as_str().unwrap().contains(&waiting),
        "{answer}"
    );
    assert_eq!(scene.keys().await.len(), 2);
}

#[tokio::test]
async fn there_are_never_more_keys_than_filters_take() {
    let scene = Scene::new("").await;
    for _ in 1..32 {
        scene.rotate(json!({})).await;
        scene.pass(60).await;
    }
    let rotate = "/api/admin/v1/keys/rotate";
    let (status, answer) = scene.service.administer(rotate, json!({})).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(
        answer["detail"].as_str().unwrap().contains("32 keys"),
        "{answer}"
    );
    assert_eq!(scene.published().await.len(), 32);
    scene.pass(31 * 86_400).await;
    scene.rotate(json!({})).await;
}
