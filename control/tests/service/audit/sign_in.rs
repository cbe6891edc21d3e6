//! What people do.

use serde_json::json;

use super::scene::{ANA, Scene, is, party, text};
use crate::browser::Browser;

#[tokio::test]
async fn b17_a_sign_in_and_its_tokens_are_told() {
    let mut scene = Scene::new().await;
    let answer = scene.signed_in().await;
    let [signed_in, issued] = scene.only(["sign_in.succeeded", "token.issued"]).await;
    for event in [&signed_in, &issued] {
        assert_eq!(party(event, "actor"), is("user", ANA));
        assert_eq!(text(event, "application"), "wiki");
        assert_eq!(event["user"]["email"], ANA);
        // By its name, which the policy has.
        assert_eq!(text(event, "rule"), "rule-1");
        assert_eq!(event["count"], 1);
    }
    assert_eq!(party(&signed_in, "subject"), is("user", ANA));
    assert_eq!(text(&signed_in, "address"), "127.0.0.1");
    assert_eq!(text(&signed_in, "user_agent"), "test/1");
    assert_eq!(text(&signed_in, "request_id"), "request-7");
    assert_eq!(signed_in["details"]["renewed"], false);
    let session = signed_in["details"]["session"].as_str().unwrap();
    assert_eq!(party(&issued, "subject"), is("session", session));
    assert_eq!(issued["details"]["for"], "session");

    scene.refreshed(&answer).await;
    let [refreshed] = scene.only(["session.refreshed"]).await;
    assert_eq!(party(&refreshed, "actor"), is("user", ANA));
    assert_eq!(text(&refreshed, "rule"), "rule-1");
    assert_eq!(text(&refreshed, "application"), "wiki");
    assert_eq!(party(&refreshed, "subject"), is("session", session));
    // The same call again gets the same token.
    scene.refreshed(&answer).await;
    scene.only([]).await;
}

#[tokio::test]
async fn a_token_for_scripts_is_told() {
    let mut scene = Scene::new().await;
    scene.signed_in().await;
    scene.news().await;
    let fields = [("application", scene.audience.as_str())];
    let made = scene
        .browser
        .submit(&scene.service, "/tokens", &fields)
        .await;
    assert_eq!(made.status(), 200);
    let [issued] = scene.only(["token.issued"]).await;
    assert_eq!(party(&issued, "actor"), is("user", ANA));
    assert_eq!(issued["details"]["for"], "script");
    assert_eq!(text(&issued, "rule"), "rule-1");
    assert_eq!(text(&issued, "application"), "wiki");
    assert_eq!(text(&issued, "address"), "127.0.0.1");
}

#[tokio::test]
async fn b17_the_end_of_a_session_is_told_with_who_ended_it() {
    let mut scene = Scene::new().await;
    scene.signed_in().await;
    let out = scene.browser.submit(&scene.service, "/logout", &[]).await;
    assert!(out.status().is_success());
    let [_, _, ended] = scene
        .only(["sign_in.succeeded", "token.issued", "session.ended"])
        .await;
    assert_eq!(party(&ended, "actor"), is("user", ANA));
    assert_eq!(party(&ended, "subject").0, "session");
    assert_eq!(text(&ended, "reason"), "sign_out");
    assert_eq!(ended["user"]["email"], ANA);

    let answer = scene.signed_in().await;
    scene.news().await;
    let body = json!({ "token": answer["token"], "binding_secret": answer["binding"] });
    let out = scene.service.post(&scene.credential, "logout", body).await;
    assert_eq!(out.status(), 204);
    let [ended] = scene.only(["session.ended"]).await;
    assert_eq!(text(&ended, "reason"), "sign_out");
    assert_eq!(party(&ended, "actor"), is("user", ANA));
}

#[tokio::test]
async fn other_sessions_that_end_have_one_line() {
    let mut scene = Scene::new().await;
    for _ in 0..2 {
        let who = (ANA, scene.password.as_str());
        Browser::default()
            .sign_in(&scene.service, "/login", who)
            .await;
    }
    scene.signed_in().await;
    scene.news().await;
    let ended = scene
        .browser
        .submit(&scene.service, "/sessions", &[("end", "others")])
        .await;
    assert_eq!(ended.status(), 200);
    let [ended] = scene.only(["session.ended"]).await;
    assert_eq!(ended["details"]["sessions"], 2);
    assert_eq!(party(&ended, "subject"), is("user", ANA));
    assert_eq!(text(&ended, "reason"), "by_user");
}

#[tokio::test]
async fn another_user_in_the_same_browser_ends_the_session() {
    let mut scene = Scene::new().await;
    let bob = scene.service.user(super::scene::BOB).await;
    scene.signed_in().await;
    scene.news().await;
    let path = "/login?other_account=true";
    let who = (super::scene::BOB, bob.as_str());
    scene.browser.sign_in(&scene.service, path, who).await;
    let [_, ended] = scene.only(["sign_in.succeeded", "session.ended"]).await;
    assert_eq!(party(&ended, "actor"), is("user", super::scene::BOB));
    assert_eq!(ended["user"]["email"], ANA);
    assert_eq!(text(&ended, "reason"), "another_user");
}

#[tokio::test]
async fn a_password_that_its_user_changes_is_told() {
    let mut scene = Scene::new().await;
    scene.signed_in().await;
    scene.news().await;
    let new = "correct horse battery staple";
    let fields = [
        ("old_password", scene.password.as_str()),
        ("new_password", new),
        ("new_password_again", new),
        ("end_others", "on"),
    ];
    let changed = scene
        .browser
        .submit(&scene.service, "/password", &fields)
        .await;
    assert_eq!(changed.status(), 200);
    let [changed] = scene.only(["user.password_changed"]).await;
    assert_eq!(party(&changed, "actor"), is("user", ANA));
    assert_eq!(party(&changed, "subject"), is("user", ANA));
}
