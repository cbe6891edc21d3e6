//! What a token of a script proves, how long it lasts, and where people see that it was made.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::browser::{Browser, between};
use crate::device::{ANA, Scene, claims};

/// Makes a token on `/tokens`; the page if there is none.
async fn make(scene: &Scene, browser: &mut Browser) -> Result<Value, (StatusCode, String)> {
    let fields = [("application", scene.audience.as_str())];
    let response = browser.submit(&scene.service, "/tokens", &fields).await;
    let (status, page) = (response.status(), response.text().await.unwrap());
    if status == StatusCode::OK {
        Ok(claims(between(
            &page,
            "spellcheck=\"false\">",
            "</textarea>",
        )))
    } else {
        Err((status, page))
    }
}

/// Ana's browser signs in once more, after the version has grown; somebody has copied its cookies
/// before.
async fn copied_before_the_next_sign_in(scene: &mut Scene) -> Browser {
    let thief = scene.browser.clone();
    scene
        .service
        .application("chat", "https://chat.example.com", json!({}))
        .await;
    scene.service.clock.advance(5);
    let who = (ANA, scene.password.as_str());
    let login = "/login?other_account=true";
    let response = scene.browser.sign_in(&scene.service, login, who).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    thief
}

/// Both are of one session, and `old` proves an earlier sign-in of it.
fn assert_older(old: &Value, new: &Value) {
    assert_eq!(old["sid"], new["sid"], "the session was renewed");
    for claim in ["auth_ver", "auth_time", "session_exp"] {
        assert!(old[claim].as_u64() < new[claim].as_u64(), "{claim}");
    }
}

async fn demand_a_fresh_login(scene: &Scene) -> u64 {
    let demand = json!({ "name": "wiki", "fresh_login": true });
    let answer = scene.service.done("/revocations/application", demand).await;
    answer["version"].as_u64().unwrap()
}

#[tokio::test]
async fn a_copied_cookie_makes_no_token_that_proves_its_owners_next_sign_in() {
    let mut scene = Scene::new(json!({})).await;
    let mut thief = copied_before_the_next_sign_in(&mut scene).await;
    let old = make(&scene, &mut thief).await.unwrap();
    let mut owner = scene.browser.clone();
    let new = make(&scene, &mut owner).await.unwrap();
    assert_older(&old, &new);
}

#[tokio::test]
async fn a_code_confirmed_with_a_copied_cookie_proves_the_sign_in_of_the_copy() {
    let mut scene = Scene::new(json!({})).await;
    let mut thief = copied_before_the_next_sign_in(&mut scene).await;
    let (device_code, user_code) = scene.codes().await;
    std::mem::swap(&mut scene.browser, &mut thief);
    scene.confirm(&user_code).await;
    std::mem::swap(&mut scene.browser, &mut thief);
    let old = claims(&scene.poll(&device_code).await.unwrap());

    let (device_code, user_code) = scene.codes().await;
    scene.confirm(&user_code).await;
    let new = claims(&scene.poll(&device_code).await.unwrap());
    assert_older(&old, &new);
}

#[tokio::test]
async fn a_code_proves_the_sign_in_at_its_confirmation_and_none_after_it() {
    let mut scene = Scene::new(json!({})).await;
    let (device_code, user_code) = scene.codes().await;
    scene.confirm(&user_code).await;
    copied_before_the_next_sign_in(&mut scene).await;
    let old = claims(&scene.poll(&device_code).await.unwrap());
    let mut owner = scene.browser.clone();
    assert_older(&old, &make(&scene, &mut owner).await.unwrap());
}

#[tokio::test]
async fn b05_a_copied_cookie_makes_no_token_after_its_owners_fresh_login() {
    let mut scene = Scene::new(json!({})).await;
    let version = demand_a_fresh_login(&scene).await;
    let mut thief = copied_before_the_next_sign_in(&mut scene).await;

    let (status, page) = make(&scene, &mut thief).await.unwrap_err();
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(page.contains("<h1>Sign in again first</h1>"), "{page}");
    let (device_code, user_code) = scene.codes().await;
    std::mem::swap(&mut scene.browser, &mut thief);
    let (status, page) = scene.press(&user_code, "confirm").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(page.contains("<h1>Sign in again first</h1>"), "{page}");
    std::mem::swap(&mut scene.browser, &mut thief);
    let waiting = Err("authorization_pending".to_owned());
    assert_eq!(scene.poll(&device_code).await, waiting);

    let mut owner = scene.browser.clone();
    let token = make(&scene, &mut owner).await.unwrap();
    assert!(token["auth_ver"].as_u64().unwrap() >= version);
    scene.confirm(&user_code).await;
    scene.service.clock.advance(30);
    let token = claims(&scene.poll(&device_code).await.unwrap());
    assert!(token["auth_ver"].as_u64().unwrap() >= version);
}

#[tokio::test]
async fn b05_whoever_must_sign_in_anew_makes_no_token_before() {
    let mut scene = Scene::new(json!({})).await;
    demand_a_fresh_login(&scene).await;
    let mut owner = scene.browser.clone();
    let (status, page) = make(&scene, &mut owner).await.unwrap_err();
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(page.contains("<h1>Sign in again first</h1>"), "{page}");
    let (device_code, user_code) = scene.codes().await;
    let (status, _) = scene.press(&user_code, "confirm").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let waiting = Err("authorization_pending".to_owned());
    assert_eq!(scene.poll(&device_code).await, waiting);
}

#[tokio::test]
async fn a_token_is_noted_under_its_session() {
    for by_code in [false, true] {
        let mut scene = Scene::new(json!({})).await;
        let (device_code, user_code) = scene.codes().await;
        scene.confirm(&user_code).await;
        scene.service.clock.advance(120);
        let (_, page) = scene.page("/sessions").await;
        assert!(!page.contains("wiki"), "{page}");
        if by_code {
            scene.poll(&device_code).await.unwrap();
        } else {
            let mut browser = scene.browser.clone();
            make(&scene, &mut browser).await.unwrap();
        }
        let (_, list) = scene.service.over_socket(Method::GET, "sessions").await;
        let now = scene.service.clock_now();
        let used = json!([{ "name": "wiki", "last_token_at": now }]);
        assert_eq!(list["items"][0]["applications"], used);
        assert_eq!(list["items"][0]["last_used_at"], now);
        let (_, page) = scene.page("/sessions").await;
        assert!(page.contains("wiki"), "{page}");
    }
}

#[tokio::test]
async fn s04_a_token_lasts_as_long_as_the_admitting_rule_says() {
    let rule = |duration: &str| json!([{ "everyone": true, "session_duration": duration }]);
    let first_counts = json!([
        { "emails": [ANA], "session_duration": "20m" },
        { "everyone": true, "session_duration": "10h" },
    ]);
    for (application, policy, seconds, shown) in [
        ("0", json!([{ "everyone": true }]), 60, "1m"),
        ("0", rule("20m"), 1200, "20m"),
        ("2h", rule("0"), 60, "1m"),
        ("2h", rule("3h"), 10_800, "3h"),
        ("2h", first_counts, 1200, "20m"),
    ] {
        // The global session of a sign-in on the team domain itself lasts longer than all.
        let settings = json!({ "session_duration": application, "policy": policy });
        let mut scene = Scene::new(settings).await;
        let (device_code, user_code) = scene.codes().await;
        let (_, page) = scene.page("/tokens").await;
        let offered = format!(">wiki – valid for at most {shown}<");
        assert!(page.contains(&offered), "{application}: {page}");
        let (_, page) = scene.page(&format!("/device?user_code={user_code}")).await;
        let offered = format!("<dd>at most {shown}");
        assert!(page.contains(&offered), "{application}: {page}");

        scene.confirm(&user_code).await;
        let mut browser = scene.browser.clone();
        for token in [
            make(&scene, &mut browser).await.unwrap(),
            claims(&scene.poll(&device_code).await.unwrap()),
        ] {
            let number = |name: &str| token[name].as_u64().unwrap();
            assert_eq!(number("exp") - number("iat"), seconds, "{application}");
            assert!(token.get("every_navigation").is_none(), "{token}");
        }
    }
}
