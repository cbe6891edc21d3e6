//! Strangers who poll with anything, or ask for codes without end, harm nobody.

use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde_json::json;
use sqlx::AnyPool;

use crate::device::{Scene, error};

const REQUESTS_A_MINUTE: usize = 60;
const POLLS_A_MINUTE: usize = 600;
const LONGEST_INTERVAL_SECONDS: u64 = 60;

async fn poll(scene: &Scene, device_code: &str) -> Response {
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", "portcullis-control"),
        ("device_code", device_code),
    ];
    scene.post("/token", &form).await
}

async fn assert_too_often(response: Response) {
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait = response.headers()["retry-after"].to_str().unwrap();
    assert!((1..=60).contains(&wait.parse::<u64>().unwrap()), "{wait}");
    assert_eq!(error(response).await, "slow_down");
}

#[tokio::test]
async fn a_poll_for_nothing_waits_for_no_writer() {
    let scene = Scene::new(json!({})).await;
    let pool = AnyPool::connect(&scene.service.database_url).await.unwrap();
    let mut writer = pool.begin().await.unwrap();
    sqlx::query("UPDATE feed_state SET version = version")
        .execute(&mut *writer)
        .await
        .unwrap();
    let soon = tokio::time::timeout(Duration::from_secs(4), poll(&scene, "garbage"));
    let response = soon.await.expect("answered beside a writer");
    assert_eq!(error(response).await, "invalid_grant");
    writer.rollback().await.unwrap();
}

#[tokio::test]
async fn polls_that_come_too_fast_wait_a_minute_at_most() {
    let mut scene = Scene::new(json!({})).await;
    let (device_code, user_code) = scene.codes().await;
    assert_eq!(
        scene.poll(&device_code).await,
        Err("authorization_pending".into())
    );
    for _ in 0..30 {
        assert_eq!(scene.poll(&device_code).await, Err("slow_down".into()));
    }
    scene.service.clock.advance(LONGEST_INTERVAL_SECONDS);
    assert_eq!(
        scene.poll(&device_code).await,
        Err("authorization_pending".into())
    );
    // An answer is given at once, however fast the polls come.
    scene.confirm(&user_code).await;
    assert!(scene.poll(&device_code).await.is_ok());
}

#[tokio::test]
async fn polls_of_one_client_are_limited() {
    let scene = Scene::new(json!({})).await;
    for _ in 0..POLLS_A_MINUTE {
        let response = poll(&scene, "garbage").await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    }
    assert_too_often(poll(&scene, "garbage").await).await;
    assert_eq!(scene.authorize("wiki").await.status(), StatusCode::OK);
    scene.service.clock.advance(1);
    let response = poll(&scene, "garbage").await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn requests_of_one_client_are_limited() {
    let scene = Scene::new(json!({})).await;
    for _ in 0..REQUESTS_A_MINUTE {
        assert_eq!(
            error(scene.authorize("nothing").await).await,
            "invalid_target"
        );
    }
    assert_too_often(scene.authorize("wiki").await).await;
    scene.service.clock.advance(1);
    assert_eq!(scene.authorize("wiki").await.status(), StatusCode::OK);
}
