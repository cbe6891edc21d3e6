//! `POST /global-token-revocation/{id}`.

use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{ANA, Answer, events, is_in, sent, signed_in, told, version};
use crate::browser::{Browser, code_of};
use crate::harness::Service;
use crate::openid_provider::{OpenIdProvider, SECRET};
use crate::provider_sign_in::{Scene, Settings};

pub const TOKEN: &str = "revocation-token-of-corp-0123456789abcdef";

/// With a token for `corp`, and none for `partner`.
async fn scene() -> Scene {
    Scene::with(Settings {
        corp: "[identity_providers.global_token_revocation]\ntoken_file = \"{directory}/token\"",
        file: Some(("token", TOKEN)),
        rest: "[sign_in]\npasswords = true\n",
        ..Settings::default()
    })
    .await
}

async fn post(scene: &Scene, id: &str, bearer: &str, sub_id: Value) -> Answer {
    let path = format!("/global-token-revocation/{id}");
    let request = scene.service.http.post(scene.service.page(&path));
    let body = json!({ "sub_id": sub_id });
    sent(request.bearer_auth(bearer).json(&body)).await
}

async fn revoke(scene: &Scene, sub_id: Value) -> Answer {
    post(scene, "corp", TOKEN, sub_id).await
}

fn opaque(sub: &str) -> Value {
    json!({ "format": "opaque", "id": sub })
}

#[tokio::test]
async fn b09_each_way_to_name_a_person_ends_all_of_their_sessions() {
    let scene = scene().await;
    let issuer = &scene.corp.issuer;
    for named in [
        json!({ "format": "iss_sub", "iss": issuer, "sub": "ana" }),
        json!({ "format": "email", "email": "ANA@example.COM" }),
        opaque("ana"),
    ] {
        let mut first = signed_in(&scene, "ana", "s1").await;
        let mut other = signed_in(&scene, "ana", "s2").await;
        let mut bob = signed_in(&scene, "bob", "s3").await;
        let before = version(&scene).await;
        let answer = revoke(&scene, named.clone()).await;
        assert_eq!(answer.status, 204, "{named}: {}", answer.body);
        assert_eq!(
            (version(&scene).await, told(&scene)),
            (before + 1, before + 1)
        );
        assert!(!is_in(&scene, &mut first).await && !is_in(&scene, &mut other).await);
        assert!(is_in(&scene, &mut bob).await);
        let events = events(&scene).await;
        let event = events.last().unwrap();
        assert_eq!(event["reason"], "global_token_revocation");
        assert_eq!(event["actor"]["id"], "corp");
        assert_eq!(event["subject"]["name"], ANA);
        // The block is over.
        scene.service.clock.advance(61);
    }
    assert_eq!(events(&scene).await.len(), 3, "one line each");
}

#[tokio::test]
async fn b09_the_person_cannot_sign_in_for_a_minute() {
    let scene = scene().await;
    signed_in(&scene, "ana", "s1").await;
    assert_eq!(revoke(&scene, opaque("ana")).await.status, 204);
    let mut browser = Browser::default();
    let response = scene.sign_in(&mut browser, "corp", |token| token).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    scene.service.clock.advance(61);
    let response = scene.sign_in(&mut browser, "corp", |token| token).await;
    code_of(&response, &scene.wiki);
}

#[tokio::test]
async fn b09_a_sign_in_on_its_way_does_not_outlive_the_block_of_the_person() {
    let scene = scene().await;
    signed_in(&scene, "ana", "s1").await;
    let mut late = Browser::default();
    let trip = scene.go(&mut late, "corp").await;
    assert_eq!(revoke(&scene, opaque("ana")).await.status, 204);
    scene.service.clock.advance(61);
    let token = scene.token(&trip);
    let response = scene.come_back(&mut late, &trip, &token).await;
    let location = response.headers()["location"].to_str().unwrap();
    assert!(location.starts_with("/login/corp?app="), "{location}");
    assert!(scene.sessions().await.is_empty());
}

#[tokio::test]
async fn who_does_not_sign_in_with_the_provider_is_not_found() {
    let scene = scene().await;
    // The same address at another provider, and with a password, is another user.
    let mut partner = Browser::default();
    let response = scene.sign_in(&mut partner, "partner", |token| token).await;
    code_of(&response, &scene.wiki);
    let password = scene.service.user(ANA).await;
    let mut local = Browser::default();
    let path = format!("{}&choose", scene.wiki.path());
    let response = local.sign_in(&scene.service, &path, (ANA, &password)).await;
    code_of(&response, &scene.wiki);
    let before = version(&scene).await;
    for named in [
        opaque("nobody"),
        opaque("ana"),
        json!({ "format": "email", "email": ANA }),
        json!({ "format": "iss_sub", "iss": scene.partner.issuer, "sub": "ana" }),
        json!({ "format": "iss_sub", "iss": format!("{}/", scene.corp.issuer), "sub": "ana" }),
    ] {
        let answer = revoke(&scene, named.clone()).await;
        assert_eq!(answer.of_oauth(), (404, "not_found"), "{named}");
    }
    assert_eq!(version(&scene).await, before);
    assert!(is_in(&scene, &mut partner).await && is_in(&scene, &mut local).await);
    assert!(events(&scene).await.is_empty());
}

#[tokio::test]
async fn a_wrong_bearer_revokes_nobody() {
    let scene = scene().await;
    let mut ana = signed_in(&scene, "ana", "s1").await;
    let before = version(&scene).await;
    let url = scene.service.page("/global-token-revocation/corp");
    let request = || {
        let body = json!({ "sub_id": opaque("ana") });
        scene.service.http.post(&url).json(&body)
    };
    let in_query = scene
        .service
        .http
        .post(format!("{url}?access_token={TOKEN}"));
    for (what, request) in [
        ("none", request()),
        (
            "another",
            request().bearer_auth("another-token-0123456789abcdef0123"),
        ),
        ("part", request().bearer_auth(&TOKEN[..TOKEN.len() - 1])),
        ("empty", request().bearer_auth("")),
        ("the client's secret", request().bearer_auth(SECRET)),
        ("basic", request().basic_auth(TOKEN, Some(TOKEN))),
        ("twice", request().bearer_auth(TOKEN).bearer_auth(TOKEN)),
        (
            "in the query",
            in_query.json(&json!({ "sub_id": opaque("ana") })),
        ),
    ] {
        let answer = sent(request).await;
        assert_eq!(answer.of_oauth(), (401, "invalid_token"), "{what}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
    // Before the body is looked at.
    let answer = sent(scene.service.http.post(&url).body("{")).await;
    assert_eq!(answer.status, 401);
    assert_eq!(version(&scene).await, before);
    assert!(is_in(&scene, &mut ana).await);
}

#[tokio::test]
async fn the_token_of_one_provider_is_none_of_another() {
    let scene = scene().await;
    let answer = post(&scene, "partner", TOKEN, opaque("ana")).await;
    assert_eq!(
        answer.of_oauth(),
        (404, "not_found"),
        "not configured there"
    );
    let answer = post(&scene, "unknown", TOKEN, opaque("ana")).await;
    assert_eq!(answer.of_oauth(), (404, "not_found"));
}

#[tokio::test]
async fn a_body_that_names_nobody_is_refused() {
    let scene = scene().await;
    let url = scene.service.page("/global-token-revocation/corp");
    let request = || scene.service.http.post(&url).bearer_auth(TOKEN);
    let large = json!({ "sub_id": opaque("ana"), "pad": "x".repeat(64 * 1024) });
    assert_eq!(sent(request().json(&large)).await.of_oauth().0, 413);
    for (what, request) in [
        (
            "no JSON",
            request()
                .header("content-type", "application/json")
                .body("{"),
        ),
        (
            "no type",
            request().body(json!({ "sub_id": opaque("ana") }).to_string()),
        ),
        (
            "no sub_id",
            request().json(&json!({ "subject": opaque("ana") })),
        ),
        ("a text", request().json(&json!({ "sub_id": "ana" }))),
        (
            "a number",
            request().json(&json!({ "sub_id": { "format": "phone_number", "phone_number": "1" } })),
        ),
    ] {
        let answer = sent(request).await;
        assert_eq!(answer.of_oauth(), (400, "invalid_request"), "{what}");
    }
}

#[tokio::test]
async fn a_token_that_can_be_guessed_is_refused_at_the_start() {
    let directory = Arc::new(TempDir::new().unwrap());
    let provider = OpenIdProvider::start().await;
    let path = |name: &str| directory.path().join(name).display().to_string();
    std::fs::write(path("secret"), SECRET).unwrap();
    std::fs::write(path("token"), "short-token").unwrap();
    let toml = format!(
        "[[identity_providers]]\nid = \"corp\"\nname = \"Corp\"\nissuer = \"{}\"\n\
         client_id = \"portcullis\"\nclient_secret_file = \"{}\"\n\
         [identity_providers.global_token_revocation]\ntoken_file = \"{}\"\n",
        provider.issuer,
        path("secret"),
        path("token"),
    );
    let refused = Service::start_in(directory, &toml).await.err().unwrap();
    let refused = format!("{refused}");
    assert!(
        refused.contains("identity_providers[0].global_token_revocation.token_file")
            && refused.contains("at least 32 characters")
            && !refused.contains("short-token"),
        "{refused}"
    );
}
