//! `POST /backchannel-logout/{id}`.

use portcullis_control::audit::{Actor, Initiator};
use portcullis_control::storage::{ProviderReport, ReportId, ReportOutcome, ReportedSession};
use reqwest::Method;
use serde_json::json;
use sqlx::AnyPool;

use super::{ANA, Answer, events, first_key, is_in, new_id, sent, signed_in, told, version};
use crate::browser::{Browser, code_of};
use crate::openid_provider::keys::{Key, Token};
use crate::openid_provider::{CLIENT_ID, JWKS, Reply};
use crate::provider_sign_in::Scene;

pub const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A logout token as an honest provider writes it, for a session of Ana.
pub fn logout(scene: &Scene, sid: &str) -> Token {
    let now = scene.service.clock_now();
    Token::new(json!({
        "iss": scene.corp.issuer,
        "aud": CLIENT_ID,
        "iat": now,
        "exp": now + 120,
        "jti": new_id(),
        "sub": "ana",
        "sid": sid,
        "events": { EVENT: {} },
    }))
    .header("typ", json!("logout+jwt"))
}

pub async fn post(scene: &Scene, token: &str) -> Answer {
    post_to(scene, "corp", token).await
}

pub async fn post_to(scene: &Scene, id: &str, token: &str) -> Answer {
    let url = scene.service.page(&format!("/backchannel-logout/{id}"));
    let form = [("logout_token", token)];
    sent(scene.service.http.post(url).form(&form)).await
}

/// As the provider sends it.
async fn report(scene: &Scene, token: &Token) -> Answer {
    post(scene, &token.signed(&first_key(scene))).await
}

#[tokio::test]
async fn b09_a_logout_at_the_provider_ends_what_began_with_that_session() {
    let scene = Scene::new().await;
    let mut first = signed_in(&scene, "ana", "s1").await;
    let mut same = signed_in(&scene, "ana", "s1").await;
    let mut other = signed_in(&scene, "ana", "s2").await;
    let mut bob = signed_in(&scene, "bob", "s3").await;
    let before = version(&scene).await;
    let answer = report(&scene, &logout(&scene, "s1")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.headers["cache-control"], "no-store");
    // One version, which filters are told of at once.
    assert_eq!(
        (version(&scene).await, told(&scene)),
        (before + 1, before + 1)
    );
    assert!(!is_in(&scene, &mut first).await && !is_in(&scene, &mut same).await);
    assert!(is_in(&scene, &mut other).await && is_in(&scene, &mut bob).await);
    let events = events(&scene).await;
    assert_eq!(events.len(), 1, "{events:?}");
    let event = &events[0];
    assert_eq!(event["reason"], "back_channel_logout");
    assert_eq!(
        (&event["actor"]["kind"], &event["actor"]["id"]),
        (&json!("provider"), &json!("corp"))
    );
    assert_eq!(event["subject"]["name"], ANA);
    assert_eq!(event["details"]["sessions"], 2);
    // They may sign in again.
    let response = scene.sign_in(&mut first, "corp", |token| token).await;
    code_of(&response, &scene.wiki);
}

#[tokio::test]
async fn b09_without_sid_all_sessions_of_the_person_end() {
    let scene = Scene::new().await;
    let mut first = signed_in(&scene, "ana", "s1").await;
    let mut other = signed_in(&scene, "ana", "s2").await;
    let mut bob = signed_in(&scene, "bob", "s1").await;
    let before = version(&scene).await;
    let answer = report(&scene, &logout(&scene, "").without("sid")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(version(&scene).await, before + 1);
    assert!(!is_in(&scene, &mut first).await && !is_in(&scene, &mut other).await);
    assert!(is_in(&scene, &mut bob).await);
    // A sign-out is no ban: there is no block.
    let response = scene.sign_in(&mut first, "corp", |token| token).await;
    code_of(&response, &scene.wiki);
}

#[tokio::test]
async fn b09_a_sign_in_on_its_way_does_not_outlive_the_logout_of_the_person() {
    let scene = Scene::new().await;
    signed_in(&scene, "ana", "s1").await;
    let mut late = Browser::default();
    let trip = scene.go(&mut late, "corp").await;
    let token = scene.token(&trip);
    let answer = report(&scene, &logout(&scene, "").without("sid")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let response = scene.come_back(&mut late, &trip, &token).await;
    assert!(scene.sessions().await.is_empty());
    let before = version(&scene).await;
    // To the provider once more, which decides as of now.
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    assert!(location.starts_with("/login/corp?app="), "{location}");
    let path = "audit?order=oldest_first&limit=1000&event=sign_in.refused";
    let (_, page) = scene.service.over_socket(Method::GET, path).await;
    assert_eq!(page["items"][0]["reason"], "revoked_meanwhile", "{page}");
    let response = late.get(&scene.service, &location).await;
    let trip = scene.trip(&response, "corp");
    let token = scene.token(&trip);
    let response = scene.come_back(&mut late, &trip, &token).await;
    code_of(&response, &scene.wiki);
    assert_eq!(version(&scene).await, before);
}

#[tokio::test]
async fn b09_without_sub_the_session_alone_is_named() {
    let scene = Scene::new().await;
    let mut browser = signed_in(&scene, "ana", "s1").await;
    let answer = report(&scene, &logout(&scene, "s1").without("sub")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(!is_in(&scene, &mut browser).await);
}

#[tokio::test]
async fn a_session_of_somebody_else_or_of_another_provider_goes_on() {
    let scene = Scene::new().await;
    let mut ana = signed_in(&scene, "ana", "s1").await;
    let mut partner = Browser::default();
    let response = scene
        .sign_in(&mut partner, "partner", |token| {
            token.with("sid", json!("s9"))
        })
        .await;
    code_of(&response, &scene.wiki);
    let before = version(&scene).await;
    let of_bob = logout(&scene, "s1").with("sub", json!("bob"));
    for token in [of_bob, logout(&scene, "s9"), logout(&scene, "unknown")] {
        let answer = report(&scene, &token).await;
        assert_eq!(answer.status, 200, "the person is signed out already");
    }
    assert_eq!(version(&scene).await, before);
    assert!(is_in(&scene, &mut ana).await && is_in(&scene, &mut partner).await);
    assert!(events(&scene).await.is_empty(), "nothing happened");
}

#[tokio::test]
async fn very_many_sessions_of_one_session_at_the_provider_end_in_several_versions() {
    let scene = Scene::new().await;
    let mut browser = signed_in(&scene, "ana", "s1").await;
    let pool = AnyPool::connect(&scene.service.database_url).await.unwrap();
    let numbers = if scene.service.database_url.starts_with("sqlite") {
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2499)"
    } else {
        "WITH n AS (SELECT i FROM generate_series(1, 2499) AS i)"
    };
    let columns = "user_id, auth_time, auth_ver, expires_at, created_at, identity_id, provider_sid";
    let copies = sqlx::AssertSqlSafe(format!(
        "{numbers} INSERT INTO sessions (id, {columns}) \
         SELECT 'copy-' || CAST(i AS TEXT), {columns} FROM sessions CROSS JOIN n"
    ));
    sqlx::query(copies).execute(&pool).await.unwrap();
    let before = version(&scene).await;
    let token = logout(&scene, "s1").signed(&first_key(&scene));
    assert_eq!(post(&scene, &token).await.status, 200);
    assert_eq!(
        (version(&scene).await, told(&scene)),
        (before + 3, before + 3)
    );
    let largest = "SELECT MAX(items) FROM \
                   (SELECT COUNT(*) AS items FROM feed_log GROUP BY version) AS versions";
    let (largest,): (i64,) = sqlx::query_as(largest).fetch_one(&pool).await.unwrap();
    assert_eq!(largest, 1_000);
    pool.close().await;
    assert!(!is_in(&scene, &mut browser).await);
    assert!(scene.sessions().await.is_empty());
    let told = events(&scene).await;
    let told = told
        .iter()
        .map(|event| event["details"]["sessions"].clone());
    assert_eq!(told.collect::<Vec<_>>(), [1_000, 1_000, 500]);
    assert_eq!(post(&scene, &token).await.status, 400, "it came before");
}

#[tokio::test]
async fn providers_of_one_issuer_are_each_told_with_the_same_id() {
    let scene = Scene::new().await;
    let mut corp = signed_in(&scene, "ana", "s1").await;
    let mut partner = Browser::default();
    let response = scene
        .sign_in(&mut partner, "partner", |token| {
            token.with("sid", json!("s1"))
        })
        .await;
    code_of(&response, &scene.wiki);
    let service = &scene.service.running.service;
    for (provider, browser) in [("corp", &mut corp), ("partner", &mut partner)] {
        let by = Initiator::from(Actor::Provider(provider.to_owned()));
        let report = ProviderReport {
            provider_id: provider,
            reason: "back_channel_logout",
            by: &by,
            once: Some(ReportId {
                issuer: "https://sso.example.com",
                jti: "the-same",
                expires_at: service.now(),
            }),
        };
        let session = ReportedSession {
            sid: "s1",
            subject: None,
        };
        let end = async || service.storage.end_reported_session(&report, session).await;
        let ReportOutcome::Done(ended) = end().await.unwrap() else {
            panic!("{provider}: it came before");
        };
        assert_eq!(ended.sessions, 1, "{provider}");
        assert!(!is_in(&scene, browser).await);
        assert_eq!(end().await.unwrap(), ReportOutcome::Repeated);
    }
}

#[tokio::test]
async fn a_type_of_before_logout_tokens_had_one_is_accepted() {
    let scene = Scene::new().await;
    for header in [json!("JWT"), json!("application/logout+jwt")] {
        let mut browser = signed_in(&scene, "ana", "s1").await;
        let token = logout(&scene, "s1").header("typ", header);
        assert_eq!(report(&scene, &token).await.status, 200);
        assert!(!is_in(&scene, &mut browser).await);
    }
}

#[tokio::test]
async fn a_new_key_of_the_provider_is_fetched() {
    let scene = Scene::new().await;
    let mut browser = signed_in(&scene, "ana", "s1").await;
    let new = Key::es256("second");
    scene.corp.script().keys.push(new.clone());
    scene.service.clock.advance(60);
    let answer = post(&scene, &logout(&scene, "s1").signed(&new)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(!is_in(&scene, &mut browser).await);
}

#[tokio::test]
async fn while_the_keys_cannot_be_fetched_the_provider_is_asked_to_try_again() {
    let scene = Scene::new().await;
    scene.corp.reply(JWKS, Reply::text("").status(503));
    let token = logout(&scene, "s1").signed(&first_key(&scene));
    let answer = post(&scene, &token).await;
    assert_eq!(answer.of_oauth(), (503, "temporarily_unavailable"));
    assert_eq!(answer.headers["retry-after"], "5");
    scene.corp.behave(JWKS);
    // The same token: it was not used up.
    assert_eq!(post(&scene, &token).await.status, 200);
}
