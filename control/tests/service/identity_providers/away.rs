//! A provider that is away, slow or failing.

use std::time::Duration;

use portcullis_control::identity_providers::error::{Endpoint, ProviderError};
use serde_json::json;

use super::{Scene, configuration, open};
use crate::openid_provider::{DISCOVERY, JWKS, OpenIdProvider, Reply, SECRET, TOKEN, USERINFO};

fn away(error: &ProviderError) -> Endpoint {
    match error {
        ProviderError::Away { endpoint, .. } => *endpoint,
        other => panic!("not away: {other}"),
    }
}

#[tokio::test]
async fn away_before_the_first_sign_in_and_back_again() {
    let mut scene = Scene::new().await;
    scene.provider.stop().await;
    let error = scene.corp().check_callback_issuer(None).await.unwrap_err();
    assert_eq!(away(&error), Endpoint::Discovery);
    assert_eq!(error.reason(), "provider_away");
    assert!(error.to_string().contains("refused"), "{error}");
    let logout = scene.corp().end_session_url(None, "https://x/").await;
    assert_eq!(logout, None);
    scene.provider.start_again().await;
    scene.sign_in(&scene.token()).await.unwrap();
}

#[tokio::test]
async fn away_in_the_middle_of_a_sign_in() {
    let mut scene = Scene::new().await;
    scene.corp().documents().keys().await.unwrap();
    scene.provider.stop().await;
    let error = scene.sign_in(&scene.token()).await.unwrap_err();
    assert_eq!(away(&error), Endpoint::Token);
    scene.provider.start_again().await;
    scene.sign_in(&scene.token()).await.unwrap();
    for (endpoint, expected) in [(TOKEN, Endpoint::Token), (USERINFO, Endpoint::UserInfo)] {
        for status in [500, 503, 429] {
            scene
                .provider
                .reply(endpoint, Reply::text("<html>").status(status));
            let incomplete = scene.token().without("email");
            let error = scene.sign_in(&incomplete).await.unwrap_err();
            assert_eq!(away(&error), expected, "{status}");
        }
        scene.provider.behave(endpoint);
    }
}

#[tokio::test]
async fn b09_stale_documents_are_used_for_a_day_while_the_provider_is_away() {
    let scene = Scene::new().await;
    let documents = scene.corp().documents();
    documents.keys().await.unwrap();
    for endpoint in [DISCOVERY, JWKS] {
        scene.provider.reply(endpoint, Reply::text("").status(503));
    }
    // They are fresh for an hour, and usable for a day after that.
    scene.clock.advance(3_600 + 60);
    scene.sign_in(&scene.token()).await.unwrap();
    let calls = scene.provider.count(DISCOVERY);
    assert_eq!(calls, 2);
    // The provider is not asked by everybody meanwhile.
    scene.sign_in(&scene.token()).await.unwrap();
    assert_eq!(scene.provider.count(DISCOVERY), calls);
    scene.clock.advance(30);
    scene.sign_in(&scene.token()).await.unwrap();
    assert_eq!(scene.provider.count(DISCOVERY), calls + 1);
    scene.clock.advance(24 * 3_600);
    let error = scene.sign_in(&scene.token()).await.unwrap_err();
    assert_eq!(away(&error), Endpoint::Discovery);
}

#[tokio::test]
async fn a_provider_that_answers_wrongly_is_not_away() {
    let scene = Scene::new().await;
    let documents = scene.corp().documents();
    documents.metadata().await.unwrap();
    scene.clock.advance(3_600);
    // It is there, and no longer what it was: the old document is not used.
    scene.provider.script().discovery["issuer"] = json!("https://elsewhere.example");
    let error = documents.metadata().await.unwrap_err();
    assert_eq!(error.reason(), "provider_discovery_invalid");
}

#[tokio::test]
async fn b09_a_slow_provider_harms_no_other() {
    let (slow, quick) = (OpenIdProvider::start().await, OpenIdProvider::start().await);
    let directory = tempfile::TempDir::new().unwrap();
    let secret = directory.path().join("secret");
    std::fs::write(&secret, SECRET).unwrap();
    let authentication = format!("client_secret_file = {:?}", secret.to_str().unwrap());
    let toml = configuration(&slow.issuer, &authentication)
        + &configuration(&quick.issuer, &authentication).replace("\"corp\"", "\"quick\"");
    let clock = std::sync::Arc::default();
    let providers = open(&toml, &clock).unwrap();
    slow.reply(DISCOVERY, Reply::nothing());
    let (corp, quick) = (
        providers.by_id("corp").unwrap(),
        providers.by_id("quick").unwrap(),
    );
    let waiting = futures_util::future::join_all((0..100).map(|_| corp.documents().metadata()));
    tokio::pin!(waiting);
    tokio::select! {
        biased;
        _ = &mut waiting => panic!("the slow provider answered first"),
        quick = quick.documents().metadata() => drop(quick.unwrap()),
    }
    let ids: Vec<&str> = providers.all().map(|provider| provider.id()).collect();
    assert_eq!(ids, ["corp", "quick"]);
}

#[tokio::test]
async fn calls_to_one_provider_are_bounded_in_number() {
    let scene = Scene::new().await;
    scene.corp().documents().keys().await.unwrap();
    scene.provider.reply(TOKEN, Reply::nothing());
    let sign_ins = (0..60).map(|_| scene.redeem("code", None));
    let ended = futures_util::future::join_all(sign_ins);
    tokio::pin!(ended);
    // Long before the first call is given up: then others take its place.
    tokio::select! {
        biased;
        _ = &mut ended => panic!("a provider that is silent answered"),
        () = tokio::time::sleep(Duration::from_secs(1)) => {}
    }
    assert_eq!(scene.provider.count(TOKEN), 16);
    for outcome in ended.await {
        assert_eq!(away(&outcome.unwrap_err()), Endpoint::Token);
    }
}
