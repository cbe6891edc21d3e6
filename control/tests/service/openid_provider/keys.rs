//! The provider's keys, and the tokens that they sign.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use portcullis::protocol::base64url;
use serde_json::{Value, json};

/// A signing key of a provider.
pub struct Key {
    kid: String,
    pair: Pair,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Rsa(Arc<RsaKeyPair>, &'static str),
    Ed(Ed25519KeyPair),
}

impl Key {
    pub fn es256(kid: &str) -> Arc<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self::of(kid, Pair::Ec(pair))
    }

    pub fn eddsa(kid: &str) -> Arc<Self> {
        Self::of(kid, Pair::Ed(Ed25519KeyPair::generate().unwrap()))
    }

    /// All RSA keys are the same: to make one takes long.
    pub fn rs256(kid: &str) -> Arc<Self> {
        Self::of(kid, Pair::Rsa(rsa(), "RS256"))
    }

    pub fn ps256(kid: &str) -> Arc<Self> {
        Self::of(kid, Pair::Rsa(rsa(), "PS256"))
    }

    fn of(kid: &str, pair: Pair) -> Arc<Self> {
        Arc::new(Self {
            kid: kid.to_owned(),
            pair,
        })
    }

    pub fn algorithm(&self) -> &'static str {
        match &self.pair {
            Pair::Ec(_) => "ES256",
            Pair::Rsa(_, algorithm) => algorithm,
            Pair::Ed(_) => "EdDSA",
        }
    }

    pub fn jwk(&self) -> Value {
        let mut jwk = match &self.pair {
            Pair::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({
                    "kty": "EC",
                    "crv": "P-256",
                    "x": base64url::encode(x),
                    "y": base64url::encode(y),
                })
            }
            Pair::Rsa(pair, _) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({
                    "kty": "RSA",
                    "n": base64url::encode(&public.n),
                    "e": base64url::encode(&public.e),
                })
            }
            Pair::Ed(pair) => json!({
                "kty": "OKP",
                "crv": "Ed25519",
                "x": base64url::encode(pair.public_key().as_ref()),
            }),
        };
        jwk["kid"] = json!(self.kid);
        jwk["use"] = json!("sig");
        jwk
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa(pair, algorithm) => {
                let padding = match *algorithm {
                    "PS256" => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256 as &dyn aws_lc_rs::signature::RsaEncoding,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                let signed = pair.sign(padding, &random, message, &mut signature);
                signed.unwrap();
                signature
            }
        }
    }
}

fn rsa() -> Arc<RsaKeyPair> {
    static KEY: OnceLock<Arc<RsaKeyPair>> = OnceLock::new();
    Arc::clone(KEY.get_or_init(|| Arc::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())))
}

/// A token to be changed and signed. `alg` and `kid` are those of the key unless the header says
/// otherwise.
#[derive(Debug, Clone)]
pub struct Token {
    pub header: Value,
    pub claims: Value,
}

impl Token {
    pub fn new(claims: Value) -> Self {
        Self {
            header: json!({}),
            claims,
        }
    }

    pub fn with(mut self, claim: &str, value: Value) -> Self {
        self.claims[claim] = value;
        self
    }

    pub fn without(mut self, claim: &str) -> Self {
        self.claims.as_object_mut().unwrap().remove(claim);
        self
    }

    pub fn header(mut self, name: &str, value: Value) -> Self {
        self.header[name] = value;
        self
    }

    pub fn signed(&self, key: &Key) -> String {
        let message = self.message(key);
        let signature = key.sign(message.as_bytes());
        format!("{message}.{}", base64url::encode(&signature))
    }

    /// With an HMAC by these bytes for a signature.
    pub fn hmac(&self, key: &Key, secret: &[u8]) -> String {
        let message = self.message(key);
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let tag = hmac::sign(&secret, message.as_bytes());
        format!("{message}.{}", base64url::encode(tag.as_ref()))
    }

    /// With nothing for a signature.
    pub fn unsigned(&self, key: &Key) -> String {
        format!("{}.", self.message(key))
    }

    fn message(&self, key: &Key) -> String {
        let mut header = json!({ "alg": key.algorithm(), "kid": key.kid, "typ": "JWT" });
        for (name, value) in self.header.as_object().unwrap() {
            header[name] = value.clone();
        }
        let part = |value: &Value| base64url::encode(value.to_string().as_bytes());
        format!("{}.{}", part(&header), part(&self.claims))
    }
}
