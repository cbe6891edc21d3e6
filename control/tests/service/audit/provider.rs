//! Sign-ins with an identity provider.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::scene::{ANA, events, is, party, text};
use crate::browser::Browser;
use crate::openid_provider::keys::Token;
use crate::provider_sign_in::{Scene, Settings};

const LINKED: &str = "link_by_email = true\nemail_domains = [\"example.com\"]";

/// The newest event with a name, of so many.
async fn newest(scene: &Scene, name: &str, count: usize) -> Value {
    let found = events(&scene.service, &format!("event={name}&limit=1000")).await;
    assert_eq!(found.len(), count, "{found:#?}");
    found.into_iter().next().unwrap()
}

async fn sign_in(scene: &Scene, provider: &'static str) -> StatusCode {
    let same = |token: Token| token;
    let mut browser = Browser::default();
    browser.headers.insert("user-agent", "test/1");
    scene.sign_in(&mut browser, provider, same).await.status()
}

#[tokio::test]
async fn a_sign_in_is_told_with_the_provider_and_a_new_user_once() {
    let scene = Scene::new().await;
    assert_eq!(sign_in(&scene, "corp").await, StatusCode::FOUND);
    let added = newest(&scene, "user.added", 1).await;
    assert_eq!(party(&added, "actor"), is("provider", "corp"));
    assert_eq!(party(&added, "subject"), is("user", ANA));
    for count in 1..=2 {
        let signed_in = newest(&scene, "sign_in.succeeded", count).await;
        assert_eq!(party(&signed_in, "actor"), is("user", ANA));
        assert_eq!(signed_in["actor"]["id"], added["subject"]["id"]);
        assert_eq!(party(&signed_in, "subject"), is("user", ANA));
        assert_eq!(signed_in["user"]["email"], ANA);
        assert_eq!(text(&signed_in, "application"), "wiki");
        assert_eq!(text(&signed_in, "rule"), "rule-1");
        assert_eq!(text(&signed_in, "address"), "127.0.0.1");
        assert_eq!(text(&signed_in, "user_agent"), "test/1");
        let details = &signed_in["details"];
        assert_eq!(details["method"], "provider");
        assert_eq!(details["provider"], "corp");
        assert_eq!(details["linked_by_email"], Value::Null);
        let sessions = scene.sessions().await;
        assert!(sessions.iter().any(|one| one["id"] == details["session"]));
        sign_in(&scene, "corp").await;
    }
    newest(&scene, "user.added", 1).await;
}

#[tokio::test]
async fn a_refusal_is_told_with_its_reason_and_the_rule() {
    let policy = json!([
        { "id": "guests", "action": "block", "include": [{ "group": "corp:guests" }] },
        { "id": "rest", "action": "allow", "include": [{ "everyone": true }] },
    ]);
    let scene = Scene::with(Settings {
        corp: "groups_claim = \"groups\"",
        wiki: json!({ "policy": policy }),
        ..Settings::default()
    })
    .await;
    let guest = |token: Token| token.with("groups", json!(["guests"]));
    let refused = scene.sign_in(&mut Browser::default(), "corp", guest).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    // The session began, and the wiki stays closed.
    let signed_in = newest(&scene, "sign_in.succeeded", 1).await;
    assert_eq!(signed_in["rule"], Value::Null);
    let denied = newest(&scene, "sign_in.refused", 1).await;
    assert_eq!(text(&denied, "reason"), "policy_denied");
    assert_eq!(text(&denied, "rule"), "guests");
    assert_eq!(text(&denied, "application"), "wiki");
    for (call, reason, count) in [
        ("/revocations/user", "user_blocked", 2),
        ("/users/disable", "user_disabled", 3),
    ] {
        scene.service.done(call, json!({ "email": ANA })).await;
        assert_eq!(sign_in(&scene, "corp").await, StatusCode::FORBIDDEN);
        let refused = newest(&scene, "sign_in.refused", count).await;
        assert_eq!(text(&refused, "reason"), reason);
        assert_eq!(party(&refused, "actor"), is("user", ANA));
        assert_eq!(refused["details"]["provider"], "corp");
    }
    newest(&scene, "sign_in.succeeded", 1).await;
}

#[tokio::test]
async fn a_failure_is_told_by_its_code_and_nothing_else_that_was_sent() {
    let scene = Scene::new().await;
    let failed = async |count: usize, reason: &str| {
        let failed = newest(&scene, "sign_in.failed", count).await;
        assert_eq!(text(&failed, "reason"), reason);
        let provider = &failed["subject"];
        assert_eq!(
            (&provider["kind"], &provider["id"]),
            (&json!("provider"), &json!("corp"))
        );
        assert_eq!(party(&failed, "actor").0, "unknown");
        assert_eq!(text(&failed, "address"), "127.0.0.1");
        for hidden in ["seen-by-nobody", "the-code", ANA] {
            assert!(!failed.to_string().contains(hidden), "{failed}");
        }
    };
    for (count, (error, reason)) in [
        ("access_denied", "access_denied"),
        ("temporarily_unavailable", "temporarily_unavailable"),
        ("seen-by-nobody ", "invalid_error_code"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut browser = Browser::default();
        let trip = scene.go(&mut browser, "corp").await;
        let answer = trip.answer(&[
            ("error", error),
            ("error_description", "seen-by-nobody"),
            ("iss", &scene.corp.issuer),
        ]);
        browser.get(&scene.service, &answer).await;
        failed(count + 1, reason).await;
    }
    for (count, claim, value, reason) in [
        (4, "nonce", json!("seen-by-nobody"), "id_token_invalid"),
        (5, "email_verified", json!(false), "email_not_verified"),
        (6, "email", json!("seen-by-nobody"), "email_invalid"),
    ] {
        let change = |token: Token| token.with(claim, value.clone());
        scene.sign_in(&mut Browser::default(), "corp", change).await;
        failed(count, reason).await;
    }
    // An answer that this browser does not await.
    let mut other = Browser::default();
    let trip = scene.go(&mut other, "corp").await;
    let path = trip.callback("the-code");
    Browser::default().get(&scene.service, &path).await;
    failed(7, "provider_state_unknown").await;
    assert!(
        events(&scene.service, "event=sign_in.succeeded")
            .await
            .is_empty()
    );
    assert!(scene.users().await.is_empty());
}

#[tokio::test]
async fn an_identity_that_joins_a_user_by_the_address_is_told() {
    let scene = Scene::with(Settings {
        corp: LINKED,
        partner: LINKED,
        ..Settings::default()
    })
    .await;
    sign_in(&scene, "corp").await;
    let first = newest(&scene, "sign_in.succeeded", 1).await;
    sign_in(&scene, "partner").await;
    let linked = newest(&scene, "sign_in.succeeded", 2).await;
    assert_eq!(linked["user"], first["user"]);
    assert_eq!(linked["details"]["provider"], "partner");
    assert_eq!(linked["details"]["linked_by_email"], true);
    newest(&scene, "user.added", 1).await;
    // From then on, both are known.
    sign_in(&scene, "partner").await;
    let again = newest(&scene, "sign_in.succeeded", 3).await;
    assert_eq!(again["details"]["linked_by_email"], Value::Null);
}

#[tokio::test]
async fn a_person_who_was_removed_is_told_as_a_new_user() {
    let scene = Scene::new().await;
    sign_in(&scene, "corp").await;
    let first = newest(&scene, "user.added", 1).await;
    scene
        .service
        .done("/users/remove", json!({ "email": ANA }))
        .await;
    let removed = newest(&scene, "user.removed", 1).await;
    assert_eq!(removed["subject"], first["subject"]);
    sign_in(&scene, "corp").await;
    let second = newest(&scene, "user.added", 2).await;
    assert_eq!(party(&second, "actor"), is("provider", "corp"));
    assert_ne!(second["subject"]["id"], first["subject"]["id"]);
    let signed_in = newest(&scene, "sign_in.succeeded", 2).await;
    assert_eq!(signed_in["user"]["id"], second["subject"]["id"]);
    // The log finds both by the address.
    let of_ana = events(&scene.service, &format!("user={ANA}&event=user")).await;
    assert_eq!(of_ana.len(), 3, "{of_ana:#?}");
}
