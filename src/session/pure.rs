//! Signatures in pure Rust, by the keys of `jwt-simple` and the crates that it is built on.
//!
//! Only the signature is checked here. `jwt-simple`'s own token check judges times before it checks
//! the signature; here times are judged in one place for both signature paths.

use jwt_simple::algorithms::{
    ECDSAP256PublicKeyLike, ES256PublicKey, Ed25519PublicKey, EdDSAPublicKeyLike, RS256PublicKey,
    RSAPublicKeyLike,
};
use p256::ecdsa::signature::Verifier as _;
use superboring::hash::MessageDigest;
use superboring::pkey::PKey;
use superboring::rsa::Padding;
use superboring::sign::Verifier;

use super::signature::Algorithm;

/// A public key of one algorithm.
#[derive(Debug)]
pub enum PureKey {
    /// ES256.
    Es256(Box<ES256PublicKey>),
    /// RS256.
    Rs256(Box<RS256PublicKey>),
    /// EdDSA.
    EdDsa(Ed25519PublicKey),
}

impl PureKey {
    /// Reads a JWK (RFC 7517) that is meant for one algorithm; `None` if it does not fit it.
    #[must_use]
    pub fn from_jwk(algorithm: Algorithm, jwk: &str) -> Option<Self> {
        match algorithm {
            Algorithm::Es256 => {
                let key = ES256PublicKey::from_jwk(jwk).ok()?;
                Some(Self::Es256(Box::new(key)))
            }
            Algorithm::Rs256 => {
                let key = RS256PublicKey::from_jwk(jwk).ok()?;
                Some(Self::Rs256(Box::new(key)))
            }
            Algorithm::EdDsa => Ed25519PublicKey::from_jwk(jwk).ok().map(Self::EdDsa),
        }
    }

    /// The key as a DER SubjectPublicKeyInfo (RFC 5280), for the host; `None` for EdDSA.
    #[must_use]
    pub fn subject_public_key_info(&self) -> Option<Vec<u8>> {
        match self {
            Self::Es256(key) => key.public_key().to_der().ok(),
            Self::Rs256(key) => key.public_key().to_der().ok(),
            Self::EdDsa(_) => None,
        }
    }

    /// Whether a JOSE signature (RFC 7518, RFC 8037) of `text` is this key's.
    #[must_use]
    pub fn verify(&self, signature: &[u8], text: &[u8]) -> bool {
        match self {
            Self::Es256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.public_key().as_ref().verify(text, &signature).is_ok()),
            Self::Rs256(key) => verify_rs256(key, signature, text).unwrap_or(false),
            Self::EdDsa(key) => ed25519_compact::Signature::from_slice(signature)
                .is_ok_and(|signature| key.public_key().as_ref().verify(text, &signature).is_ok()),
        }
    }
}

fn verify_rs256(key: &RS256PublicKey, signature: &[u8], text: &[u8]) -> Option<bool> {
    let key = PKey::from_rsa(key.public_key().as_ref().clone()).ok()?;
    let mut verifier = Verifier::new(MessageDigest::sha256(), &key).ok()?;
    verifier.set_rsa_padding(Padding::PKCS1).ok()?;
    verifier.update(text).ok()?;
    verifier.verify(signature).ok()
}
