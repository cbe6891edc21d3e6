//! `/tokens`: a token for scripts, made in the browser.

use reqwest::StatusCode;
use serde_json::json;

use crate::browser::{Browser, between};
use crate::device::{ANA, Scene, claims};

#[tokio::test]
async fn s19_a_signed_in_person_makes_a_token_that_is_shown_once() {
    let mut scene = Scene::new(json!({})).await;
    let fields = [("application", scene.audience.as_str())];
    let response = scene
        .browser
        .submit(&scene.service, "/tokens", &fields)
        .await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let page = response.text().await.unwrap();
    let token = between(&page, "spellcheck=\"false\">", "</textarea>").to_owned();
    assert_eq!(claims(&token)["use"], "header");
    assert_eq!(claims(&token)["email"], ANA);
    assert!(page.contains("x-access-token: $TOKEN"), "{page}");
    let (_, again) = scene.page("/tokens").await;
    assert!(!again.contains(&token));
    // It begins no session at the application, and counts as no sign-in there.
    let storage = &scene.service.running.service.storage;
    let today = portcullis_control::storage::Day::of(portcullis::time::UnixSeconds::new(
        scene.service.clock_now(),
    ));
    let counted = storage.sign_ins_at(&scene.audience, today).await.unwrap();
    assert!(
        counted.iter().all(|(_, one)| one.admitted == 0),
        "{counted:?}"
    );
}

#[tokio::test]
async fn only_what_takes_tokens_and_admits_the_person_is_offered() {
    let mut scene = Scene::new(json!({})).await;
    let hidden = [
        ("closed", json!({ "header_tokens": false })),
        (
            "others",
            json!({ "header_tokens": true, "policy": [{ "emails": ["bob@example.com"] }] }),
        ),
    ];
    let mut audiences = vec!["x".to_owned()];
    for (name, settings) in hidden {
        let origin = format!("https://{name}.example.com");
        audiences.push(scene.service.application(name, &origin, settings).await);
    }
    let (_, page) = scene.page("/tokens").await;
    assert!(page.contains(">wiki – "), "{page}");
    for audience in &audiences[1..] {
        assert!(!page.contains(audience.as_str()));
    }
    for audience in &audiences {
        let fields = [("application", audience.as_str())];
        let response = scene
            .browser
            .submit(&scene.service, "/tokens", &fields)
            .await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert!(!response.text().await.unwrap().contains("<textarea"));
    }
}

#[tokio::test]
async fn strangers_sign_in_first_and_other_sites_make_none() {
    let mut scene = Scene::new(json!({})).await;
    let stranger = Browser::default().get(&scene.service, "/tokens").await;
    assert_eq!(stranger.status(), StatusCode::FOUND);
    assert_eq!(stranger.headers()["location"], "/login?return_to=%2Ftokens");
    let form = [
        ("application", scene.audience.as_str()),
        ("csrf_token", "x"),
    ];
    let url = scene.service.page("/tokens");
    let foreign = scene.service.http.post(url).form(&form);
    let foreign = foreign.header("sec-fetch-site", "cross-site");
    assert_eq!(
        scene.browser.send(foreign).await.status(),
        StatusCode::FORBIDDEN
    );
}
