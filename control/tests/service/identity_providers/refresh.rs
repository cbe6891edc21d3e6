//! Refresh tokens, and signed events.

use std::sync::Arc;

use portcullis_control::identity_providers::documents::signing_keys::Asker;
use portcullis_control::identity_providers::error::{IdTokenFault, ProviderError, RefreshError};
use portcullis_control::identity_providers::identity::ProvenIdentity;
use portcullis_control::tokens::secret::Plain;
use serde_json::{Value, json};

use super::{Scene, missing, wrong};
use crate::openid_provider::keys::{Key, Token};
use crate::openid_provider::{ACCESS_TOKEN, Reply, TOKEN, USERINFO};

fn refresh_token() -> Plain {
    Plain::new("refresh-1".to_owned())
}

/// What a refresh brings: the next refresh token, and the person.
struct Refreshed {
    refresh_token: Option<String>,
    identity: Result<Option<ProvenIdentity>, ProviderError>,
}

async fn refresh_of(scene: &Scene, subject: &str) -> Refreshed {
    let refreshed = scene.corp().refresh(&refresh_token()).await.unwrap();
    let token = refreshed.refresh_token();
    Refreshed {
        refresh_token: token.map(|token| token.reveal().to_owned()),
        identity: scene.corp().describe_again(&refreshed, subject).await,
    }
}

/// Makes the provider answer to the refresh token.
fn answers(scene: &Scene, response: Value) {
    let mut script = scene.provider.script();
    script.grants.insert("refresh-1".to_owned(), response);
}

fn signed(scene: &Scene, token: &Token) -> String {
    token.signed(&scene.provider.script().keys[0])
}

#[tokio::test]
async fn a_refresh_describes_the_person_as_they_are_now() {
    let scene = Scene::with("groups_claim = \"groups\"").await;
    let token = scene
        .token()
        .without("nonce")
        .with("groups", json!(["new"]));
    let id_token = signed(&scene, &token);
    answers(
        &scene,
        json!({
            "access_token": ACCESS_TOKEN,
            "id_token": id_token,
            "refresh_token": "refresh-2",
        }),
    );
    let refreshed = refresh_of(&scene, "ana").await;
    assert_eq!(refreshed.refresh_token.as_deref(), Some("refresh-2"));
    let identity = refreshed.identity.unwrap().unwrap();
    assert_eq!(
        (&*identity.subject, &identity.groups[..]),
        ("ana", &["new".to_owned()][..])
    );
    let form = scene.provider.last(TOKEN).form;
    assert_eq!(form["grant_type"], "refresh_token");
    assert_eq!(form["refresh_token"], "refresh-1");
}

#[tokio::test]
async fn without_an_id_token_userinfo_describes_the_person() {
    let scene = Scene::with("groups_claim = \"groups\"").await;
    answers(&scene, json!({ "access_token": ACCESS_TOKEN }));
    scene.provider.script().userinfo = json!({ "sub": "ana", "groups": ["new"] });
    let refreshed = refresh_of(&scene, "ana").await;
    let identity = refreshed.identity.unwrap().unwrap();
    assert_eq!(identity.groups, ["new"]);
    assert!(refreshed.refresh_token.is_none());
    let other = refresh_of(&scene, "bob").await;
    let Err(ProviderError::UserInfoSubject) = other.identity else {
        panic!("somebody else was described");
    };
    // Nothing can be told where there is neither.
    answers(&scene, json!({}));
    let refreshed = refresh_of(&scene, "ana").await;
    assert!(refreshed.identity.unwrap().is_none());
}

#[tokio::test]
async fn an_id_token_of_a_refresh_is_checked_like_any_other() {
    let scene = Scene::new().await;
    for (token, expected) in [
        (scene.token().with("aud", json!("other")), wrong("aud")),
        (scene.token().with("iss", json!("https://x")), wrong("iss")),
        (scene.token().without("exp"), missing("exp")),
    ] {
        let id_token = signed(&scene, &token);
        answers(
            &scene,
            json!({ "access_token": ACCESS_TOKEN, "id_token": id_token }),
        );
        let refreshed = refresh_of(&scene, "ana").await;
        let Err(ProviderError::IdToken(fault)) = refreshed.identity else {
            panic!("{expected}");
        };
        assert_eq!(fault, expected);
    }
    let id_token = signed(&scene, &scene.token().with("sub", json!("bob")));
    answers(
        &scene,
        json!({ "access_token": ACCESS_TOKEN, "id_token": id_token }),
    );
    let refreshed = refresh_of(&scene, "ana").await;
    assert!(matches!(
        refreshed.identity,
        Err(ProviderError::UserInfoSubject)
    ));
}

#[tokio::test]
async fn a_new_refresh_token_is_kept_although_userinfo_is_away() {
    let scene = Scene::new().await;
    answers(
        &scene,
        json!({ "access_token": ACCESS_TOKEN, "refresh_token": "refresh-2" }),
    );
    scene.provider.reply(USERINFO, Reply::text("").status(503));
    let refreshed = refresh_of(&scene, "ana").await;
    let Err(error) = refreshed.identity else {
        panic!("somebody was described");
    };
    assert_eq!(error.reason(), "provider_away");
    assert_eq!(refreshed.refresh_token.as_deref(), Some("refresh-2"));
}

#[tokio::test]
async fn b09_only_invalid_grant_is_the_providers_no() {
    let mut scene = Scene::new().await;
    let outcome = scene.corp().refresh(&refresh_token()).await;
    assert!(matches!(outcome, Err(RefreshError::InvalidGrant)));
    for reply in [
        Reply::json(&json!({ "error": "invalid_client" })).status(401),
        Reply::json(&json!({ "error": "temporarily_unavailable" })).status(400),
        Reply::text("invalid_grant").status(400),
        Reply::json(&json!({ "error": "invalid_grant" })).status(503),
    ] {
        scene.provider.reply(TOKEN, reply);
        let outcome = scene.corp().refresh(&refresh_token()).await;
        assert!(matches!(outcome, Err(RefreshError::Failed(_))));
    }
    scene.provider.stop().await;
    let outcome = scene.corp().refresh(&refresh_token()).await;
    let Err(RefreshError::Failed(error)) = outcome else {
        panic!("a provider that is away said no");
    };
    assert_eq!(error.reason(), "provider_away");
    assert_eq!(scene.provider.count(USERINFO), 0);
}

#[tokio::test]
async fn b09_signed_events_are_of_this_provider_and_for_this_client() {
    let scene = Scene::new().await;
    let logout = Token::new(json!({
        "iss": scene.provider.issuer,
        "aud": "portcullis",
        "iat": scene.now(),
        "jti": "1",
        "sid": "session-7",
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    }))
    .header("typ", json!("application/logout+JWT"));
    let key = Arc::clone(&scene.provider.script().keys[0]);
    let event = scene
        .corp()
        .verify_signed_event(&logout.signed(&key), Asker::Provider)
        .await
        .unwrap();
    assert_eq!(event.typ.as_deref(), Some("logout+jwt"));
    assert_eq!(event.claims["sid"], "session-7");
    for (token, expected) in [
        (logout.clone().with("iss", json!("https://x")), wrong("iss")),
        (logout.clone().with("aud", json!("other")), wrong("aud")),
        (logout.clone().without("aud"), missing("aud")),
    ] {
        let error = scene
            .corp()
            .verify_signed_event(&token.signed(&key), Asker::Provider)
            .await;
        let Err(ProviderError::IdToken(fault)) = error else {
            panic!("{expected}");
        };
        assert_eq!(fault, expected);
    }
    for (token, expected) in [
        (logout.signed(&Key::es256("first")), IdTokenFault::Signature),
        (
            logout.signed(&Key::es256("other")),
            IdTokenFault::UnknownKey,
        ),
        (
            logout.clone().header("alg", json!("none")).unsigned(&key),
            IdTokenFault::Algorithm,
        ),
    ] {
        let Err(ProviderError::IdToken(fault)) = scene
            .corp()
            .verify_signed_event(&token, Asker::Provider)
            .await
        else {
            panic!("{expected}");
        };
        assert_eq!(fault, expected);
    }
}
