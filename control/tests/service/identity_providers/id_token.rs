//! Forged, foreign and stale ID tokens.

use aws_lc_rs::digest::{SHA256, digest};
use portcullis::protocol::base64url;
use portcullis::time::UnixSeconds;
use portcullis_control::identity_providers::documents::signing_keys::Asker;
use portcullis_control::identity_providers::error::{IdTokenFault, ProviderError};
use serde_json::{Value, json};

use super::{Scene, fault, missing, wrong};
use crate::openid_provider::ACCESS_TOKEN;
use crate::openid_provider::keys::Key;

#[tokio::test]
async fn b09_an_honest_id_token_proves_who_signed_in() {
    let scene = Scene::new().await;
    let token = scene
        .token()
        .with("auth_time", json!(scene.now() - 5))
        .with("amr", json!(["pwd", "mfa"]))
        .with("acr", json!("gold"))
        .with("sid", json!("session-7"))
        .with("name", json!("Ana\u{202e} Lima"));
    let proven = scene.sign_in(&token).await.unwrap();
    assert_eq!((&*proven.provider_id, &*proven.subject), ("corp", "ana"));
    let email = proven.email.unwrap();
    assert_eq!(email.address.normal(), "ana@example.com");
    assert!(email.verified && !email.spoken_for);
    assert_eq!(proven.authentication.amr, ["pwd", "mfa"]);
    assert_eq!(proven.authentication.acr.as_deref(), Some("gold"));
    let auth_time = UnixSeconds::new(scene.now() - 5);
    assert_eq!(proven.authentication.auth_time, Some(auth_time));
    assert_eq!(proven.sid.as_deref(), Some("session-7"));
    assert!(!proven.name.unwrap().contains('\u{202e}'));
    assert!(proven.refresh_token.is_none() && proven.groups.is_empty());
    let hint = proven.id_token.unwrap();
    assert_eq!(hint.reveal().split('.').count(), 3);
}

#[tokio::test]
async fn each_accepted_algorithm_is_verified() {
    let scene = Scene::new().await;
    for key in [
        Key::es256("a"),
        Key::rs256("b"),
        Key::ps256("c"),
        Key::eddsa("d"),
    ] {
        scene.provider.script().keys.insert(0, key);
        scene.sign_in(&scene.token()).await.unwrap();
        // The next key is unknown, and the keys are fetched again once a minute.
        scene.clock.advance(61);
    }
}

#[tokio::test]
async fn b09_alg_none_is_refused() {
    let scene = Scene::new().await;
    let key = Key::es256("first");
    for alg in ["none", "None", "NONE", ""] {
        let token = scene.token().header("alg", json!(alg));
        let outcome = scene.sign_in_with(&token.unsigned(&key)).await;
        assert_eq!(fault(outcome), IdTokenFault::Algorithm, "{alg:?}");
    }
    // With a good `alg` and without a signature.
    let unsigned = scene.token().unsigned(&key);
    let outcome = scene.sign_in_with(&unsigned).await;
    assert_eq!(fault(outcome), IdTokenFault::Signature);
}

#[tokio::test]
async fn b09_hs256_keyed_by_the_public_key_or_the_client_secret_is_refused() {
    let scene = Scene::new().await;
    let key = std::sync::Arc::clone(&scene.provider.script().keys[0]);
    let point: Vec<u8> = ["x", "y"]
        .iter()
        .flat_map(|name| base64url::decode(key.jwk()[name].as_str().unwrap().as_bytes()).unwrap())
        .collect();
    let jwk = key.jwk().to_string();
    let secret = crate::openid_provider::SECRET.as_bytes();
    for bytes in [&point[..], jwk.as_bytes(), secret] {
        let forged = scene.token().header("alg", json!("HS256"));
        let outcome = scene.sign_in_with(&forged.hmac(&key, bytes)).await;
        assert_eq!(fault(outcome), IdTokenFault::Algorithm);
    }
}

#[tokio::test]
async fn another_algorithm_than_the_keys_is_refused() {
    let scene = Scene::new().await;
    let key = Key::rs256("first");
    scene.provider.script().keys = vec![std::sync::Arc::clone(&key)];
    let ec = Key::es256("first");
    let outcome = scene.sign_in_with(&scene.token().signed(&ec)).await;
    assert_eq!(fault(outcome), IdTokenFault::UnknownKey);
    for alg in ["RS384", "RS512", "ES384", "RS1", "HS512"] {
        let token = scene.token().header("alg", json!(alg));
        let outcome = scene.sign_in_with(&token.signed(&key)).await;
        assert_eq!(fault(outcome), IdTokenFault::Algorithm, "{alg}");
    }
    // An RSA key for RS256 does not verify PS256.
    scene.clock.advance(61);
    let mut jwk = key.jwk();
    jwk["alg"] = json!("RS256");
    let jwks = json!({ "keys": [jwk] });
    let reply = crate::openid_provider::Reply::json(&jwks);
    scene.provider.reply(crate::openid_provider::JWKS, reply);
    scene.clock.advance(24 * 60 * 60);
    let pss = scene.token().signed(&Key::ps256("first"));
    let outcome = scene.sign_in_with(&pss).await;
    assert_eq!(fault(outcome), IdTokenFault::UnknownKey);
    scene
        .sign_in_with(&scene.token().signed(&key))
        .await
        .unwrap();
}

#[tokio::test]
async fn b09_a_key_of_another_provider_is_refused() {
    let scene = Scene::new().await;
    let (foreign, same_kid) = (Key::es256("foreign"), Key::es256("first"));
    let outcome = scene.sign_in_with(&scene.token().signed(&foreign)).await;
    assert_eq!(fault(outcome), IdTokenFault::UnknownKey);
    let outcome = scene.sign_in_with(&scene.token().signed(&same_kid)).await;
    assert_eq!(fault(outcome), IdTokenFault::Signature);
}

#[tokio::test]
async fn b09_keys_in_the_header_are_not_used() {
    let scene = Scene::new().await;
    let own = Key::es256("own");
    let url = format!("{}/other", scene.provider.issuer);
    for (name, value) in [
        ("jwk", own.jwk()),
        ("jku", json!(url)),
        ("x5u", json!(url)),
        ("x5c", json!(["MIIB"])),
    ] {
        for kid in ["own", "first"] {
            let forged = scene
                .token()
                .header("kid", json!(kid))
                .header(name, value.clone());
            let outcome = scene.sign_in_with(&forged.signed(&own)).await;
            assert!(
                matches!(
                    fault(outcome),
                    IdTokenFault::UnknownKey | IdTokenFault::Signature
                ),
                "{name}"
            );
        }
    }
    assert_eq!(scene.provider.count("other"), 0, "the URL was fetched");
}

#[tokio::test]
async fn a_header_that_demands_an_extension_is_refused() {
    let scene = Scene::new().await;
    let token = scene
        .token()
        .header("crit", json!(["b64"]))
        .header("b64", json!(false));
    assert_eq!(fault(scene.sign_in(&token).await), IdTokenFault::Critical);
}

#[tokio::test]
async fn another_kind_of_token_is_no_id_token() {
    let scene = Scene::new().await;
    for typ in ["logout+jwt", "secevent+jwt", "at+jwt", "application/at+jwt"] {
        let token = scene.token().header("typ", json!(typ));
        assert_eq!(fault(scene.sign_in(&token).await), IdTokenFault::Type);
    }
    for typ in ["JWT", "jwt", "application/jwt"] {
        let token = scene.token().header("typ", json!(typ));
        scene.sign_in(&token).await.unwrap();
    }
}

#[tokio::test]
async fn a_token_that_is_none_is_refused() {
    let scene = Scene::new().await;
    let key = std::sync::Arc::clone(&scene.provider.script().keys[0]);
    let good = scene.token().signed(&key);
    let list = crate::openid_provider::keys::Token::new(json!(["no", "claims"])).signed(&key);
    let huge = scene.token().with("x", json!("x".repeat(110_000)));
    for bad in [
        "",
        "a.b.c",
        "..",
        good.trim_end_matches(|c| c != '.'),
        &format!("{good}."),
        &format!("{good}.a"),
        &format!(" {good}"),
        &good.replace('.', "=."),
        &list,
        &huge.signed(&key),
    ] {
        let outcome = scene.sign_in_with(bad).await;
        let fault = fault(outcome);
        let refused = [IdTokenFault::Malformed, IdTokenFault::Signature];
        assert!(refused.contains(&fault), "{fault}: {bad:.40}");
    }
}

#[tokio::test]
async fn b09_iss_must_be_the_issuer_byte_for_byte() {
    let scene = Scene::new().await;
    let issuer = scene.provider.issuer.clone();
    for iss in [
        format!("{issuer}/"),
        format!("{issuer}/realms/other"),
        issuer.replace("127.0.0.1", "localhost"),
        issuer.to_uppercase(),
        String::new(),
    ] {
        let token = scene.token().with("iss", json!(iss));
        assert_eq!(fault(scene.sign_in(&token).await), wrong("iss"), "{iss}");
    }
    let token = scene.token().without("iss");
    assert_eq!(fault(scene.sign_in(&token).await), missing("iss"));
}

#[tokio::test]
async fn b09_aud_must_contain_this_client_and_azp_be_it() {
    let scene = Scene::new().await;
    for (aud, azp, outcome) in [
        (json!("other"), None, Err(wrong("aud"))),
        (
            json!(["other", "third"]),
            Some("portcullis"),
            Err(wrong("aud")),
        ),
        (json!([]), None, Err(wrong("aud"))),
        (
            json!(["portcullis", 7]),
            Some("portcullis"),
            Err(wrong("aud")),
        ),
        (json!({ "portcullis": true }), None, Err(wrong("aud"))),
        (json!("portcullis "), None, Err(wrong("aud"))),
        (json!(["portcullis", "other"]), None, Err(missing("azp"))),
        (
            json!(["portcullis", "other"]),
            Some("other"),
            Err(wrong("azp")),
        ),
        (json!("portcullis"), Some("other"), Err(wrong("azp"))),
        (json!(["portcullis", "other"]), Some("portcullis"), Ok(())),
        (json!(["portcullis"]), None, Ok(())),
        (json!("portcullis"), Some("portcullis"), Ok(())),
    ] {
        let mut token = scene.token().with("aud", aud.clone());
        if let Some(azp) = azp {
            token = token.with("azp", json!(azp));
        }
        let found = scene.sign_in(&token).await;
        match outcome {
            Ok(()) => drop(found.unwrap()),
            Err(expected) => assert_eq!(fault(found), expected, "{aud} {azp:?}"),
        }
    }
    let token = scene.token().without("aud");
    assert_eq!(fault(scene.sign_in(&token).await), missing("aud"));
}

#[tokio::test]
async fn an_expired_token_and_one_without_exp_are_refused() {
    let scene = Scene::new().await;
    let now = scene.now();
    for (exp, expired) in [(now - 59, false), (now - 60, true), (now - 4_000, true)] {
        let outcome = scene.sign_in(&scene.token().with("exp", json!(exp))).await;
        assert_eq!(outcome.is_err(), expired, "{exp}");
        if expired {
            assert_eq!(fault(outcome), IdTokenFault::Expired);
        }
    }
    let token = scene.token().without("exp");
    assert_eq!(fault(scene.sign_in(&token).await), missing("exp"));
    for bad in [json!("never"), json!(null), json!(-1), json!(1e300)] {
        let token = scene.token().with("exp", bad);
        assert_eq!(fault(scene.sign_in(&token).await), wrong("exp"));
    }
    // RFC 7519, section 2, allows fractions.
    let exp = json!((now + 300) as f64 + 0.5);
    scene
        .sign_in(&scene.token().with("exp", exp))
        .await
        .unwrap();
}

#[tokio::test]
async fn iat_must_be_within_ten_minutes() {
    let scene = Scene::new().await;
    let now = scene.now();
    for (iat, refused) in [
        (now - 600, false),
        (now - 601, true),
        (now + 600, false),
        (now + 601, true),
        (0, true),
    ] {
        let outcome = scene.sign_in(&scene.token().with("iat", json!(iat))).await;
        assert_eq!(outcome.is_err(), refused, "{iat}");
        if refused {
            assert_eq!(fault(outcome), IdTokenFault::IssuedAt);
        }
    }
    let token = scene.token().without("iat");
    assert_eq!(fault(scene.sign_in(&token).await), missing("iat"));
    let token = scene.token().with("nbf", json!(now + 120));
    assert_eq!(fault(scene.sign_in(&token).await), IdTokenFault::NotYet);
}

#[tokio::test]
async fn b09_the_nonce_of_another_attempt_is_refused() {
    let scene = Scene::new().await;
    for nonce in [
        json!("nonce-of-another-attempt"),
        json!(""),
        json!(null),
        json!(7),
    ] {
        let token = scene.token().with("nonce", nonce);
        assert_eq!(fault(scene.sign_in(&token).await), wrong("nonce"));
    }
    let token = scene.token().without("nonce");
    assert_eq!(fault(scene.sign_in(&token).await), missing("nonce"));
}

#[tokio::test]
async fn at_hash_must_be_that_of_the_access_token() {
    let scene = Scene::new().await;
    let half = |token: &str| {
        let hash = digest(&SHA256, token.as_bytes());
        json!(base64url::encode(&hash.as_ref()[..16]))
    };
    let good = scene.token().with("at_hash", half(ACCESS_TOKEN));
    scene.sign_in(&good).await.unwrap();
    for bad in [
        half("another-access-token"),
        json!(""),
        json!(7),
        Value::Null,
    ] {
        let token = scene.token().with("at_hash", bad);
        assert_eq!(fault(scene.sign_in(&token).await), wrong("at_hash"));
    }
    // Without an access token nothing can have this hash.
    let key = std::sync::Arc::clone(&scene.provider.script().keys[0]);
    let alone = json!({ "id_token": good.signed(&key) });
    scene.provider.script().grants.insert("code".into(), alone);
    let outcome = scene.redeem("code", None).await;
    assert_eq!(fault(outcome), wrong("at_hash"));
}

#[tokio::test]
async fn b09_a_fresh_sign_in_needs_an_auth_time_since_the_demand() {
    let scene = Scene::new().await;
    let since = UnixSeconds::new(scene.now());
    let outcome = async |token| {
        scene.provider.redeems("code", &token);
        scene.redeem("code", Some(since)).await
    };
    for (auth_time, refused) in [
        (scene.now() + 3, false),
        (scene.now(), false),
        (scene.now() - 10, false),
        (scene.now() - 11, true),
        (scene.now() - 3_600, true),
    ] {
        let token = scene.token().with("auth_time", json!(auth_time));
        match outcome(token).await {
            Ok(_) => assert!(!refused, "{auth_time}"),
            Err(ProviderError::NotFresh { missing: false }) => assert!(refused, "{auth_time}"),
            Err(other) => panic!("{other}"),
        }
    }
    let Err(ProviderError::NotFresh { missing: true }) = outcome(scene.token()).await else {
        panic!("an ID token without auth_time was taken for fresh");
    };
}

#[tokio::test]
async fn sub_must_be_1_to_255_bytes() {
    let scene = Scene::new().await;
    let longest = "a".repeat(255);
    let token = scene.token().with("sub", json!(longest));
    scene.sign_in(&token).await.unwrap();
    for sub in [json!("a".repeat(256)), json!(""), json!(7), json!(null)] {
        let token = scene.token().with("sub", sub);
        assert_eq!(fault(scene.sign_in(&token).await), wrong("sub"));
    }
    let token = scene.token().without("sub");
    assert_eq!(fault(scene.sign_in(&token).await), missing("sub"));
}

#[tokio::test]
async fn a_response_without_an_id_token_is_refused() {
    let scene = Scene::new().await;
    let alone = json!({ "access_token": ACCESS_TOKEN });
    scene.provider.script().grants.insert("code".into(), alone);
    let outcome = scene.redeem("code", None).await;
    assert_eq!(fault(outcome), IdTokenFault::Missing);
}

#[tokio::test]
async fn a_token_with_any_character_changed_added_or_missing_is_refused() {
    let scene = Scene::new().await;
    for key in [Key::es256("a"), Key::rs256("b"), Key::eddsa("c")] {
        scene.provider.script().keys = vec![std::sync::Arc::clone(&key)];
        scene.clock.advance(24 * 60 * 60);
        let token = scene.token().signed(&key);
        let corp = scene.corp();
        corp.verify_signed_event(&token, Asker::Provider)
            .await
            .unwrap();
        for (index, old) in token.char_indices() {
            let (before, rest) = token.split_at(index);
            let after = &rest[1..];
            let mut texts = vec![format!("{before}{after}"), format!("{before}={rest}")];
            let others = ['A', 'B', '-', '.'].into_iter().filter(|new| *new != old);
            texts.extend(others.map(|new| format!("{before}{new}{after}")));
            for text in texts {
                let outcome = corp.verify_signed_event(&text, Asker::Provider).await;
                assert!(outcome.is_err(), "{index} in {token}: {text}");
            }
        }
    }
}
