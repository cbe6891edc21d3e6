//! Every check, each failing alone.

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

#[test]
fn a_good_token_is_good_once_checked_and_cached() {
    let mut scene = Scene::new();
    let token = scene.signer.sign(&claims());
    assert_eq!(*scene.cookie(&token).unwrap().claims(), claims());
    let checked = scene.verifier.checked();
    assert_eq!((checked.by_host, checked.in_pure_rust), (0, 1));
    assert!(token.len() < 1000, "{}", token.len());
}

#[test]
fn each_claim_is_checked() {
    let mut scene = Scene::new();
    type Change = fn(&mut ApplicationClaims);
    let cases: [(Change, Refusal); 11] = [
        (
            |c| c.iss = "https://evil.example".into(),
            Refusal::TokenNotForHere,
        ),
        (|c| c.kind = "org".into(), Refusal::TokenNotForHere),
        (|c| c.aud = vec!["b".repeat(64)], Refusal::TokenNotForHere),
        (|c| c.aud.push("b".repeat(64)), Refusal::TokenNotForHere),
        (|c| c.aud.clear(), Refusal::TokenNotForHere),
        (
            |c| c.usage = Some(TokenUse::Header),
            Refusal::TokenNotForHere,
        ),
        (
            |c| c.nbf = NOW + Duration::from_secs(31),
            Refusal::NotYetValid,
        ),
        (
            |c| c.exp = NOW - Duration::from_secs(30),
            Refusal::SessionExpired,
        ),
        (|c| c.cnf = None, Refusal::BindingMissing),
        (
            |c| c.cnf = Confirmation::of_cookie(base64url::encode(&[8; 32]).as_bytes()),
            Refusal::BindingMismatch,
        ),
        (|c| c.rule = "gone".into(), Refusal::SessionExpired),
    ];
    for (change, refusal) in cases {
        assert_eq!(scene.changed(change).err(), Some(refusal));
    }
    assert!(
        scene
            .changed(|c| c.nbf = NOW + Duration::from_secs(30))
            .is_ok()
    );
    assert!(
        scene
            .changed(|c| c.exp = NOW - Duration::from_secs(29))
            .is_ok()
    );
}

#[test]
fn forged_tokens_open_nothing() {
    let mut scene = Scene::new();
    let good = scene.signer.sign(&claims());
    let payload = serde_json::to_vec(&claims()).unwrap();
    let stranger = Signer::new();
    assert_eq!(
        scene.cookie(&stranger.sign(&claims())).err(),
        Some(Refusal::KeyUnknown)
    );
    let impostor = Signer {
        kid: scene.signer.kid.clone(),
        ..Signer::new()
    };
    assert_eq!(
        scene.cookie(&impostor.sign(&claims())).err(),
        Some(Refusal::SignatureInvalid)
    );
    for alg in ["none", "HS256", "RS256", "es256", "ES384"] {
        let header = serde_json::json!({"alg": alg, "typ": "app+jwt", "kid": scene.signer.kid});
        let token = scene.signer.sign_raw(&header, &payload);
        assert_eq!(
            scene.cookie(&token).err(),
            Some(Refusal::TokenMalformed),
            "{alg}"
        );
    }
    let session = scene.signer.sign_as(SESSION_TYP, &payload);
    assert_eq!(scene.cookie(&session).err(), Some(Refusal::TokenNotForHere));
    let no_claims = scene.signer.sign_as(APPLICATION_TYP, b"{}");
    assert_eq!(
        scene.cookie(&no_claims).err(),
        Some(Refusal::TokenMalformed)
    );
    let other = {
        let mut c = claims();
        c.sub = "x".into();
        scene.signer.sign(&c)
    };
    let (head, _) = good.rsplit_once('.').unwrap();
    let (_, foreign) = other.rsplit_once('.').unwrap();
    assert_eq!(
        scene.cookie(&format!("{head}.{foreign}")).err(),
        Some(Refusal::SignatureInvalid)
    );
    assert_eq!(
        scene.cookie(&format!("{head}.")).err(),
        Some(Refusal::SignatureInvalid)
    );
}

#[test]
fn a_stolen_token_needs_its_binding_wherever_it_comes_from() {
    let mut scene = Scene::new();
    let token = scene.signer.sign(&claims());
    let (right, wrong) = (binding(), base64url::encode(&[9; 32]));
    for source in [Source::Cookie, Source::Header] {
        let mut judge = |bindings: &[&[u8]]| scene.judge(&token, bindings, source).err();
        assert_eq!(judge(&[]), Some(Refusal::BindingMissing));
        assert_eq!(judge(&[wrong.as_bytes()]), Some(Refusal::BindingMismatch));
        assert_eq!(judge(&[b""]), Some(Refusal::BindingMismatch));
        assert_eq!(
            judge(&[format!("{right}=").as_bytes()]),
            Some(Refusal::BindingMismatch)
        );
        assert_eq!(judge(&[wrong.as_bytes(), right.as_bytes()]), None);
    }
    scene.application = {
        let mut w = wire("a", &[]);
        w.binding = false;
        Application::compile(w).unwrap()
    };
    assert_eq!(
        scene.judge(&token, &[], Source::Cookie).err(),
        Some(Refusal::BindingMissing),
        "carries cnf"
    );
    assert!(scene.changed(|c| c.cnf = None).is_ok());
}

#[test]
fn a_header_token_is_good_in_a_header_only() {
    let mut scene = Scene::new();
    let mut header = claims();
    (header.usage, header.cnf) = (Some(TokenUse::Header), None);
    let token = scene.signer.sign(&header);
    assert!(scene.judge(&token, &[], Source::Header).is_ok());
    assert_eq!(
        scene.judge(&token, &[], Source::Cookie).err(),
        Some(Refusal::TokenNotForHere)
    );
}

#[test]
fn a_revocation_acts_on_a_cached_token_and_an_ended_session_can_still_log_out() {
    let mut scene = Scene::new();
    let token = scene.signer.sign(&claims());
    assert!(scene.cookie(&token).is_ok());
    scene.now = NOW + Duration::from_secs(700);
    assert_eq!(scene.cookie(&token).err(), Some(Refusal::SessionExpired));
    let text = binding();
    let bindings: &[&[u8]] = &[text.as_bytes()];
    let trust = Trust {
        issuer: ISSUER,
        keys: &scene.keys,
        revocations: &scene.revocations,
    };
    let demand = Demand {
        application: &scene.application,
        now: scene.now,
        bindings,
        address: None,
        navigates: false,
    };
    let candidate = Candidate {
        token: token.as_bytes(),
        source: Source::Cookie,
    };
    assert_eq!(
        scene.verifier.verify_to_end(trust, demand, candidate),
        Ok(())
    );
    let unbound = Demand {
        bindings: &[],
        ..demand
    };
    assert_eq!(
        scene.verifier.verify_to_end(trust, unbound, candidate),
        Err(Refusal::BindingMissing)
    );
    scene.now = NOW;
    let revocation = Revocation {
        subject: Subject::User(claims().sub),
        version: 42,
        fresh: false,
        until: NOW,
    };
    scene.revocations.apply(&RevocationChanges {
        put: vec![revocation],
        delete: vec![],
    });
    assert_eq!(scene.cookie(&token).err(), Some(Refusal::SessionRevoked));
    assert!(scene.changed(|c| c.ver = 42).is_ok());
}
