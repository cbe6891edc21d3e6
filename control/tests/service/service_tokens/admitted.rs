//! What a service token gets that a policy admits, and how its access ends: also by the filter itself.

use portcullis::filter::Effect;

use super::*;
use crate::device::claims;
use crate::gate::Gate;
use crate::metrics::scrape::{Scrape, with_metrics};

/// What a program gets at the wiki: admitted, or the status and the reason.
async fn sent(scene: &Scene, gate: &mut Gate, pair: &Pair) -> Result<(), (u16, &'static str)> {
    let fields = [
        ("x-access-client-id", pair.client_id.as_str()),
        ("x-access-client-secret", &pair.client_secret),
    ];
    match gate.get(&scene.service, "/api", &fields).await {
        Effect::Continue(changes) => {
            assert_eq!(changes.identity.unwrap().id(), pair.subject());
            assert!(changes.response.is_empty(), "a cookie");
            Ok(())
        }
        Effect::Reply(reply) => Err((reply.status, reply.reason)),
        effect => panic!("{effect:?}"),
    }
}

const INVALID: Result<(), (u16, &str)> = Err((401, "service_token_invalid"));
const DENIED: Result<(), (u16, &str)> = Err((403, "policy_denied"));

#[tokio::test]
async fn s19_the_token_says_who_the_program_is_and_lasts_fifteen_minutes() {
    let (scene, ci) = Scene::with_ci().await;
    let token = claims(&scene.ask(&ci).await.unwrap());
    let now = scene.service.clock_now();
    for (claim, expected) in [
        ("sub", json!(ci.subject())),
        ("sid", json!(ci.subject())),
        ("email", json!("")),
        ("use", json!("header")),
        ("type", json!("app")),
        ("aud", json!([scene.audience])),
        ("iat", json!(now)),
        ("exp", json!(now + 15 * 60)),
        ("session_exp", json!(now + 365 * DAY)),
    ] {
        assert_eq!(token[claim], expected, "{claim}");
    }
    for absent in ["cnf", "every_navigation"] {
        assert!(token.get(absent).is_none(), "{token}");
    }
    assert_eq!(token["ver"], token["auth_ver"]);
    let again = claims(&scene.ask(&ci).await.unwrap());
    assert_ne!(token["jti"], again["jti"]);
}

#[tokio::test]
async fn s19_a_token_outlives_neither_the_secret_nor_the_applications_duration() {
    let (scene, ci) = Scene::with_ci().await;
    let life = async |pair: &Pair| {
        let token = claims(&scene.ask(pair).await.unwrap());
        token["exp"].as_u64().unwrap() - token["iat"].as_u64().unwrap()
    };
    scene.set(json!({ "session_duration": "0" })).await;
    assert_eq!(life(&ci).await, 60);
    scene.set(json!({ "session_duration": "2h" })).await;
    assert_eq!(life(&ci).await, 15 * 60);
    let rotated = scene.change("ci", "rotate", json!({ "grace": "1h" })).await;
    scene.service.clock.advance(3_600 - 100);
    assert_eq!(life(&ci).await, 100);
    assert_eq!(life(&Pair::of(&rotated)).await, 15 * 60);
    let body = json!({ "expires": "1h" });
    let last = Pair::of(&scene.change("ci", "rotate", body).await);
    scene.service.clock.advance(3_600 - 7);
    assert_eq!(life(&last).await, 7);
}

#[tokio::test]
async fn s19_a_use_is_noted_to_the_hour() {
    let (scene, ci) = Scene::with_ci().await;
    let seen = async || scene.service.listed(ALL).await[0]["last_seen_at"].clone();
    let people = json!([{ "id": "people", "action": "allow", "include": [{ "everyone": true }] }]);
    scene.set(json!({ "policy": people })).await;
    assert_eq!(scene.ask(&ci).await, not_admitted());
    assert_eq!(seen().await, Value::Null, "who is not admitted is not seen");
    scene.admit("ci", json!({})).await;
    let now = scene.service.clock_now();
    let to_hour = 3_600 - now % 3_600;
    scene.ask(&ci).await.unwrap();
    assert_eq!(seen().await, now - now % 3_600);
    scene.service.clock.advance(to_hour - 1);
    scene.ask(&ci).await.unwrap();
    assert_eq!(seen().await, now - now % 3_600);
    scene.service.clock.advance(1);
    scene.ask(&ci).await.unwrap();
    assert_eq!(seen().await, now + to_hour);
}

#[tokio::test]
async fn s19_the_token_of_a_service_is_neither_refreshed_nor_signs_anyone_out() {
    let (scene, ci) = Scene::with_ci().await;
    let token = scene.ask(&ci).await.unwrap();
    let body = json!({ "token": token, "origin": WIKI });
    for call in ["refresh", "logout"] {
        let answer = scene.service.post(&scene.credential, call, body.clone());
        let refused = problem(answer.await).await;
        assert_eq!(refused, (400, "token_invalid".into()), "{call}");
    }
}

#[tokio::test]
async fn s19_issued_tokens_are_counted() {
    let service = with_metrics().await;
    let audience = service.wiki(json!({})).await;
    let credential = service.credential(&[]).await;
    let scene = Scene {
        service,
        audience,
        credential,
    };
    let ci = scene.made("ci").await;
    scene.admit("ci", json!({})).await;
    scene.ask(&ci).await.unwrap();
    let scrape = Scrape::of(&scene.service).await;
    let series = "portcullis_control_tokens_issued_total{for=\"service\"}";
    assert_eq!(scrape.value(series), 1.0);
}

#[tokio::test]
async fn s19_a_disabled_service_token_is_out_at_the_next_request_and_in_again_when_enabled() {
    let (scene, ci) = Scene::with_ci().await;
    let mut gate = Gate::new(&scene.service).await;
    assert_eq!(sent(&scene, &mut gate, &ci).await, Ok(()));
    scene.service.clock.advance(30);
    scene.change("ci", "disable", json!({})).await;
    assert_eq!(sent(&scene, &mut gate, &ci).await, INVALID);
    scene.change("ci", "enable", json!({})).await;
    assert_eq!(sent(&scene, &mut gate, &ci).await, INVALID, "remembered");
    scene.service.clock.advance(10);
    assert_eq!(sent(&scene, &mut gate, &ci).await, Ok(()));
    scene.delete("ci").await;
    scene.service.clock.advance(10);
    assert_eq!(sent(&scene, &mut gate, &ci).await, INVALID);
    // The name may be given again; the pair is another one.
    let new = scene.made("ci").await;
    assert_eq!(sent(&scene, &mut gate, &new).await, Ok(()));
    scene.service.clock.advance(10);
    assert_eq!(sent(&scene, &mut gate, &ci).await, INVALID);
}

#[tokio::test]
async fn s19_a_change_of_the_policy_acts_at_the_next_request() {
    let (scene, ci) = Scene::with_ci().await;
    let mut gate = Gate::new(&scene.service).await;
    assert_eq!(sent(&scene, &mut gate, &ci).await, Ok(()));
    scene.service.clock.advance(30);
    let people = json!([{ "id": "people", "action": "allow", "include": [{ "everyone": true }] }]);
    scene.set(json!({ "policy": people })).await;
    assert_eq!(sent(&scene, &mut gate, &ci).await, DENIED);
    // Although the refusal was remembered.
    scene.service.clock.advance(1);
    scene.admit("ci", json!({})).await;
    assert_eq!(sent(&scene, &mut gate, &ci).await, Ok(()));
    // The gate's clients have no address, so no network fits.
    scene.service.clock.advance(30);
    let networks = json!({ "require": [{ "ip": ["10.0.0.0/8"] }] });
    scene.admit("ci", networks).await;
    assert_eq!(sent(&scene, &mut gate, &ci).await, DENIED);
}

#[tokio::test]
async fn s19_a_revoked_application_asks_for_the_pair_again_and_a_refused_key_too() {
    let (scene, ci) = Scene::with_ci().await;
    let mut gate = Gate::new(&scene.service).await;
    assert_eq!(sent(&scene, &mut gate, &ci).await, Ok(()));
    for fresh_login in [false, true] {
        scene.service.clock.advance(30);
        let revoke = json!({ "name": "wiki", "fresh_login": fresh_login });
        let path = "/revocations/application";
        scene.service.done(path, revoke).await;
        assert_eq!(sent(&scene, &mut gate, &ci).await, Ok(()), "{fresh_login}");
    }
    scene.service.clock.advance(30);
    let path = "/api/admin/v1/keys";
    let keys = scene.service.listed(path).await;
    let kid = keys[0]["kid"].as_str().unwrap();
    let path = format!("{path}/{kid}/refuse");
    scene.service.done(&path, json!({})).await;
    assert_eq!(sent(&scene, &mut gate, &ci).await, Ok(()));
}

#[tokio::test]
async fn s19_an_old_secret_stops_at_the_end_of_its_grace_although_its_token_was_kept() {
    let (scene, old) = Scene::with_ci().await;
    let rotated = scene.change("ci", "rotate", json!({ "grace": "1h" })).await;
    let new = Pair::of(&rotated);
    let mut gate = Gate::new(&scene.service).await;
    scene.service.clock.advance(3_600 - 60);
    for pair in [&old, &new] {
        assert_eq!(sent(&scene, &mut gate, pair).await, Ok(()));
    }
    scene.service.clock.advance(59);
    assert_eq!(sent(&scene, &mut gate, &old).await, Ok(()));
    scene.service.clock.advance(1);
    assert_eq!(sent(&scene, &mut gate, &old).await, INVALID);
    assert_eq!(sent(&scene, &mut gate, &new).await, Ok(()));
    // A secret that another rotation displaces ends at once.
    let third = Pair::of(&scene.change("ci", "rotate", json!({ "grace": "1h" })).await);
    assert_eq!(sent(&scene, &mut gate, &new).await, Ok(()));
    scene.service.clock.advance(30);
    let fourth = Pair::of(&scene.change("ci", "rotate", json!({ "grace": "1h" })).await);
    assert_eq!(sent(&scene, &mut gate, &new).await, INVALID);
    for pair in [&third, &fourth] {
        assert_eq!(sent(&scene, &mut gate, pair).await, Ok(()));
    }
}

#[tokio::test]
async fn s19_every_replica_knows_a_service_token_and_its_end() {
    let (scene, ci) = Scene::with_ci().await;
    let replica = scene.service.replica().await;
    let scene_of_replica = Scene {
        service: replica,
        audience: scene.audience.clone(),
        credential: scene.credential.clone(),
    };
    scene_of_replica.ask(&ci).await.unwrap();
    scene_of_replica.change("ci", "disable", json!({})).await;
    assert_eq!(scene.ask(&ci).await, invalid());
}

/// A rule for people never decides about a program, whatever its name is.
#[tokio::test]
async fn s19_only_a_rule_for_services_admits_a_service_token() {
    let (scene, ci) = Scene::with_ci().await;
    let named_so = json!([
        { "id": "ci", "action": "allow", "include": [{ "email": "ci@example.com" }, { "everyone": true }] },
    ]);
    scene.set(json!({ "policy": named_so })).await;
    assert_eq!(scene.ask(&ci).await, not_admitted());
    // Nor does a rule that blocks everyone keep it out.
    let blocked = json!([
        { "id": "nobody", "action": "block", "include": [{ "everyone": true }] },
        { "id": "ci", "action": "service", "include": [{ "service_token": ["other", "ci"] }] },
    ]);
    scene.made("other").await;
    scene.set(json!({ "policy": blocked })).await;
    scene.ask(&ci).await.unwrap();
}
