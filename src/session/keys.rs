//! The keys in force, each good for one algorithm only (RFC 8725, section 3.1).

use std::collections::HashMap;

use super::pure::PureKey;
use super::signature::{Algorithm, HostSignatures, der_signature};
use crate::protocol::feed::{Jwk, JwkSet};

/// The keys in force, by `kid`.
#[derive(Debug, Default)]
pub struct Keys {
    by_kid: HashMap<String, Key>,
    source: JwkSet,
}

/// A key, ready for both ways of checking.
#[derive(Debug)]
pub struct Key {
    algorithm: Algorithm,
    pure: PureKey,
    subject_public_key_info: Option<Vec<u8>>,
}

/// Which way a signature was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignaturePath {
    /// By the host's own library.
    Host,
    /// In pure Rust.
    Pure,
}

/// What a check of a signature found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureCheck {
    /// Whether the signature is good.
    pub is_good: bool,
    /// Which way it was checked.
    pub path: SignaturePath,
}

/// A key set that cannot be used, by the `kid` of the key that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyError(pub String);

impl Keys {
    /// Prepares a key set. Keys of unknown algorithms are left out.
    ///
    /// # Errors
    /// A key of a known algorithm that cannot be read, or a `kid` that comes twice.
    pub fn compile(source: JwkSet) -> Result<Self, KeyError> {
        let mut by_kid = HashMap::new();
        for jwk in &source.keys {
            let Some(algorithm) = Algorithm::named(&jwk.alg) else {
                continue;
            };
            let key = Key::from_jwk(algorithm, jwk).ok_or_else(|| KeyError(jwk.kid.clone()))?;
            if by_kid.insert(jwk.kid.clone(), key).is_some() {
                return Err(KeyError(jwk.kid.clone()));
            }
        }
        Ok(Self { by_kid, source })
    }

    /// The key of a `kid`.
    #[must_use]
    pub fn find(&self, kid: &str) -> Option<&Key> {
        self.by_kid.get(kid)
    }

    /// Whether these are the keys of that set.
    #[must_use]
    pub fn are(&self, set: &JwkSet) -> bool {
        self.source == *set
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_kid.is_empty()
    }
}

impl Key {
    fn from_jwk(algorithm: Algorithm, jwk: &Jwk) -> Option<Self> {
        let pure = PureKey::from_jwk(algorithm, &serde_json::to_string(jwk).ok()?)?;
        Some(Self {
            algorithm,
            subject_public_key_info: pure.subject_public_key_info(),
            pure,
        })
    }

    /// The algorithm that the key is good for.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether a JOSE signature of `text` is this key's.
    #[must_use]
    pub fn verify(
        &self,
        host: &dyn HostSignatures,
        signature: &[u8],
        text: &[u8],
    ) -> SignatureCheck {
        match self.verify_by_host(host, signature, text) {
            Some(is_good) => SignatureCheck {
                is_good,
                path: SignaturePath::Host,
            },
            None => SignatureCheck {
                is_good: self.pure.verify(signature, text),
                path: SignaturePath::Pure,
            },
        }
    }

    fn verify_by_host(
        &self,
        host: &dyn HostSignatures,
        signature: &[u8],
        text: &[u8],
    ) -> Option<bool> {
        let public_key = self.subject_public_key_info.as_deref()?;
        match self.algorithm {
            // A signature without a DER form is refused in Rust, without the host.
            Algorithm::Es256 => host.verify(public_key, &der_signature(signature)?, text),
            Algorithm::Rs256 => host.verify(public_key, signature, text),
            Algorithm::EdDsa => None,
        }
    }
}
