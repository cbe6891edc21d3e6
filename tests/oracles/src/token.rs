//! Tokens.

use std::sync::LazyLock;

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use portcullis::application::Application;
use portcullis::protocol::base64url;
use portcullis::protocol::claims::{ApplicationClaims, Confirmation};
use portcullis::protocol::feed::JwkSet;
use portcullis::session::keys::Keys;
use portcullis::session::revocations::Revocations;
use portcullis::session::signature::NoHostSignatures;
use portcullis::session::token::claims_to_be_ours;
use portcullis::session::{Candidate, Demand, Source, Trust, Verifier};
use portcullis::time::UnixSeconds;
use serde_json::{Value, json};

const NOW: u64 = 1_795_450_380;
const ISSUER: &str = "https://team.example.com";
const SECRET: [u8; 32] = [7; 32];

/// The one genuine token: signed by a key that is known to all, at the same moment for ever.
#[must_use]
pub fn genuine() -> &'static str {
    static GENUINE: LazyLock<String> = LazyLock::new(|| {
        let header = json!({"alg": "ES256", "typ": "app+jwt", "kid": "k"}).to_string();
        let encode = |text: &str| base64url::encode(text.as_bytes());
        let claims = serde_json::to_string(&claims()).unwrap();
        let text = format!("{}.{}", encode(&header), encode(&claims));
        let signature: Signature = key().sign(text.as_bytes());
        format!("{text}.{}", base64url::encode(&signature.to_bytes()))
    });
    &GENUINE
}

/// Nothing but what was signed is let in: not a byte of header or payload may differ.
pub fn token(input: &[u8]) {
    let _ = claims_to_be_ours(input);
    let binding = base64url::encode(&SECRET);
    let revocations = Revocations::default();
    let (keys, application) = (keys(), application());
    let trust = Trust {
        issuer: ISSUER,
        keys: &keys,
        revocations: &revocations,
    };
    let bound = Demand {
        application: &application,
        now: UnixSeconds::new(NOW),
        bindings: &[binding.as_bytes()],
        address: None,
        navigates: false,
    };
    let stolen = Demand {
        bindings: &[],
        ..bound
    };
    let mut verifier = Verifier::new(Box::new(NoHostSignatures));
    for source in [Source::Cookie, Source::Header] {
        let candidate = Candidate {
            token: input,
            source,
        };
        let first = verifier.verify(trust, bound, candidate).is_ok();
        assert_eq!(
            verifier.verify(trust, bound, candidate).is_ok(),
            first,
            "by the cache"
        );
        assert!(
            verifier.verify(trust, stolen, candidate).is_err(),
            "without its binding"
        );
        assert_eq!(first, is_genuine(input), "let in, or not");
    }
    let of_a_service = Candidate {
        token: input,
        source: Source::ServiceToken,
    };
    assert!(
        verifier.verify(trust, bound, of_a_service).is_err(),
        "a person's token for a service token"
    );
}

/// By the parts alone: only one text was ever signed. Its signature may be spelt in two ways,
/// with either s.
fn is_genuine(token: &[u8]) -> bool {
    let (signed, _) = genuine().rsplit_once('.').unwrap();
    let rest = token.strip_prefix(signed.as_bytes());
    let signature = rest.and_then(|rest| base64url::decode(rest.strip_prefix(b".")?));
    let genuine: Signature = key().sign(signed.as_bytes());
    signature.is_some_and(|sent| {
        Signature::from_slice(&sent).is_ok_and(|sent| sent.normalize_s() == genuine.normalize_s())
    })
}

fn key() -> SigningKey {
    SigningKey::from_slice(&[1; 32]).unwrap()
}

/// The key that genuine tokens are signed by, as the feed has it.
pub(crate) fn jwk() -> Value {
    let key = key();
    let point = key.verifying_key().to_sec1_point(false);
    let coordinate = |bytes: Option<&p256::FieldBytes>| bytes.map(|bytes| base64url::encode(bytes));
    json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "k",
        "x": coordinate(point.x()), "y": coordinate(point.y())})
}

/// The application that genuine tokens are for, as the feed has it.
pub(crate) fn wire() -> Value {
    json!({
        "audience": "a".repeat(64), "name": "wiki", "binding": true, "header_tokens": true,
        "origins": [{"hostname": "wiki.example"}],
        "cookie": {"http_only": true, "same_site": "lax", "partitioned": false},
        "rules": [{"id": "rule1"}],
    })
}

/// What a genuine token says.
pub(crate) fn claims() -> ApplicationClaims {
    ApplicationClaims {
        iss: ISSUER.into(),
        aud: vec!["a".repeat(64)],
        kind: "app".into(),
        sub: "AAAAAAAAAAAAAAAAAAAAAA".into(),
        email: "ana@example.com".into(),
        sid: "BBBBBBBBBBBBBBBBBBBBBB".into(),
        jti: "CCCCCCCCCCCCCCCCCCCCCC".into(),
        iat: UnixSeconds::new(NOW),
        nbf: UnixSeconds::new(NOW),
        exp: UnixSeconds::new(NOW + 600),
        session_exp: UnixSeconds::new(NOW + 6000),
        auth_time: UnixSeconds::new(NOW),
        ver: 41,
        auth_ver: 40,
        rule: "rule1".into(),
        cnf: Confirmation::of_cookie(base64url::encode(&SECRET).as_bytes()),
        usage: None,
        every_navigation: false,
        groups: None,
        groups_truncated: false,
        custom: None,
    }
}

fn keys() -> Keys {
    let set: JwkSet = serde_json::from_value(json!({"keys": [jwk()]})).unwrap();
    Keys::compile(set).unwrap()
}

fn application() -> Application {
    Application::compile(serde_json::from_value(wire()).unwrap()).unwrap()
}
