//! What a browser is sent to the provider with, and what may come back.

use std::collections::BTreeMap;

use portcullis_control::identity_providers::error::ProviderError;
use portcullis_control::identity_providers::provider::AuthorizationRequest;
use portcullis_control::tokens::secret::Plain;
use reqwest::Url;
use serde_json::json;

use super::{NONCE, REDIRECT_URI, Scene};
use crate::openid_provider::{CLIENT_ID, TOKEN};

async fn query(scene: &Scene, fresh: bool) -> BTreeMap<String, String> {
    let request = AuthorizationRequest {
        redirect_uri: REDIRECT_URI,
        state: "state&prompt=none",
        nonce: NONCE,
        code_challenge: "challenge",
        fresh,
    };
    let url = scene.corp().authorization_url(&request).await.unwrap();
    let url = Url::parse(&url).unwrap();
    let endpoint = format!("{}/authorize", scene.provider.issuer);
    assert_eq!(url.as_str().split('?').next().unwrap(), endpoint);
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let query: BTreeMap<String, String> = pairs.iter().cloned().collect();
    assert_eq!(query.len(), pairs.len(), "a parameter is there twice");
    query
}

#[tokio::test]
async fn b09_a_request_has_pkce_state_and_nonce_always() {
    let scene = Scene::new().await;
    let expected = [
        ("client_id", CLIENT_ID),
        ("code_challenge", "challenge"),
        ("code_challenge_method", "S256"),
        ("nonce", NONCE),
        ("redirect_uri", REDIRECT_URI),
        ("response_type", "code"),
        ("scope", "openid email profile"),
        ("state", "state&prompt=none"),
    ];
    let plain = query(&scene, false).await;
    let found: Vec<(&str, &str)> = plain.iter().map(|(n, v)| (&**n, &**v)).collect();
    assert_eq!(found, expected);
    let fresh = query(&scene, true).await;
    assert_eq!((&*fresh["prompt"], &*fresh["max_age"]), ("login", "0"));
    assert_eq!(fresh.len(), expected.len() + 2);
}

#[tokio::test]
async fn settings_and_the_endpoints_own_query_are_in_the_request() {
    let scene =
        Scene::with("response_mode = \"form_post\"\nscopes = [\"openid\", \"offline_access\"]")
            .await;
    let endpoint = format!("{}/authorize?tenant=7", scene.provider.issuer);
    scene.provider.script().discovery["authorization_endpoint"] = json!(endpoint);
    let query = query(&scene, false).await;
    assert_eq!(query["response_mode"], "form_post");
    assert_eq!(query["scope"], "openid offline_access");
    assert_eq!(query["tenant"], "7");
}

#[tokio::test]
async fn b09_iss_at_the_callback_must_be_this_providers() {
    let scene = Scene::new().await;
    let issuer = scene.provider.issuer.clone();
    let corp = scene.corp();
    corp.check_callback_issuer(Some(&issuer)).await.unwrap();
    for other in [
        format!("{issuer}/"),
        "https://other.example".to_owned(),
        String::new(),
    ] {
        let outcome = corp.check_callback_issuer(Some(&other)).await;
        let Err(ProviderError::CallbackIssuer { missing: false }) = outcome else {
            panic!("{other} was taken");
        };
    }
    let Err(ProviderError::CallbackIssuer { missing: true }) =
        corp.check_callback_issuer(None).await
    else {
        panic!("an answer without iss was taken");
    };
    // Nothing was redeemed for any of them.
    assert_eq!(scene.provider.count(TOKEN), 0);
}

#[tokio::test]
async fn a_provider_that_does_not_send_iss_need_not() {
    let scene = Scene::new().await;
    let member = "authorization_response_iss_parameter_supported";
    scene.provider.script().discovery[member] = json!(null);
    let corp = scene.corp();
    corp.check_callback_issuer(None).await.unwrap();
    let other = corp
        .check_callback_issuer(Some("https://other.example"))
        .await;
    assert!(matches!(
        other,
        Err(ProviderError::CallbackIssuer { missing: false })
    ));
}

#[tokio::test]
async fn signing_out_at_the_provider_leads_back() {
    let scene = Scene::new().await;
    let back = "https://team.example.com/signed-out";
    let hint = Plain::new("id.token.hint".to_owned());
    let url = scene
        .corp()
        .end_session_url(Some(&hint), back)
        .await
        .unwrap();
    let url = Url::parse(&url).unwrap();
    let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!(url.path(), "/end_session");
    assert_eq!(query["client_id"], CLIENT_ID);
    assert_eq!(query["post_logout_redirect_uri"], back);
    assert_eq!(query["id_token_hint"], "id.token.hint");
    let scene = Scene::new().await;
    scene.provider.script().discovery["end_session_endpoint"] = json!(null);
    assert_eq!(scene.corp().end_session_url(Some(&hint), back).await, None);
}
