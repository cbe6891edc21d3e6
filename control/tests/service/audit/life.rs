//! How long events are kept, in which order, and what never gets into them.

use std::time::Duration;

use portcullis::time::UnixSeconds;
use portcullis_control::system::clock::{Clock, SystemClock};
use serde_json::{Value, json};
use sqlx::Row;

use super::scene::{ANA, Scene, events};
use crate::browser::{Attempt, VERIFIER};
use crate::harness::Service;

/// Events by the database's clock, which is the machine's.
fn now() -> UnixSeconds {
    SystemClock.now_seconds()
}

#[tokio::test]
async fn old_events_are_deleted_and_no_others() {
    let scene = Scene::new().await;
    let storage = &scene.service.running.service.storage;
    let count = async || events(&scene.service, "limit=1000").await.len();
    let before = count().await;
    assert!(before > 3);
    storage
        .forget_events(now() - Duration::from_secs(3_600))
        .await
        .unwrap();
    assert_eq!(count().await, before);
    // More than one step deletes.
    let pool = sqlx::AnyPool::connect(&scene.service.database_url)
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO audit_events SELECT 1000000 + id * 10000 + n, 5, event, actor_kind, actor_id, \
         actor_name, subject_kind, subject_id, subject_name, user_id, user_email, application, \
         address, user_agent, rule, reason, request_id, changes, details, count, NULL \
         FROM audit_events, (WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 \
         FROM numbers WHERE n < 2500) SELECT n FROM numbers) AS many WHERE id = 1",
    )
    .execute(&pool)
    .await
    .unwrap();
    storage
        .forget_events(now() - Duration::from_secs(3_600))
        .await
        .unwrap();
    assert_eq!(count().await, before);
    storage
        .forget_events(now() + Duration::from_secs(3_600))
        .await
        .unwrap();
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn ids_have_no_gaps_and_a_rolled_back_change_has_no_event() {
    let mut scene = Scene::new().await;
    let add = |number: u32| {
        let user = json!({ "email": format!("user{}@example.com", number % 6), "password": "a good password" });
        scene.service.administer("/users", user)
    };
    let all = futures_util::future::join_all((0..12).map(add)).await;
    let added = all.iter().filter(|(status, _)| status.is_success()).count();
    assert_eq!(added, 6);
    let news = scene.news().await;
    assert_eq!(news.len(), 6, "{news:#?}");
    let ids: Vec<u64> = news
        .iter()
        .map(|event| event["id"].as_u64().unwrap())
        .collect();
    let whole: Vec<u64> = (ids[0]..ids[0] + 6).collect();
    assert_eq!(ids, whole);
}

#[tokio::test]
async fn no_secret_gets_into_the_log() {
    let mut scene = Scene::with("[server]\ntrusted_proxies = [\"127.0.0.1\"]\n").await;
    let attempt = Attempt::at(&scene.audience);
    let who = (ANA, scene.password.as_str());
    let code = scene.browser.code(&scene.service, &attempt, who).await;
    let answer = crate::browser::exchanged(&scene.service, &scene.credential, &code).await;
    let refreshed = scene.refreshed(&answer).await;
    let fields = [("application", scene.audience.as_str())];
    let made = scene
        .browser
        .submit(&scene.service, "/tokens", &fields)
        .await;
    assert_eq!(made.status(), 200);
    let page = made.text().await.unwrap();
    let token = json!({ "name": "ci", "scopes": ["users:read"] });
    let admin = scene.service.done("/admin-tokens", token).await;
    let service_tokens = "/api/admin/v1/service-tokens";
    let made = scene
        .service
        .done(service_tokens, json!({ "name": "ci" }))
        .await;
    let rotate = format!("{service_tokens}/ci/rotate");
    let rotated = scene.service.done(&rotate, json!({})).await;
    let set = scene
        .service
        .done("/users/password", json!({ "email": ANA }))
        .await;
    let text = |value: &Value, field: &str| value[field].as_str().unwrap().to_owned();
    let last = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    let mut secrets = vec![
        scene.password.clone(),
        text(&set, "password"),
        last(&scene.credential),
        code,
        text(&answer, "binding"),
        last(&text(&answer, "token")),
        last(&text(&refreshed, "token")),
        last(&text(&admin, "token")),
        text(&made, "client_secret"),
        text(&rotated, "client_secret"),
        VERIFIER.to_owned(),
    ];
    let script = page.split(|c: char| c.is_whitespace() || "<>\"".contains(c));
    secrets.extend(script.filter(|word| word.starts_with("eyJ")).map(last));
    secrets.extend(scene.browser.cookies.values().map(|value| last(value)));
    for row in rows(&scene.service).await {
        for secret in &secrets {
            assert!(secret.len() > 15, "{secret}");
            assert!(!row.contains(secret.as_str()), "{secret} in {row}");
        }
    }
}

/// Every row of the table, with every column.
async fn rows(service: &Service) -> Vec<String> {
    let pool = sqlx::AnyPool::connect(&service.database_url).await.unwrap();
    let rows = sqlx::query(
        "SELECT event || ' ' || actor_kind || ' ' || actor_id || ' ' || actor_name || ' ' || \
         subject_kind || ' ' || subject_id || ' ' || subject_name || ' ' || user_id || ' ' || \
         user_email || ' ' || application || ' ' || address || ' ' || user_agent || ' ' || rule || \
         ' ' || reason || ' ' || request_id || ' ' || changes || ' ' || details AS whole \
         FROM audit_events",
    );
    let rows = rows.fetch_all(&pool).await.unwrap();
    assert!(rows.len() > 10);
    rows.iter().map(|row| row.get("whole")).collect()
}
