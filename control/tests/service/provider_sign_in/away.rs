//! A provider that is away harms its own sign-ins only.

use reqwest::StatusCode;

use super::{PENDING, SESSION, Scene, Settings, reason, refused};
use crate::browser::{Browser, between, code_of, unescape};
use crate::openid_provider::{Reply, TOKEN};

async fn scene() -> Scene {
    Scene::with(Settings {
        corp: "default = true",
        rest: "[sign_in]\npasswords = true\n",
        ..Settings::default()
    })
    .await
}

#[tokio::test]
async fn a_provider_that_is_away_before_the_sign_in() {
    let mut scene = scene().await;
    let mut signed_in = Browser::default();
    let response = scene
        .sign_in(&mut signed_in, "partner", |token| token)
        .await;
    code_of(&response, &scene.wiki);
    scene.corp.stop().await;
    let mut browser = Browser::default();
    let response = browser.get(&scene.service, &scene.wiki.path()).await;
    assert_eq!(response.headers()["retry-after"], "5");
    let (status, page) = refused(&browser, response).await;
    assert_eq!((status, reason(&page)), (503, "provider_away"));
    assert!(!browser.cookies.keys().any(|name| name.starts_with(PENDING)));
    // The page leads to the other ways, and they work.
    let other = unescape(between(&page, "href=\"/login?", "\""));
    let page = browser
        .get(&scene.service, &format!("/login?{other}"))
        .await;
    let page = page.text().await.unwrap();
    assert!(
        page.contains("The partner") && page.contains("password"),
        "{page}"
    );
    let response = scene.sign_in(&mut browser, "partner", |token| token).await;
    code_of(&response, &scene.wiki);
    let password = scene.service.user("eva@example.com").await;
    let path = format!("{}&choose", scene.wiki.path());
    let who = ("eva@example.com", password.as_str());
    let response = Browser::default().sign_in(&scene.service, &path, who).await;
    code_of(&response, &scene.wiki);
    // So do sessions of before.
    let response = signed_in.get(&scene.service, &scene.wiki.path()).await;
    code_of(&response, &scene.wiki);
    // And the provider, when it is back.
    scene.corp.start_again().await;
    scene.service.clock.advance(60);
    let response = scene
        .sign_in(&mut Browser::default(), "corp", |token| token)
        .await;
    code_of(&response, &scene.wiki);
}

#[tokio::test]
async fn a_provider_that_goes_away_during_the_sign_in() {
    let mut scene = scene().await;
    let mut browser = Browser::default();
    let trip = scene.go(&mut browser, "corp").await;
    scene.corp.stop().await;
    let response = browser
        .get(&scene.service, &trip.callback("the-code"))
        .await;
    let (status, page) = refused(&browser, response).await;
    assert_eq!((status, reason(&page)), (503, "provider_away"));
    // It comes back, and the page's way leads through it.
    scene.corp.start_again().await;
    scene.service.clock.advance(60);
    let again = unescape(between(&page, "href=\"/login/corp", "\""));
    let response = browser
        .get(&scene.service, &format!("/login/corp{again}"))
        .await;
    let trip = scene.trip(&response, "corp");
    let token = scene.token(&trip);
    let response = scene.come_back(&mut browser, &trip, &token).await;
    code_of(&response, &scene.wiki);
}

#[tokio::test]
async fn a_provider_whose_token_endpoint_breaks_signs_nobody_in_until_it_works_again() {
    let scene = scene().await;
    let mut browser = Browser::default();
    for (broken, said) in [
        (Reply::text("").status(503), (503, "provider_away")),
        (Reply::text("no JSON"), (502, "provider_answer_invalid")),
        (Reply::text("{}"), (502, "id_token_invalid")),
    ] {
        scene.corp.reply(TOKEN, broken);
        // An attempt is used up by its first answer, so each needs one of its own.
        let trip = scene.go(&mut browser, "corp").await;
        let response = browser
            .get(&scene.service, &trip.callback("the-code"))
            .await;
        let (status, page) = refused(&browser, response).await;
        assert_eq!((status, reason(&page)), said);
    }
    scene.corp.behave(TOKEN);
    let response = scene.sign_in(&mut browser, "corp", |token| token).await;
    code_of(&response, &scene.wiki);
}

#[tokio::test]
async fn a_provider_that_is_removed_ends_no_session() {
    let scene = scene().await;
    let mut browser = Browser::default();
    let response = scene.sign_in(&mut browser, "partner", |token| token).await;
    code_of(&response, &scene.wiki);
    let (without, _) = scene.toml.rsplit_once("[[identity_providers]]").unwrap();
    let service = scene.service.restart(without).await;
    let response = browser.get(&service, &scene.wiki.path()).await;
    code_of(&response, &scene.wiki);
    let response = browser.get(&service, "/login/partner").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    // They can still sign out here.
    let response = browser.submit(&service, "/logout", &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(!browser.cookies.contains_key(SESSION));
}

#[tokio::test]
async fn a_provider_that_goes_away_after_the_sign_in_ends_nothing() {
    let mut scene = scene().await;
    let mut browser = Browser::default();
    let response = scene.sign_in(&mut browser, "corp", |token| token).await;
    let claims = scene.claims(&response).await;
    assert_eq!(claims["email"], "ana@example.com");
    scene.corp.stop().await;
    let response = browser.get(&scene.service, &scene.wiki.path()).await;
    code_of(&response, &scene.wiki);
    let page = browser.get(&scene.service, "/").await;
    assert_eq!(page.status(), StatusCode::OK);
}
