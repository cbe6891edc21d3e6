//! `POST /backchannel-logout/{id}`.

use reqwest::Method;
use serde_json::json;

use super::{ANA, Answer, events, first_key, is_in, new_id, sent, signed_in, told, version};
use crate::browser::{Browser, code_of};
use crate::openid_provider::keys::{Key, Token};
use crate::openid_provider::{CLIENT_ID, JWKS, Reply};
use crate::provider_sign_in::{Scene, Settings};

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

#[tokio::test]
async fn an_address_that_fails_too_often_has_to_wait() {
    let scene = Scene::with(Settings {
        rest: "[server]\ntrusted_proxies = [\"127.0.0.1\"]\n",
        ..Settings::default()
    })
    .await;
    let post_from = async |address: &str, token: &str| {
        let url = scene.service.page("/backchannel-logout/corp");
        let request = scene.service.http.post(url);
        let request = request.header("x-forwarded-for", address);
        sent(request.form(&[("logout_token", token)])).await
    };
    // Honest reports are never too many.
    let key = first_key(&scene);
    for _ in 0..130 {
        let token = logout(&scene, "unknown").signed(&key);
        assert_eq!(post_from("192.0.2.1", &token).await.status, 200);
    }
    for _ in 0..120 {
        assert_eq!(post_from("192.0.2.1", "x").await.status, 400);
    }
    let token = logout(&scene, "unknown").signed(&key);
    let answer = post_from("192.0.2.1", &token).await;
    assert_eq!(answer.of_oauth(), (429, "slow_down"));
    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(post_from("192.0.2.2", &token).await.status, 200);
}
