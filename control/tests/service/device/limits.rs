//! How often a person may type a wrong code.

use reqwest::StatusCode;
use serde_json::json;

use super::Scene;

#[tokio::test]
async fn wrong_codes_are_limited_for_each_user() {
    let mut scene = Scene::new(json!({})).await;
    let (_, user_code) = scene.codes().await;
    for _ in 0..10 {
        assert_eq!(
            scene.page("/device?user_code=BBBB-BBBB").await.0,
            StatusCode::NOT_FOUND
        );
    }
    let right = format!("/device?user_code={user_code}");
    let response = scene.browser.get(&scene.service, &right).await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(response.headers().contains_key("retry-after"));
    scene.service.clock.advance(60);
    assert_eq!(scene.page(&right).await.0, StatusCode::OK);
}
