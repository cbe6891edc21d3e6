//! How the service authenticates at the token endpoint, and what the endpoint may answer.

use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use portcullis::protocol::base64url;
use portcullis_control::identity_providers::error::ProviderError;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{NONCE, REDIRECT_URI, Scene, VERIFIER, configuration, open};
use crate::harness::TestClock;
use crate::openid_provider::{CLIENT_ID, Reply, SECRET, TOKEN};

#[tokio::test]
async fn a_secret_goes_into_the_header_unless_the_provider_wants_it_in_the_form() {
    let scene = Scene::new().await;
    let basic = "Basic cG9ydGN1bGxpczpzM2NyM3QlMkJvZit0aGUlMkZjbGllbnQ=";
    for (methods, in_form) in [
        (json!(null), false),
        (json!(["client_secret_basic", "client_secret_post"]), false),
        (json!(["client_secret_post", "private_key_jwt"]), true),
    ] {
        scene.provider.script().discovery["token_endpoint_auth_methods_supported"] = methods;
        scene.clock.advance(3_600);
        scene.sign_in(&scene.token()).await.unwrap();
        let call = scene.provider.last(TOKEN);
        let secret = call.form.get("client_secret").map(String::as_str);
        assert_eq!(secret, in_form.then_some(SECRET));
        assert_eq!(call.authorization.as_deref(), (!in_form).then_some(basic));
        assert_eq!(call.form["grant_type"], "authorization_code");
        assert_eq!(call.form["code"], "code");
        assert_eq!(call.form["redirect_uri"], REDIRECT_URI);
        assert_eq!(call.form["code_verifier"], VERIFIER);
    }
}

/// The claims of an assertion whose signature fits the public key that is shown to administrators.
fn verified(assertion: &str, jwk: &Value) -> (Value, Value) {
    let (message, signature) = assertion.rsplit_once('.').unwrap();
    let bytes = |text: &str| base64url::decode(text.as_bytes()).unwrap();
    let member = |name: &str| bytes(jwk[name].as_str().unwrap());
    let signature = bytes(signature);
    if jwk["kty"] == "EC" {
        let point = [&[4][..], &member("x"), &member("y")].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(message.as_bytes(), &signature)
            .unwrap();
    } else {
        let key = RsaPublicKeyComponents {
            n: member("n"),
            e: member("e"),
        };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature)
            .unwrap();
    }
    let (header, claims) = message.split_once('.').unwrap();
    let json = |part: &str| serde_json::from_slice(&bytes(part)).unwrap();
    (json(header), json(claims))
}

#[tokio::test]
async fn b09_private_key_jwt_signs_each_call_with_the_key_in_the_file() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("client.pem");
    for (algorithm, openssl) in [
        ("ES256", rcgen::KeyPair::generate().unwrap()),
        (
            "RS256",
            rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap(),
        ),
    ] {
        std::fs::write(&file, openssl.serialize_pem()).unwrap();
        let mut scene = Scene::new().await;
        let authentication = format!("private_key_file = {:?}", file.to_str().unwrap());
        let toml = configuration(&scene.provider.issuer, &authentication);
        scene.providers = open(&toml, &scene.clock).unwrap();
        let jwk = scene.corp().client().key().unwrap().public_jwk();
        assert!(jwk.get("d").is_none());
        let mut ids = Vec::new();
        for _ in 0..2 {
            scene.sign_in(&scene.token()).await.unwrap();
            let call = scene.provider.last(TOKEN);
            assert_eq!(call.authorization, None);
            assert_eq!(call.form["client_id"], CLIENT_ID);
            assert_eq!(
                call.form["client_assertion_type"],
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            );
            let (header, claims) = verified(&call.form["client_assertion"], &jwk);
            assert_eq!(header["alg"], algorithm);
            assert_eq!(header["kid"], jwk["kid"]);
            assert_eq!(header.get("x5t#S256"), None);
            let token_endpoint = format!("{}/token", scene.provider.issuer);
            assert_eq!(claims["aud"], json!(token_endpoint));
            assert_eq!(
                (&claims["iss"], &claims["sub"]),
                (&json!(CLIENT_ID), &json!(CLIENT_ID))
            );
            assert_eq!(claims["exp"], json!(scene.now() + 60));
            ids.push(claims["jti"].as_str().unwrap().to_owned());
        }
        assert_ne!(ids[0], ids[1]);
    }
}

#[tokio::test]
async fn a_certificate_in_the_file_is_named_by_its_thumbprint() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("client.pem");
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    std::fs::write(&file, certificate.pem() + &key.serialize_pem()).unwrap();
    let mut scene = Scene::new().await;
    let authentication = format!("private_key_file = {:?}", file.to_str().unwrap());
    let toml = configuration(&scene.provider.issuer, &authentication);
    scene.providers = open(&toml, &scene.clock).unwrap();
    let jwk = scene.corp().client().key().unwrap().public_jwk();
    scene.sign_in(&scene.token()).await.unwrap();
    let (header, _) = verified(&scene.provider.last(TOKEN).form["client_assertion"], &jwk);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate.der());
    assert_eq!(
        header["x5t#S256"],
        json!(base64url::encode(digest.as_ref()))
    );
}

#[tokio::test]
async fn every_unusable_secret_is_reported_at_once_and_not_shown() {
    let directory = TempDir::new().unwrap();
    let path = |name: &str, content: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let curve = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let places = [
        (
            "client_secret_file",
            "/nonexistent/secret".to_owned(),
            "No such file",
        ),
        ("client_secret_file", path("empty", "\n"), "is empty"),
        (
            "client_secret_file",
            path("two", "hunter2\nhunter3\n"),
            "must be one line",
        ),
        (
            "client_secret_env",
            "NO_SUCH_SECRET".to_owned(),
            "is not set",
        ),
        (
            "private_key_file",
            path("none.pem", "hunter2"),
            "has no private key",
        ),
        (
            "private_key_file",
            path("p384.pem", &curve.serialize_pem()),
            "curve P-256",
        ),
    ];
    let toml: String = places
        .iter()
        .enumerate()
        .map(|(index, (field, place, _))| {
            configuration("https://sso.example.com", &format!("{field} = {place:?}"))
                .replace("\"corp\"", &format!("\"corp{index}\""))
        })
        .collect();
    let clock: Arc<TestClock> = Arc::default();
    let Err(refused) = open(&toml, &clock) else {
        panic!("unusable secrets were taken");
    };
    let lines: Vec<&str> = refused.lines().collect();
    assert_eq!(lines.len(), places.len(), "{refused}");
    for (index, (line, (field, place, says))) in lines.iter().zip(&places).enumerate() {
        let path = format!("identity_providers[{index}].{field}: {place}: ");
        assert!(line.starts_with(&path) && line.contains(says), "{line}");
    }
    assert!(!refused.contains("hunter"), "{refused}");
}

#[tokio::test]
async fn a_code_is_redeemed_once_and_the_providers_code_is_told() {
    let scene = Scene::new().await;
    scene.sign_in(&scene.token()).await.unwrap();
    let ProviderError::TokenRefused { code } = scene.redeem("code", None).await.unwrap_err() else {
        panic!("a code was redeemed twice");
    };
    assert_eq!(code.as_str(), "invalid_grant");
    for (error, shown) in [
        ("<script>", "<script>"),
        ("no spaces", "invalid_error_code"),
        ("x\"y", "invalid_error_code"),
        ("", "invalid_error_code"),
        (&*"x".repeat(65), "invalid_error_code"),
    ] {
        let refusal = json!({ "error": error, "error_description": SECRET });
        scene
            .provider
            .reply(TOKEN, Reply::json(&refusal).status(401));
        let refused = scene.redeem("code", None).await.unwrap_err();
        assert!(!refused.to_string().contains(SECRET), "{refused}");
        let ProviderError::TokenRefused { code } = refused else {
            panic!("{refused}");
        };
        assert_eq!(code.as_str(), shown);
    }
}

#[tokio::test]
async fn a_token_response_that_is_none_is_refused() {
    let scene = Scene::new().await;
    for reply in [
        Reply::text("access_token=x&id_token=y"),
        Reply::json(&json!({ "id_token": 7 })),
        Reply::json(&json!([])),
        Reply::huge(1024 * 1024),
        Reply::text("no").status(400),
        Reply::redirect("http://127.0.0.1/"),
    ] {
        scene.provider.reply(TOKEN, reply);
        let error = scene.redeem("code", None).await.unwrap_err();
        assert_eq!(error.reason(), "provider_answer_invalid", "{error}");
    }
}

#[tokio::test]
async fn nothing_that_is_printed_holds_a_secret() {
    let scene = Scene::new().await;
    let token = scene.token();
    let proven = scene.sign_in(&token).await.unwrap();
    let shown = format!("{proven:?} {:?}", scene.corp().settings());
    let hint = proven.id_token.unwrap();
    for secret in [SECRET, ACCESS, NONCE, VERIFIER, hint.reveal()] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

const ACCESS: &str = crate::openid_provider::ACCESS_TOKEN;
