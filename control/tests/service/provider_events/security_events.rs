//! `POST /events/{id}`: security events of a transmitter.

use std::sync::Arc;

use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::{ANA, Answer, events, first_key, is_in, new_id, sent, signed_in, told, version};
use crate::browser::code_of;
use crate::openid_provider::keys::{Key, Token};
use crate::openid_provider::{CLIENT_ID, Reply, TRANSMITTER};
use crate::provider_sign_in::{Scene, Settings};

pub const BEARER: &str = "what-the-transmitter-sends-0123456789";
const AUDIENCE: &str = "https://team.example.com/events/corp";
pub const SESSION_REVOKED: &str =
    "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
const CREDENTIAL_CHANGE: &str =
    "https://schemas.openid.net/secevent/caep/event-type/credential-change";
const ACCOUNT_DISABLED: &str =
    "https://schemas.openid.net/secevent/risc/event-type/account-disabled";
const ACCOUNT_ENABLED: &str = "https://schemas.openid.net/secevent/risc/event-type/account-enabled";
const VERIFICATION: &str = "https://schemas.openid.net/secevent/ssf/event-type/verification";

/// The transmitter of `corp` has the issuer of the provider, and a bearer token.
async fn scene() -> Scene {
    Scene::with(Settings {
        corp: "[[identity_providers.events]]\n\
               audience = \"https://team.example.com/events/corp\"\n\
               token_file = \"{directory}/token\"",
        file: Some(("token", BEARER)),
        ..Settings::default()
    })
    .await
}

/// An event about Ana as an honest transmitter writes it.
pub fn event(scene: &Scene, kind: &str) -> Token {
    let issuer = &scene.corp.issuer;
    Token::new(json!({
        "iss": issuer,
        "aud": AUDIENCE,
        "iat": scene.service.clock_now(),
        "jti": new_id(),
        "sub_id": { "format": "iss_sub", "iss": issuer, "sub": "ana" },
        "events": { kind: { "event_timestamp": 1 } },
    }))
    .header("typ", json!("secevent+jwt"))
}

fn request(scene: &Scene, token: &str) -> RequestBuilder {
    let url = scene.service.page("/events/corp");
    let request = scene.service.http.post(url);
    request
        .header("content-type", "application/secevent+jwt")
        .header("accept", "application/json")
        .body(token.to_owned())
}

async fn push(scene: &Scene, token: &Token) -> Answer {
    let token = token.signed(&first_key(scene));
    sent(request(scene, &token).bearer_auth(BEARER)).await
}

/// The error code of a refusal by RFC 8935.
fn refusal(answer: &Answer) -> (u16, &str) {
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["content-language"], "en");
    assert!(answer.body["description"].is_string());
    (answer.status, answer.body["err"].as_str().unwrap())
}

#[tokio::test]
async fn b09_a_revoked_session_and_a_changed_credential_end_the_persons_sessions() {
    let scene = scene().await;
    for (kind, reason) in [
        (SESSION_REVOKED, "session_revoked"),
        (CREDENTIAL_CHANGE, "credential_change"),
    ] {
        let mut first = signed_in(&scene, "ana", "s1").await;
        let mut other = signed_in(&scene, "ana", "s2").await;
        let mut bob = signed_in(&scene, "bob", "s3").await;
        let before = version(&scene).await;
        let answer = push(&scene, &event(&scene, kind)).await;
        assert_eq!((answer.status, answer.body), (202, Value::Null));
        assert_eq!(
            (version(&scene).await, told(&scene)),
            (before + 1, before + 1)
        );
        assert!(!is_in(&scene, &mut first).await && !is_in(&scene, &mut other).await);
        assert!(is_in(&scene, &mut bob).await);
        let events = events(&scene).await;
        let event = events.last().unwrap();
        assert_eq!(
            (&event["reason"], &event["actor"]["id"]),
            (&json!(reason), &json!("corp"))
        );
        assert_eq!(event["subject"]["name"], ANA);
        // It is no ban.
        let response = scene.sign_in(&mut first, "corp", |token| token).await;
        code_of(&response, &scene.wiki);
    }
    assert_eq!(events(&scene).await.len(), 2, "one line each");
}

#[tokio::test]
async fn b09_a_disabled_account_is_disabled_here_until_an_administrator_enables_it() {
    let scene = scene().await;
    let mut browser = signed_in(&scene, "ana", "s1").await;
    let answer = push(&scene, &event(&scene, ACCOUNT_DISABLED)).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    assert!(!is_in(&scene, &mut browser).await);
    scene.service.clock.advance(3_600);
    let response = scene.sign_in(&mut browser, "corp", |token| token).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    // Enabling is not the provider's to do.
    assert_eq!(
        push(&scene, &event(&scene, ACCOUNT_ENABLED)).await.status,
        202
    );
    let response = scene.sign_in(&mut browser, "corp", |token| token).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let ana = json!({ "email": ANA });
    scene.service.done("/users/enable", ana).await;
    let response = scene.sign_in(&mut browser, "corp", |token| token).await;
    code_of(&response, &scene.wiki);
}

#[tokio::test]
async fn events_that_change_nothing_here_are_received() {
    let scene = scene().await;
    let mut ana = signed_in(&scene, "ana", "s1").await;
    let before = version(&scene).await;
    let named = |sub_id: Value| event(&scene, SESSION_REVOKED).with("sub_id", sub_id);
    for token in [
        event(&scene, VERIFICATION).without("sub_id"),
        event(&scene, "https://example.com/event/of-our-own"),
        named(json!({ "format": "opaque", "id": "nobody" })),
        named(json!({ "format": "iss_sub", "iss": "https://other.example", "sub": "ana" })),
    ] {
        let answer = push(&scene, &token).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
    }
    assert_eq!(version(&scene).await, before);
    assert!(is_in(&scene, &mut ana).await);
    assert!(events(&scene).await.is_empty());
}

#[tokio::test]
async fn a_replayed_event_is_received_and_changes_nothing() {
    let scene = scene().await;
    signed_in(&scene, "ana", "s1").await;
    let token = event(&scene, SESSION_REVOKED);
    assert_eq!(push(&scene, &token).await.status, 202);
    let mut browser = signed_in(&scene, "ana", "s2").await;
    let before = version(&scene).await;
    // RFC 8935, section 2: as if it had not come before.
    assert_eq!(push(&scene, &token).await.status, 202);
    assert!(is_in(&scene, &mut browser).await);
    scene.service.clock.advance(6 * 24 * 3_600);
    let mut browser = signed_in(&scene, "ana", "s2").await;
    assert_eq!(push(&scene, &token).await.status, 202);
    assert_eq!(version(&scene).await, before);
    assert!(is_in(&scene, &mut browser).await);
    assert_eq!(events(&scene).await.len(), 1);
}

/// The events are refused with these codes, and change nothing.
async fn refuses(scene: &Scene, tokens: impl IntoIterator<Item = (String, &'static str)>) {
    let mut ana = signed_in(scene, "ana", "s1").await;
    let before = version(scene).await;
    for (token, err) in tokens {
        let answer = sent(request(scene, &token).bearer_auth(BEARER)).await;
        assert_eq!(refusal(&answer), (400, err), "{}", answer.body);
    }
    assert_eq!(version(scene).await, before);
    assert!(is_in(scene, &mut ana).await);
}

#[tokio::test]
async fn an_event_for_another_audience_is_refused() {
    let scene = scene().await;
    let key = first_key(&scene);
    let token = event(&scene, SESSION_REVOKED);
    let signed = |audience: Value| token.clone().with("aud", audience).signed(&key);
    let wrong = [
        signed(json!("https://team.example.com/events/partner")),
        signed(json!(CLIENT_ID)),
        signed(json!([])),
        token.clone().without("aud").signed(&key),
    ];
    refuses(&scene, wrong.map(|token| (token, "invalid_audience"))).await;
    let several = token.with("aud", json!(["https://other.example", AUDIENCE]));
    assert_eq!(push(&scene, &several).await.status, 202);
}

#[tokio::test]
async fn an_event_of_another_issuer_is_refused() {
    let scene = scene().await;
    let key = first_key(&scene);
    let token = event(&scene, SESSION_REVOKED);
    let slash = json!(format!("{}/", scene.corp.issuer));
    let wrong = [
        token.clone().with("iss", json!(scene.partner.issuer)),
        token.clone().with("iss", slash),
    ];
    let wrong = wrong.map(|token| (token.signed(&key), "invalid_issuer"));
    refuses(&scene, wrong).await;
}

#[tokio::test]
async fn a_forged_event_is_refused() {
    let scene = scene().await;
    let key = first_key(&scene);
    let token = event(&scene, SESSION_REVOKED);
    let partner = Arc::clone(&scene.partner.script().keys[0]);
    let none = token.clone().header("alg", json!("none"));
    let hmac = token.clone().header("alg", json!("HS256"));
    let forged = [
        token.signed(&Key::es256("first")),
        token.signed(&Key::es256("of-nobody")),
        token.signed(&partner),
        none.unsigned(&key),
        hmac.hmac(&key, BEARER.as_bytes()),
    ];
    refuses(&scene, forged.map(|token| (token, "invalid_key"))).await;
}

#[tokio::test]
async fn an_event_of_another_type_or_without_what_it_needs_is_refused() {
    let scene = scene().await;
    let key = first_key(&scene);
    let now = scene.service.clock_now();
    let token = || event(&scene, SESSION_REVOKED);
    let wrong = [
        token().header("typ", json!("JWT")),
        token().header("typ", json!("logout+jwt")),
        token().without("jti"),
        token().without("iat"),
        token().without("events"),
        token().with("events", json!({})),
        token().without("sub_id"),
        token().with(
            "sub_id",
            json!({ "format": "phone_number", "phone_number": "1" }),
        ),
        token().with("iat", json!(now - 7 * 24 * 3_600 - 1)),
        token().with("iat", json!(now + 120)),
    ];
    let mut wrong: Vec<String> = wrong.iter().map(|token| token.signed(&key)).collect();
    wrong.extend(["".to_owned(), "a.b.c".to_owned()]);
    let wrong = wrong.into_iter().map(|token| (token, "invalid_request"));
    refuses(&scene, wrong).await;
}

#[tokio::test]
async fn a_wrong_bearer_is_refused_before_the_signature_is_looked_at() {
    let scene = scene().await;
    let token = event(&scene, SESSION_REVOKED).signed(&first_key(&scene));
    let forged = event(&scene, SESSION_REVOKED).signed(&Key::es256("first"));
    for token in [&token, &forged] {
        for request in [
            request(&scene, token),
            request(&scene, token).bearer_auth("another-token-0123456789abcdef0123"),
            request(&scene, token).basic_auth("x", Some(BEARER)),
        ] {
            let answer = sent(request).await;
            assert_eq!(refusal(&answer), (400, "authentication_failed"));
        }
    }
    assert_eq!(scene.corp.count(TRANSMITTER), 0);
}

#[tokio::test]
async fn a_transmitter_without_a_bearer_proves_itself_by_its_signature() {
    let scene = Scene::with_corp(
        "[[identity_providers.events]]\naudience = \"https://team.example.com/events/corp\"",
    )
    .await;
    let mut ana = signed_in(&scene, "ana", "s1").await;
    let token = event(&scene, SESSION_REVOKED);
    let forged = token.signed(&Key::es256("first"));
    let answer = sent(request(&scene, &forged)).await;
    assert_eq!(refusal(&answer), (400, "invalid_key"));
    assert!(is_in(&scene, &mut ana).await);
    let token = token.signed(&first_key(&scene));
    assert_eq!(sent(request(&scene, &token)).await.status, 202);
    assert!(!is_in(&scene, &mut ana).await);
}

#[tokio::test]
async fn the_wrong_content_type_and_bodies_over_64_kb_are_refused() {
    let scene = scene().await;
    let token = event(&scene, SESSION_REVOKED).signed(&first_key(&scene));
    let url = scene.service.page("/events/corp");
    let post = |kind: &'static str| {
        let request = scene.service.http.post(&url).bearer_auth(BEARER);
        request.header("content-type", kind).body(token.clone())
    };
    for kind in ["application/jwt", "application/json", "text/plain", ""] {
        let answer = sent(post(kind)).await;
        assert_eq!(refusal(&answer), (400, "invalid_request"), "{kind}");
    }
    let large = event(&scene, SESSION_REVOKED).with("pad", json!("x".repeat(64 * 1024)));
    assert_eq!(push(&scene, &large).await.status, 413);
    assert_eq!(
        sent(post("application/SecEvent+JWT; charset=utf-8"))
            .await
            .status,
        202
    );
}

#[tokio::test]
async fn a_transmitter_whose_configuration_is_of_another_issuer_is_not_believed() {
    let scene = scene().await;
    let mut ana = signed_in(&scene, "ana", "s1").await;
    let issuer = &scene.corp.issuer;
    let good = json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/jwks") });
    for (document, status) in [
        (
            json!({ "issuer": "https://other.example", "jwks_uri": good["jwks_uri"] }),
            200,
        ),
        (json!({ "issuer": issuer }), 200),
        (
            json!({ "issuer": issuer, "jwks_uri": "http://10.0.0.1/jwks" }),
            200,
        ),
        (good.clone(), 404),
    ] {
        let reply = Reply::json(&document).status(status);
        scene.corp.reply(TRANSMITTER, reply);
        let answer = push(&scene, &event(&scene, SESSION_REVOKED)).await;
        assert_eq!(answer.status, 503, "{}", answer.body);
    }
    assert!(is_in(&scene, &mut ana).await);
    scene.corp.behave(TRANSMITTER);
    let answer = push(&scene, &event(&scene, SESSION_REVOKED)).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    assert!(!is_in(&scene, &mut ana).await);
}

#[tokio::test]
async fn without_a_transmitter_there_is_no_endpoint() {
    let scene = Scene::new().await;
    let mut ana = signed_in(&scene, "ana", "s1").await;
    let answer = push(&scene, &event(&scene, SESSION_REVOKED)).await;
    assert_eq!(answer.status, 404);
    assert!(is_in(&scene, &mut ana).await);
}
