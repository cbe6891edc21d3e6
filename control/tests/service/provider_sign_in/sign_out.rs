//! Signing out here, and at the provider.

use reqwest::StatusCode;
use serde_json::json;

use super::{SESSION, Scene, location};
use crate::browser::{Browser, between, code_of};
use crate::openid_provider::{DISCOVERY, Reply};
use crate::provider_events::until;

#[tokio::test]
async fn the_session_here_ends_before_the_browser_goes_to_the_provider() {
    let scene = Scene::new().await;
    let mut browser = Browser::default();
    let trip = scene.go(&mut browser, "corp").await;
    let token = scene.token(&trip);
    let id_token = token.signed(&scene.corp.script().keys[0]);
    scene.corp.redeems_for("the-code", &id_token);
    let response = browser
        .get(&scene.service, &trip.callback("the-code"))
        .await;
    code_of(&response, &scene.wiki);
    let page = browser.get(&scene.service, "/logout").await;
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.contains(&format!("form-action 'self' {}", scene.corp.issuer)),
        "{policy}"
    );
    let page = page.text().await.unwrap();
    assert!(
        page.contains("Sign out at The corp &#60;account&#62;, too"),
        "{page}"
    );
    assert!(
        !page.contains(&id_token),
        "the page does not hold the token"
    );
    let response = browser
        .submit(&scene.service, "/logout", &[("provider", "true")])
        .await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert!(!browser.cookies.contains_key(SESSION));
    assert!(scene.sessions().await.is_empty());
    let url = location(&response);
    assert!(
        url.as_str()
            .starts_with(&format!("{}/end_session?", scene.corp.issuer)),
        "{url}"
    );
    let query: std::collections::BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(query["id_token_hint"], id_token);
    assert_eq!(query["client_id"], "portcullis");
    assert_eq!(
        query["post_logout_redirect_uri"],
        "https://team.example.com/logout"
    );
    let page = browser.get(&scene.service, "/logout?state=x").await;
    assert!(page.text().await.unwrap().contains("You are not signed in"));
}

#[tokio::test]
async fn a_slow_provider_does_not_delay_the_end_of_the_session() {
    let scene = Scene::new().await;
    let mut browser = Browser::default();
    scene.sign_in(&mut browser, "corp", |token| token).await;
    let page = browser.get(&scene.service, "/logout").await;
    let page = page.text().await.unwrap();
    let token = between(&page, "name=\"csrf_token\" value=\"", "\"");
    // This service has not seen the provider yet.
    let replica = scene.replica().await;
    let calls = scene.corp.count(DISCOVERY);
    scene.corp.reply(DISCOVERY, Reply::nothing());
    let fields = [("csrf_token", token), ("provider", "true")];
    let ended = async {
        until("the provider is asked", async || {
            scene.corp.count(DISCOVERY) > calls
        })
        .await;
        scene.sessions().await.is_empty()
    };
    tokio::select! {
        _ = browser.post(&replica, "/logout", &fields) => panic!("the provider did not answer"),
        ended = ended => assert!(ended, "the session lives while the provider is asked"),
    }
}

#[tokio::test]
async fn signing_out_here_alone_leaves_the_provider_alone() {
    let scene = Scene::new().await;
    let mut browser = Browser::default();
    scene.sign_in(&mut browser, "corp", |token| token).await;
    let response = browser.submit(&scene.service, "/logout", &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(scene.sessions().await.is_empty());
}

#[tokio::test]
async fn a_provider_without_an_endpoint_for_it_is_not_offered() {
    let scene = Scene::new().await;
    {
        let discovery = &mut scene.partner.script().discovery;
        discovery
            .as_object_mut()
            .unwrap()
            .remove("end_session_endpoint");
    }
    let mut browser = Browser::default();
    scene.sign_in(&mut browser, "partner", |token| token).await;
    let page = browser
        .get(&scene.service, "/logout")
        .await
        .text()
        .await
        .unwrap();
    assert!(
        page.contains("Sign out?") && !page.contains("The partner"),
        "{page}"
    );
    let response = browser
        .submit(&scene.service, "/logout", &[("provider", "true")])
        .await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(scene.sessions().await.is_empty());
}

#[tokio::test]
async fn signing_out_ends_every_session_that_the_user_began_in_this_browser() {
    let scene = Scene::new().await;
    let (mut browser, mut elsewhere) = (Browser::default(), Browser::default());
    scene.sign_in(&mut elsewhere, "corp", |token| token).await;
    // Two tabs come back one after the other, and then the person proves once more who they are.
    let first = scene.go(&mut browser, "corp").await;
    let second = scene.go(&mut browser, "corp").await;
    for trip in [&first, &second] {
        let token = scene.token(trip);
        let response = scene.come_back(&mut browser, trip, &token).await;
        // The code of the first tab is still good after the second sign-in.
        scene.claims(&response).await;
    }
    let body = json!({ "name": "wiki", "fresh_login": true });
    scene.service.done("/revocations/application", body).await;
    let now = scene.service.clock_now();
    let fresh = |token: crate::openid_provider::keys::Token| token.with("auth_time", json!(now));
    scene.sign_in(&mut browser, "corp", fresh).await;
    assert_eq!(scene.sessions().await.len(), 4);
    browser.submit(&scene.service, "/logout", &[]).await;
    let left = scene.sessions().await;
    assert_eq!(left.len(), 1, "the one in the other browser: {left:?}");
    let response = elsewhere.get(&scene.service, "/").await;
    assert_eq!(response.status(), StatusCode::OK);
}
