//! EdDSA on Ed25519 (RFC 8037).

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use portcullis::protocol::base64url;
use portcullis::protocol::feed::Jwk;

use super::error::{KeyError, NoSignature};

const SEED_BYTES: usize = 32;

pub(super) struct EdDsa {
    pair: Ed25519KeyPair,
    seed: [u8; SEED_BYTES],
}

impl EdDsa {
    pub fn from_seed(seed: &[u8]) -> Result<Self, KeyError> {
        let seed: [u8; SEED_BYTES] = seed.try_into().map_err(|_| KeyError)?;
        // Only the seed is stored: the public part is computed from it, and compared by its id.
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| KeyError)?;
        Ok(Self { pair, seed })
    }

    pub fn seed(&self) -> Vec<u8> {
        self.seed.to_vec()
    }

    /// The public part, and what its thumbprint is the hash of.
    pub fn public(&self) -> (Jwk, String) {
        let x = base64url::encode(self.pair.public_key().as_ref());
        let required = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        let jwk = Jwk {
            kty: "OKP".to_owned(),
            crv: Some("Ed25519".to_owned()),
            x: Some(x),
            ..Jwk::default()
        };
        (jwk, required)
    }

    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, NoSignature> {
        let signature = self.pair.try_sign(message).map_err(|_| NoSignature)?;
        Ok(signature.as_ref().to_vec())
    }

    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.pair.public_key().as_ref())
            .verify(message, signature)
            .is_ok()
    }
}
