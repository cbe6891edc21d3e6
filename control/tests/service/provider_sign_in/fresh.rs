//! Where an application wants a later sign-in (`--fresh-login`).

use serde_json::json;

use super::{SESSION, Scene, reason, refused};
use crate::browser::{Browser, code_of};

async fn demand(scene: &Scene) {
    let body = json!({ "name": "wiki", "fresh_login": true });
    scene.service.done("/revocations/application", body).await;
}

#[tokio::test]
async fn b05_a_provider_must_prove_a_fresh_sign_in() {
    let scene = Scene::with_corp("default = true").await;
    let mut browser = Browser::default();
    let response = scene.sign_in(&mut browser, "corp", |token| token).await;
    code_of(&response, &scene.wiki);
    demand(&scene).await;
    scene.service.clock.advance(60);
    let now = scene.service.clock_now();
    let session = browser.cookies[SESSION].clone();
    for (auth_time, is_fresh) in [
        (None, false),
        (Some(now - 50), false),
        (Some(now + 1), true),
    ] {
        let response = browser.get(&scene.service, &scene.wiki.path()).await;
        let trip = scene.trip(&response, "corp");
        assert_eq!(
            (&*trip.query["prompt"], &*trip.query["max_age"]),
            ("login", "0")
        );
        let token = match auth_time {
            Some(time) => scene.token(&trip).with("auth_time", json!(time)),
            None => scene.token(&trip),
        };
        let response = scene.come_back(&mut browser, &trip, &token).await;
        if is_fresh {
            code_of(&response, &scene.wiki);
            assert_ne!(browser.cookies[SESSION], session, "a new session");
        } else {
            assert_eq!(response.status(), 403);
            let page = response.text().await.unwrap();
            assert_eq!(reason(&page), "not_fresh");
            assert_eq!(browser.cookies[SESSION], session);
        }
    }
    let response = browser.get(&scene.service, &scene.wiki.path()).await;
    code_of(&response, &scene.wiki);
}

#[tokio::test]
async fn b05_who_signs_out_does_not_get_in_by_what_the_provider_remembers() {
    let scene = Scene::new().await;
    demand(&scene).await;
    // Without a session here, the provider must not let the person in by its own.
    let mut browser = Browser::default();
    let trip = scene.go(&mut browser, "corp").await;
    assert_eq!(trip.query["prompt"], "login");
    let token = scene.token(&trip);
    let response = scene.come_back(&mut browser, &trip, &token).await;
    let (_, page) = refused(&browser, response).await;
    assert_eq!(reason(&page), "not_fresh");
    // Nor through the team domain, where nothing demands it.
    let response = browser.get(&scene.service, "/login/corp").await;
    let trip = scene.trip(&response, "corp");
    assert!(!trip.query.contains_key("prompt"));
    let token = scene.token(&trip);
    let response = scene.come_back(&mut browser, &trip, &token).await;
    assert_eq!(response.headers()["location"], "/");
    let page = browser.get(&scene.service, &scene.wiki.path()).await;
    let page = page.text().await.unwrap();
    assert!(page.contains("requires a new sign-in"), "{page}");
}

#[tokio::test]
async fn b05_a_demand_that_comes_during_the_trip_leads_to_the_provider_once_more() {
    let scene = Scene::new().await;
    let mut browser = Browser::default();
    let trip = scene.go(&mut browser, "corp").await;
    demand(&scene).await;
    let token = scene.token(&trip);
    let response = scene.come_back(&mut browser, &trip, &token).await;
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    assert!(location.starts_with("/login/corp?app="), "{location}");
    let response = browser.get(&scene.service, &location).await;
    let trip = scene.trip(&response, "corp");
    let now = scene.service.clock_now();
    let token = scene.token(&trip).with("auth_time", json!(now));
    let response = scene.come_back(&mut browser, &trip, &token).await;
    let claims = scene.claims(&response).await;
    assert!(claims["auth_ver"].as_u64().unwrap() > 0);
    assert_eq!(claims["auth_time"], now);
}
