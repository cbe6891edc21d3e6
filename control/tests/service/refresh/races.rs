//! Refreshes that are repeated, at the same time, elsewhere, and beside a revocation.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{ANA, Expired, claims, forbidden, token_of};
use crate::harness::problem;

#[tokio::test]
async fn a_repeated_refresh_gets_the_same_token_for_ten_seconds_from_any_replica() {
    let at = Expired::new().await;
    let replica = at.service.replica().await;
    let first = token_of(at.refresh().await).await;
    at.service.clock.advance(9);
    assert_eq!(token_of(at.refresh().await).await, first);
    let elsewhere = replica.post(&at.credential, "refresh", at.body()).await;
    assert_eq!(token_of(elsewhere).await, first);
    at.service.clock.advance(2);
    let second = token_of(at.refresh().await).await;
    assert_ne!(claims(&second)["jti"], claims(&first)["jti"]);
    assert_eq!(token_of(at.refresh().await).await, second);
}

#[tokio::test]
async fn a_repeat_is_judged_too() {
    let at = Expired::new().await;
    let first = token_of(at.refresh().await).await;
    at.change_wiki(json!({ "policy": [{ "email_domains": ["example.com"] }] }))
        .await;
    let second = token_of(at.refresh().await).await;
    assert_ne!(claims(&first)["rule"], claims(&second)["rule"]);
    at.change_wiki(json!({ "policy": [] })).await;
    assert_eq!(at.refused().await, forbidden("policy_denied"));
}

#[tokio::test]
async fn refreshes_at_the_same_time_get_the_same_token() {
    let at = Expired::new().await;
    let replica = at.service.replica().await;
    for _ in 0..5 {
        let here = || async { token_of(at.refresh().await).await };
        let there = || async {
            let response = replica.post(&at.credential, "refresh", at.body()).await;
            token_of(response).await
        };
        let (a, b, c, d, e, f) = tokio::join!(here(), there(), here(), there(), here(), there());
        assert_eq!(BTreeSet::from([a, b, c, d, e, f]).len(), 1);
        at.service.clock.advance(11);
    }
}

#[tokio::test]
async fn an_old_token_can_be_refreshed_after_its_successor_was() {
    let at = Expired::new().await;
    let first = token_of(at.refresh().await).await;
    let mut body = at.body();
    body["token"] = json!(first);
    let second = token_of(at.call(body.clone()).await).await;
    // A tab that still sends the first one, and one that still sends the second.
    assert_eq!(token_of(at.refresh().await).await, first);
    assert_eq!(token_of(at.call(body).await).await, second);
}

#[tokio::test]
async fn what_is_issued_beside_a_revocation_is_refused_by_it() {
    let (mut before, mut after) = (0, 0);
    for round in 0..12 {
        let mut at = Expired::new().await;
        let what = if round % 2 == 0 {
            ("/revocations/application", json!({ "name": "wiki" }))
        } else {
            ("/revocations/user", json!({ "email": ANA }))
        };
        let (response, revoked) =
            tokio::join!(at.refresh(), at.service.done(what.0, what.1.clone()));
        let revoked = revoked["version"].as_u64().unwrap();
        if response.status() == StatusCode::OK {
            before += 1;
            let token = token_of(response).await;
            let ver = claims(&token)["ver"].as_u64().unwrap();
            assert!(ver < revoked, "judged before it: {ver} < {revoked}");
            at.token = token;
        } else {
            after += 1;
        }
        // Neither the old token nor what the race gave leads on.
        let reason = problem(at.refresh().await).await.1;
        assert!(
            ["session_ended", "user_blocked"].contains(&reason.as_str()),
            "{reason}"
        );
    }
    println!("{before} refreshes were judged before the revocation, {after} after it");
}

#[tokio::test]
async fn stored_refreshes_hold_no_token_and_are_tidied_away() {
    let at = Expired::new().await;
    let token = token_of(at.refresh().await).await;
    let storage = &at.service.running.service.storage;
    let stored = at.rows().await;
    assert_eq!(stored.len(), 1);
    let signature = token.rsplit('.').next().unwrap();
    let secret = at.binding.as_str().unwrap();
    assert!(!stored[0].contains(signature) && !stored[0].contains(secret));
    let held: Value = serde_json::from_str(&stored[0]).unwrap();
    assert_eq!(held, claims(&token));
    at.service.clock.advance(61);
    let now = at.service.running.service.now();
    storage.tidy(now, now).await.unwrap();
    assert!(at.rows().await.is_empty());
}
