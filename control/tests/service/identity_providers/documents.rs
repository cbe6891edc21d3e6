//! The discovery document and the keys: what is refused, how long they are kept.

use std::sync::Arc;

use portcullis_control::identity_providers::error::{
    DiscoveryFault, Endpoint, IdTokenFault, ProviderError,
};
use portcullis_control::identity_providers::http::HttpError;
use serde_json::{Value, json};

use super::{Scene, fault};
use crate::openid_provider::keys::Key;
use crate::openid_provider::{DISCOVERY, JWKS, OpenIdProvider, Reply, TOKEN, USERINFO};

/// Why nobody can be sent to the provider.
async fn refused(scene: &Scene) -> ProviderError {
    match scene.corp().documents().metadata().await {
        Err(error) => error,
        Ok(_) => panic!("the discovery document was taken"),
    }
}

#[tokio::test]
async fn b09_discovery_that_names_another_issuer_is_refused() {
    let scene = Scene::new().await;
    let issuer = scene.provider.issuer.clone();
    for other in [
        format!("{issuer}/"),
        format!("{issuer}/realms/other"),
        "https://sso.example.com".to_owned(),
        "x".repeat(10_000),
    ] {
        scene.provider.script().discovery["issuer"] = json!(other);
        let error = refused(&scene).await;
        assert_eq!(error.reason(), "provider_discovery_invalid");
        assert!(error.to_string().len() < 1_000, "{error}");
        let ProviderError::Discovery(DiscoveryFault::Issuer { .. }) = error else {
            panic!("{error}");
        };
    }
    scene.provider.script().discovery["issuer"] = Value::Null;
    let ProviderError::Discovery(DiscoveryFault::Missing("issuer")) = refused(&scene).await else {
        panic!("a document without an issuer was taken");
    };
}

#[tokio::test]
async fn an_issuer_with_a_path_and_a_final_slash_is_kept_as_it_is() {
    for path in ["/realms/corp", "/realms/corp/"] {
        let scene = Scene::at(OpenIdProvider::start_at(path).await, "");
        scene.sign_in(&scene.token()).await.unwrap();
    }
}

#[tokio::test]
async fn endpoints_elsewhere_by_plain_http_are_refused() {
    let scene = Scene::new().await;
    for (field, url) in [
        ("token_endpoint", "http://sso.example.com/token"),
        ("authorization_endpoint", "http://10.0.0.1/authorize"),
        ("jwks_uri", "http://169.254.169.254/latest/meta-data"),
        ("userinfo_endpoint", "ftp://127.0.0.1/userinfo"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("end_session_endpoint", "https://user:password@127.0.0.1/"),
        ("token_endpoint", "https://127.0.0.1/token#fragment"),
        ("token_endpoint", "/token"),
    ] {
        let honest = scene.provider.script().discovery[field].take();
        scene.provider.script().discovery[field] = json!(url);
        let error = refused(&scene).await;
        let ProviderError::Discovery(DiscoveryFault::Forbidden { field: found, .. }) = &error
        else {
            panic!("{url}: {error}");
        };
        assert_eq!(*found, field, "{url}");
        assert!(!error.to_string().contains("password@"));
        scene.provider.script().discovery[field] = honest;
    }
    for field in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        let honest = scene.provider.script().discovery[field].take();
        let error = refused(&scene).await;
        assert!(error.to_string().contains(field), "{error}");
        scene.provider.script().discovery[field] = honest;
    }
    scene.corp().documents().metadata().await.unwrap();
}

#[tokio::test]
async fn b09_redirects_to_another_scheme_or_network_are_not_followed() {
    let scene = Scene::new().await;
    for location in [
        "https://127.0.0.1/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://sso.example.com/",
        "file:///etc/passwd",
        "//user:password@127.0.0.1/",
    ] {
        scene.provider.reply(DISCOVERY, Reply::redirect(location));
        let error = refused(&scene).await;
        let ProviderError::Answer {
            endpoint: Endpoint::Discovery,
            error: HttpError::Redirect(_),
        } = error
        else {
            panic!("{location}: {error}");
        };
    }
    let own = format!("{}/.well-known/openid-configuration", scene.provider.issuer);
    scene.provider.reply(DISCOVERY, Reply::redirect(&own));
    let calls = scene.provider.count(DISCOVERY);
    let error = refused(&scene).await;
    let redirects = matches!(
        error,
        ProviderError::Answer {
            error: HttpError::Redirects,
            ..
        }
    );
    assert!(redirects, "{error}");
    assert_eq!(scene.provider.count(DISCOVERY) - calls, 4);
}

#[tokio::test]
async fn a_redirect_on_the_same_machine_is_followed_for_documents_only() {
    let elsewhere = OpenIdProvider::start().await;
    let scene = Scene::new().await;
    let moved = |path: &str| Reply::redirect(&format!("{}/{path}", elsewhere.issuer));
    let document = scene.provider.script().discovery.clone();
    elsewhere.reply(DISCOVERY, Reply::json(&document));
    elsewhere.script().keys = scene.provider.script().keys.clone();
    let path = ".well-known/openid-configuration";
    scene.provider.reply(DISCOVERY, moved(path));
    scene.provider.reply(JWKS, moved(JWKS));
    scene.sign_in(&scene.token()).await.unwrap();
    // What holds a code or a token goes nowhere else.
    scene.provider.reply(TOKEN, moved(TOKEN).status(307));
    scene.sign_in(&scene.token()).await.unwrap_err();
    scene.provider.behave(TOKEN);
    scene.provider.reply(USERINFO, moved(USERINFO));
    let incomplete = scene.token().without("email");
    scene.sign_in(&incomplete).await.unwrap_err();
    assert_eq!((elsewhere.count(TOKEN), elsewhere.count(USERINFO)), (0, 0));
}

#[tokio::test]
async fn documents_that_are_too_large_or_no_json_are_refused() {
    let scene = Scene::new().await;
    let ten_megabytes = 10 * 1024 * 1024;
    for (reply, expected) in [
        (
            Reply::huge(ten_megabytes),
            HttpError::TooLarge { limit: 256 * 1024 },
        ),
        (
            Reply::text(&" ".repeat(256 * 1024 + 1)),
            HttpError::TooLarge { limit: 256 * 1024 },
        ),
        (Reply::text("<html>"), HttpError::Form),
        (Reply::text("[]"), HttpError::Form),
        (Reply::text("{}").status(404), HttpError::Status(404)),
    ] {
        scene.provider.reply(DISCOVERY, reply);
        let ProviderError::Answer { error, .. } = refused(&scene).await else {
            panic!("{expected}");
        };
        assert_eq!(error, expected);
    }
    scene.provider.behave(DISCOVERY);
    for (reply, expected) in [
        (
            Reply::huge(ten_megabytes),
            HttpError::TooLarge { limit: 1024 * 1024 },
        ),
        (Reply::text("{\"keys\": 7}"), HttpError::Form),
    ] {
        scene.provider.reply(JWKS, reply);
        let error = scene.sign_in(&scene.token()).await.unwrap_err();
        let ProviderError::Answer {
            endpoint: Endpoint::Jwks,
            error,
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!(error, expected);
    }
}

#[tokio::test]
async fn b09_a_document_that_never_ends_is_given_up() {
    let given_up = async |reply| {
        let scene = Scene::new().await;
        scene.provider.reply(DISCOVERY, reply);
        let began = std::time::Instant::now();
        let error = refused(&scene).await;
        let slow = matches!(
            error,
            ProviderError::Away {
                error: HttpError::Slow,
                ..
            }
        );
        assert!(slow, "{error}");
        assert!(began.elapsed().as_secs() < 8, "{:?}", began.elapsed());
    };
    tokio::join!(given_up(Reply::endless()), given_up(Reply::nothing()));
}

#[tokio::test]
async fn documents_are_kept_as_long_as_their_headers_say_within_bounds() {
    const MINUTE: u64 = 60;
    const DAY: u64 = 24 * 60 * MINUTE;
    for (header, kept) in [
        (None, 60 * MINUTE),
        (Some("max-age=1800, public"), 30 * MINUTE),
        (Some("max-age=1"), 5 * MINUTE),
        (Some("no-store"), 5 * MINUTE),
        (Some("private, MAX-AGE=99999999"), DAY),
    ] {
        let scene = Scene::new().await;
        let mut reply = Reply::json(&scene.provider.script().discovery);
        if let Some(header) = header {
            reply = reply.header("cache-control", header);
        }
        scene.provider.reply(DISCOVERY, reply);
        let documents = scene.corp().documents();
        documents.metadata().await.unwrap();
        scene.clock.advance(kept - 1);
        documents.metadata().await.unwrap();
        assert_eq!(scene.provider.count(DISCOVERY), 1, "{header:?}");
        scene.clock.advance(1);
        documents.metadata().await.unwrap();
        assert_eq!(scene.provider.count(DISCOVERY), 2, "{header:?}");
        // A clock that was set back does not make it young again.
        scene.clock.set_back(10);
        documents.metadata().await.unwrap();
        assert_eq!(scene.provider.count(DISCOVERY), 3, "{header:?}");
    }
}

#[tokio::test]
async fn simultaneous_fetches_are_one() {
    let scene = Scene::new().await;
    let documents = scene.corp().documents();
    let all = futures_util::future::join_all((0..50).map(|_| documents.keys()));
    assert!(all.await.iter().all(Result::is_ok));
    let counts = (scene.provider.count(DISCOVERY), scene.provider.count(JWKS));
    assert_eq!(counts, (1, 1));
    // Those who waited for a fetch that failed do not try one after the other.
    scene.clock.advance(3_600);
    scene.provider.reply(DISCOVERY, Reply::text("").status(404));
    let all = futures_util::future::join_all((0..50).map(|_| documents.metadata()));
    assert!(all.await.iter().all(Result::is_err));
    assert_eq!(scene.provider.count(DISCOVERY), 2);
}

#[tokio::test]
async fn b09_keys_that_rotate_in_mid_login_are_fetched_once_a_minute_at_most() {
    let scene = Scene::new().await;
    scene.sign_in(&scene.token()).await.unwrap();
    // Rotated between the redirect and the callback.
    scene.provider.script().keys = vec![Key::es256("second")];
    scene.sign_in(&scene.token()).await.unwrap();
    assert_eq!(scene.provider.count(JWKS), 2);
    // Tokens with made-up keys cause no more fetches.
    for _ in 0..20 {
        let forged = scene.token().signed(&Key::es256("forged"));
        let outcome = scene.sign_in_with(&forged).await;
        assert_eq!(fault(outcome), IdTokenFault::UnknownKey);
    }
    assert_eq!(scene.provider.count(JWKS), 2);
    scene.clock.advance(60);
    scene.provider.script().keys = vec![Key::es256("third")];
    scene.sign_in(&scene.token()).await.unwrap();
    assert_eq!(scene.provider.count(JWKS), 3);
    // A key that the provider has taken back is not accepted once the keys are fetched again.
    scene.clock.advance(3_600);
    let second = scene.token().signed(&Key::es256("second"));
    let outcome = scene.sign_in_with(&second).await;
    assert_eq!(fault(outcome), IdTokenFault::UnknownKey);
}

#[tokio::test]
async fn a_caller_who_hangs_up_does_not_spend_the_fetch_of_new_keys() {
    let scene = Scene::new().await;
    scene.sign_in(&scene.token()).await.unwrap();
    scene.provider.script().keys = vec![Key::es256("second")];
    scene.provider.redeems("code", &scene.token());
    {
        let sign_in = scene.redeem("code", None);
        tokio::pin!(sign_in);
        // Dropped as soon as the fetch has begun.
        loop {
            tokio::select! {
                biased;
                _ = &mut sign_in => panic!("it ended before it could be dropped"),
                () = tokio::task::yield_now() => {}
            }
            if scene.provider.count(JWKS) == 2 {
                break;
            }
        }
    }
    scene.sign_in(&scene.token()).await.unwrap();
    assert_eq!(scene.provider.count(JWKS), 2);
}

#[tokio::test]
async fn a_token_without_kid_must_leave_no_choice() {
    let scene = Scene::new().await;
    let key = Arc::clone(&scene.provider.script().keys[0]);
    let without_kid = scene.token().header("kid", Value::Null).signed(&key);
    scene.sign_in_with(&without_kid).await.unwrap();
    scene.provider.script().keys.push(Key::es256("second"));
    scene.clock.advance(3_600);
    let without_kid = scene.token().header("kid", Value::Null).signed(&key);
    let outcome = scene.sign_in_with(&without_kid).await;
    assert_eq!(fault(outcome), IdTokenFault::UnknownKey);
}

#[tokio::test]
async fn keys_for_other_purposes_are_left_out() {
    let scene = Scene::new().await;
    let key = Arc::clone(&scene.provider.script().keys[0]);
    let mut encryption = key.jwk();
    encryption["use"] = json!("enc");
    let symmetric = json!({ "kty": "oct", "kid": "first", "k": "c2VjcmV0" });
    let keys = json!({ "keys": [encryption, symmetric, 7, { "kty": "new" }] });
    scene.provider.reply(JWKS, Reply::json(&keys));
    let outcome = scene.sign_in(&scene.token()).await;
    assert_eq!(fault(outcome), IdTokenFault::UnknownKey);
    // Beside them a good one is found.
    let keys = json!({ "keys": [encryption, symmetric, 7, { "kty": "new" }, key.jwk()] });
    scene.provider.reply(JWKS, Reply::json(&keys));
    scene.clock.advance(61);
    scene.sign_in(&scene.token()).await.unwrap();
}
