//! How many reports are looked at, and what is looked at first.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis_control::provider_events::limits::VERIFIED_A_MINUTE;
use portcullis_control::system::clock::Clock as _;
use reqwest::{RequestBuilder, Url};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::back_channel_logout::logout;
use super::global_token_revocation::TOKEN as REVOCATION_TOKEN;
use super::security_events::{BEARER, SESSION_REVOKED, event};
use super::{Answer, first_key, is_in, sent, signed_in};
use crate::browser::{Browser, code_of};
use crate::openid_provider::JWKS;
use crate::openid_provider::keys::{Key, Token};
use crate::provider_sign_in::{Scene, Settings};

const ONE: &str = "192.0.2.1";
const OTHER: &str = "198.51.100.2";
const LOGOUT: &str = "/backchannel-logout/corp";
const REVOCATION: &str = "/global-token-revocation/corp";
const EVENTS: &str = "/events/corp";

/// With all endpoints, behind a proxy.
async fn scene() -> Scene {
    Scene::with(Settings {
        rest: "[server]\ntrusted_proxies = [\"127.0.0.1\"]\n",
        corp: "[[identity_providers.events]]\n\
               audience = \"https://team.example.com/events/corp\"\n\
               token_file = \"{directory}/token\"\n\
               [identity_providers.global_token_revocation]\n\
               token_file = \"{directory}/token\"",
        file: Some(("token", BEARER)),
        ..Settings::default()
    })
    .await
}

fn from(scene: &Scene, address: &str, path: &str) -> RequestBuilder {
    let request = scene.service.http.post(scene.service.page(path));
    request.header("x-forwarded-for", address)
}

async fn log_out(scene: &Scene, address: &str, token: &str) -> Answer {
    sent(from(scene, address, LOGOUT).form(&[("logout_token", token)])).await
}

/// Somebody whom nobody knows.
fn unknown(scene: &Scene) -> String {
    logout(scene, "unknown").signed(&first_key(scene))
}

async fn revoke(scene: &Scene, address: &str, bearer: &str, issuer: &str) -> Answer {
    let named = json!({ "format": "iss_sub", "iss": issuer, "sub": "ana" });
    let request = from(scene, address, REVOCATION).bearer_auth(bearer);
    sent(request.json(&json!({ "sub_id": named }))).await
}

async fn push(scene: &Scene, address: &str, bearer: &str, token: &Token) -> Answer {
    let token = token.signed(&first_key(scene));
    let request = from(scene, address, EVENTS).bearer_auth(bearer);
    let request = request.header("content-type", "application/secevent+jwt");
    sent(request.header("accept", "application/json").body(token)).await
}

#[tokio::test]
async fn a_network_whose_reports_fail_too_often_has_to_wait() {
    let scene = scene().await;
    // Honest reports are never too many.
    for _ in 0..130 {
        let token = unknown(&scene);
        assert_eq!(log_out(&scene, ONE, &token).await.status, 200);
    }
    for _ in 0..120 {
        assert_eq!(log_out(&scene, ONE, "x").await.status, 400);
    }
    let token = unknown(&scene);
    let answer = log_out(&scene, ONE, &token).await;
    assert_eq!(answer.of_oauth(), (429, "slow_down"));
    assert_eq!(answer.headers["retry-after"], "1");
    // For another network, and at another provider, it is as if nothing had been.
    assert_eq!(log_out(&scene, OTHER, &token).await.status, 200);
    let partner = from(&scene, ONE, "/backchannel-logout/partner");
    let answer = sent(partner.form(&[("logout_token", "x")])).await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn wrong_bearers_at_the_endpoint_of_revocations_are_limited() {
    let scene = scene().await;
    let issuer = scene.corp.issuer.clone();
    for _ in 0..120 {
        let answer = revoke(&scene, ONE, REVOCATION_TOKEN, &issuer).await;
        assert_eq!(answer.status, 401, "it is of another scene");
    }
    let answer = revoke(&scene, ONE, BEARER, &issuer).await;
    assert_eq!(answer.of_oauth(), (429, "slow_down"));
    assert_eq!(revoke(&scene, OTHER, BEARER, &issuer).await.status, 404);
}

#[tokio::test]
async fn wrong_bearers_at_the_endpoint_of_events_are_limited() {
    let scene = scene().await;
    let token = event(&scene, SESSION_REVOKED);
    for _ in 0..120 {
        let answer = push(&scene, ONE, REVOCATION_TOKEN, &token).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.body["err"], "authentication_failed");
    }
    assert_eq!(push(&scene, ONE, BEARER, &token).await.status, 429);
    assert_eq!(push(&scene, OTHER, BEARER, &token).await.status, 202);
}

#[tokio::test]
async fn whoever_has_proven_who_they_are_does_not_fail() {
    let scene = scene().await;
    let (token, event) = (unknown(&scene), event(&scene, SESSION_REVOKED));
    assert_eq!(log_out(&scene, ONE, &token).await.status, 200);
    for _ in 0..130 {
        // The same once more, and people of another issuer.
        assert_eq!(log_out(&scene, ONE, &token).await.status, 400);
        assert_eq!(push(&scene, ONE, BEARER, &event).await.status, 202);
        let other = revoke(&scene, ONE, BEARER, "https://other.example").await;
        assert_eq!(other.status, 404);
    }
    let token = unknown(&scene);
    assert_eq!(log_out(&scene, ONE, &token).await.status, 200);
}

#[tokio::test]
async fn b09_a_provider_out_of_control_is_told_to_wait_at_every_endpoint() {
    let scene = scene().await;
    let mut browser = signed_in(&scene, "ana", "s1").await;
    let service = &scene.service.running.service;
    let now = scene.service.clock.now();
    for _ in 0..VERIFIED_A_MINUTE {
        service.report_limits.verified("corp", now).unwrap();
    }
    let token = logout(&scene, "s1").signed(&first_key(&scene));
    let event = event(&scene, SESSION_REVOKED);
    let issuer = scene.corp.issuer.clone();
    let answers = [
        log_out(&scene, ONE, &token).await,
        revoke(&scene, ONE, BEARER, &issuer).await,
        push(&scene, ONE, BEARER, &event).await,
    ];
    for answer in &answers {
        assert_eq!(answer.status, 429, "{}", answer.body);
        assert_eq!(answer.headers["retry-after"], "1");
    }
    assert!(is_in(&scene, &mut browser).await);
    // What was refused counts when it comes again.
    scene.service.clock.advance(60);
    assert_eq!(log_out(&scene, ONE, &token).await.status, 200);
    assert!(!is_in(&scene, &mut browser).await);
}

#[tokio::test]
async fn b09_strangers_do_not_spend_the_fetches_of_new_keys() {
    let scene = scene().await;
    signed_in(&scene, "ana", "s1").await;
    let forged = || logout(&scene, "s1").signed(&Key::es256("of-nobody"));
    let fetches = scene.corp.count(JWKS);
    assert_eq!(log_out(&scene, ONE, &forged()).await.status, 400);
    assert_eq!(scene.corp.count(JWKS), fetches + 1);
    for _ in 0..5 {
        let answer = log_out(&scene, ONE, &forged()).await;
        assert_eq!(answer.of_oauth(), (503, "temporarily_unavailable"));
        assert_eq!(answer.headers["retry-after"], "5");
    }
    // The provider has new keys. Its reports wait for a few seconds.
    let new = Key::es256("second");
    scene.corp.script().keys = vec![new.clone()];
    let token = logout(&scene, "s1").signed(&new);
    assert_eq!(log_out(&scene, OTHER, &token).await.status, 503);
    scene.service.clock.advance(5);
    assert_eq!(log_out(&scene, OTHER, &token).await.status, 200);
    // Its sign-ins do not wait.
    scene.corp.script().keys = vec![Key::es256("third")];
    assert_eq!(log_out(&scene, OTHER, &forged()).await.status, 503);
    let mut browser = Browser::default();
    let response = scene.sign_in(&mut browser, "corp", |token| token).await;
    code_of(&response, &scene.wiki);
}

/// The status of the answer to a head whose body never comes.
async fn without_body(scene: &Scene, path: &str, more: &str) -> String {
    let url = Url::parse(&scene.service.page(path)).unwrap();
    let address = (url.host_str().unwrap(), url.port().unwrap());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: team.example.com\r\ncontent-length: 1000\r\n{more}\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    let read = stream.read_exact(&mut status);
    let read = tokio::time::timeout(Duration::from_secs(5), read).await;
    read.expect("it waits for the body").unwrap();
    String::from_utf8(status[9..].to_vec()).unwrap()
}

#[tokio::test]
async fn limits_and_bearers_are_looked_at_before_a_body_is_read() {
    let scene = scene().await;
    for bearer in ["", "authorization: Bearer wrong\r\n"] {
        assert_eq!(without_body(&scene, REVOCATION, bearer).await, "401");
        assert_eq!(without_body(&scene, EVENTS, bearer).await, "400");
    }
    let nowhere = "/events/partner";
    assert_eq!(without_body(&scene, nowhere, "").await, "404");
    for _ in 0..120 {
        log_out(&scene, ONE, "x").await;
    }
    let from_there = format!("x-forwarded-for: {ONE}\r\n");
    for path in [LOGOUT, REVOCATION, EVENTS] {
        assert_eq!(without_body(&scene, path, &from_there).await, "429");
    }
}

/// What is logged, at the level of warnings.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn an_event_about_a_person_of_another_issuer_is_told_of() {
    let scene = scene().await;
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let named = json!({ "format": "iss_sub", "iss": "https://other.example", "sub": "ana" });
    let token = event(&scene, SESSION_REVOKED).with("sub_id", named);
    assert_eq!(push(&scene, ONE, BEARER, &token).await.status, 202);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("`iss` in its `sub_id`"), "{text}");
    assert!(text.contains("provider=\"corp\""), "{text}");
}
