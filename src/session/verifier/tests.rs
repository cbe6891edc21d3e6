//! Every check, each failing alone.

mod checked;
mod ends;
mod forged;
mod sources;

use std::time::Duration;

use jwt_simple::prelude::*;

use super::*;
use crate::application::tests::{application, at, wire};
use crate::protocol::base64url;
use crate::protocol::claims::{APPLICATION_TYP, Confirmation, SESSION_TYP};
use crate::protocol::feed::{Jwk, JwkSet, Revocation, RevocationChanges, Subject};
use crate::session::revocations::Revocations;
use crate::session::signature::NoHostSignatures;
use crate::time::UnixSeconds;

const NOW: UnixSeconds = UnixSeconds::new(1_795_450_380);
const ISSUER: &str = "https://team.example.com";

/// Good claims for the application of letter `a`.
pub fn claims() -> ApplicationClaims {
    ApplicationClaims {
        iss: ISSUER.into(),
        aud: vec!["a".repeat(64)],
        kind: APPLICATION_TYPE.into(),
        sub: "AAAAAAAAAAAAAAAAAAAAAA".into(),
        email: "ana@example.com".into(),
        sid: "BBBBBBBBBBBBBBBBBBBBBB".into(),
        jti: "CCCCCCCCCCCCCCCCCCCCCC".into(),
        iat: NOW,
        nbf: NOW,
        exp: NOW + Duration::from_secs(600),
        session_exp: NOW + Duration::from_secs(6000),
        auth_time: NOW,
        ver: 41,
        auth_ver: 40,
        rule: "rule1".into(),
        cnf: Confirmation::of_cookie(binding().as_bytes()),
        usage: None,
        every_navigation: false,
        groups: None,
        groups_truncated: false,
        custom: None,
    }
}

/// The binding cookie that fits [`claims`].
pub fn binding() -> String {
    base64url::encode(&[7; 32])
}

/// A signing key of tests and its public half.
pub struct Signer {
    key: ES256KeyPair,
    kid: String,
}

impl Signer {
    /// A new key.
    pub fn new() -> Self {
        let key = ES256KeyPair::generate();
        let kid = key.jwk_thumbprint()[..16].to_owned();
        Self { key, kid }
    }

    /// The public key.
    pub fn jwk(&self) -> Jwk {
        let mut jwk: serde_json::Value =
            serde_json::from_str(&self.key.public_key().to_jwk()).unwrap();
        jwk["kid"] = self.kid.clone().into();
        jwk["alg"] = "ES256".into();
        serde_json::from_value(jwk).unwrap()
    }

    /// Signs anything under any header.
    pub fn sign_raw(&self, header: &serde_json::Value, payload: &[u8]) -> String {
        use p256::ecdsa::signature::Signer as _;
        let key = p256::ecdsa::SigningKey::from_slice(&self.key.to_bytes()).unwrap();
        let header = base64url::encode(header.to_string().as_bytes());
        let text = format!("{header}.{}", base64url::encode(payload));
        let signature: p256::ecdsa::Signature = key.sign(text.as_bytes());
        format!("{text}.{}", base64url::encode(&signature.to_bytes()))
    }

    /// Signs claims as the control service would.
    pub fn sign(&self, claims: &ApplicationClaims) -> String {
        self.sign_as(APPLICATION_TYP, &serde_json::to_vec(claims).unwrap())
    }

    fn sign_as(&self, typ: &str, payload: &[u8]) -> String {
        self.sign_raw(
            &serde_json::json!({"alg": "ES256", "typ": typ, "kid": self.kid}),
            payload,
        )
    }
}

struct Scene {
    signer: Signer,
    keys: Keys,
    revocations: Revocations,
    application: Application,
    verifier: Verifier,
    now: UnixSeconds,
}

impl Scene {
    fn new() -> Self {
        let signer = Signer::new();
        let keys = Keys::compile(JwkSet {
            keys: vec![signer.jwk()],
        })
        .unwrap();
        Self {
            signer,
            keys,
            revocations: Revocations::default(),
            application: application("a", &[at("wiki.example", None, None)]),
            verifier: Verifier::new(Box::new(NoHostSignatures)),
            now: NOW,
        }
    }

    fn judge(
        &mut self,
        token: &str,
        bindings: &[&[u8]],
        source: Source,
    ) -> Result<Verified, Refusal> {
        let trust = Trust {
            issuer: ISSUER,
            keys: &self.keys,
            revocations: &self.revocations,
        };
        let demand = Demand {
            application: &self.application,
            now: self.now,
            bindings,
            address: None,
            navigates: false,
        };
        let candidate = Candidate {
            token: token.as_bytes(),
            source,
        };
        // The second answer comes from the cache and must be the same.
        let first = self.verifier.verify(trust, demand, candidate);
        let second = self.verifier.verify(trust, demand, candidate);
        assert_eq!(first.as_ref().err(), second.as_ref().err());
        first
    }

    fn cookie(&mut self, token: &str) -> Result<Verified, Refusal> {
        self.judge(token, &[binding().as_bytes()], Source::Cookie)
    }

    fn changed(
        &mut self,
        change: impl FnOnce(&mut ApplicationClaims),
    ) -> Result<Verified, Refusal> {
        let mut claims = claims();
        change(&mut claims);
        let token = self.signer.sign(&claims);
        self.cookie(&token)
    }
}
