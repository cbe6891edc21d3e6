//! A provider's public keys (RFC 7517).

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// The algorithms that are accepted. Neither `none` nor HMAC is among them: the client secret is no
/// key of the provider, and its public key is no secret.
pub const ACCEPTED: [Algorithm; 4] = [
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::EdDSA,
];

/// The keys that can verify a signature by an accepted algorithm.
#[derive(Debug)]
pub struct Keys(Vec<Key>);

#[derive(Debug)]
struct Key {
    kid: Option<String>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

impl Keys {
    /// Reads a JWKS. Keys for other purposes and of unknown kinds are left out (RFC 7517, section 5).
    #[must_use]
    pub fn read(jwks: &[u8]) -> Option<Self> {
        let set: KeySet = serde_json::from_slice(jwks).ok()?;
        Some(Self(set.keys.into_iter().filter_map(Key::read).collect()))
    }

    /// The key for a signature. A token without `kid` must leave no choice (OpenID Connect Core 1.0,
    /// section 10.1).
    #[must_use]
    pub fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let fits = |key: &&Key| {
            key.algorithms.contains(&algorithm)
                && kid.is_none_or(|kid| key.kid.as_deref() == Some(kid))
        };
        let mut found = self.0.iter().filter(fits);
        match (found.next(), found.next()) {
            (Some(only), None) => Some(&only.key),
            _ => None,
        }
    }

    /// The accepted algorithms for which there is a key.
    #[must_use]
    pub fn algorithms(&self) -> Vec<Algorithm> {
        let mut all = ACCEPTED.to_vec();
        all.retain(|algorithm| self.0.iter().any(|key| key.algorithms.contains(algorithm)));
        all
    }
}

impl Key {
    fn read(jwk: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(jwk).ok()?;
        let common = &jwk.common;
        if !matches!(common.public_key_use, None | Some(PublicKeyUse::Signature)) {
            return None;
        }
        let mut algorithms = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => vec![Algorithm::RS256, Algorithm::PS256],
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                vec![Algorithm::ES256]
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                vec![Algorithm::EdDSA]
            }
            _ => return None,
        };
        if let Some(only) = common.key_algorithm {
            let only = only.to_string();
            algorithms.retain(|algorithm| name(*algorithm) == only);
        }
        Some(Self {
            kid: common.key_id.clone(),
            key: DecodingKey::from_jwk(&jwk).ok()?,
            algorithms,
        })
    }
}

/// The accepted algorithm of this name in `alg`.
#[must_use]
pub fn accepted(alg: &str) -> Option<Algorithm> {
    ACCEPTED
        .into_iter()
        .find(|algorithm| name(*algorithm) == alg)
}

/// The name of an accepted algorithm in `alg` (RFC 7518, section 3.1; RFC 8037, section 3.1).
#[must_use]
pub fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::RS256 => "RS256",
        Algorithm::PS256 => "PS256",
        Algorithm::ES256 => "ES256",
        Algorithm::EdDSA => "EdDSA",
        _ => "",
    }
}
