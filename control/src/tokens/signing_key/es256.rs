//! ES256 (RFC 7518, section 3.4), with signatures as in RFC 6979.

use p256::ecdsa;
use p256::ecdsa::signature::{Signer, Verifier};
use portcullis::protocol::base64url;
use portcullis::protocol::feed::Jwk;

use super::error::KeyError;
use crate::system::randomness::{NoRandomness, Randomness};

pub(super) struct Es256(ecdsa::SigningKey);

impl Es256 {
    pub fn generate(random: &dyn Randomness) -> Result<Self, NoRandomness> {
        loop {
            // A random 256-bit number is above the curve's order once in 2^32 times.
            if let Ok(private) = ecdsa::SigningKey::from_slice(&random.bytes::<32>()?) {
                return Ok(Self(private));
            }
        }
    }

    pub fn from_scalar(bytes: &[u8]) -> Result<Self, KeyError> {
        let private = ecdsa::SigningKey::from_slice(bytes);
        private.map(Self).map_err(|_| KeyError)
    }

    pub fn scalar(&self) -> Vec<u8> {
        self.0.to_bytes().to_vec()
    }

    /// The public part, and what its thumbprint is the hash of.
    pub fn public(&self) -> (Jwk, String) {
        let point = self.0.verifying_key().to_sec1_point(false);
        let coordinate = |bytes: Option<&p256::FieldBytes>| {
            bytes
                .map(|bytes| base64url::encode(bytes))
                .unwrap_or_default()
        };
        let (x, y) = (coordinate(point.x()), coordinate(point.y()));
        let required = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let jwk = Jwk {
            kty: "EC".to_owned(),
            crv: Some("P-256".to_owned()),
            x: Some(x),
            y: Some(y),
            ..Jwk::default()
        };
        (jwk, required)
    }

    /// r and s, 64 bytes.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: ecdsa::Signature = self.0.sign(message);
        signature.to_bytes().to_vec()
    }

    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        ecdsa::Signature::from_slice(signature)
            .is_ok_and(|signature| self.0.verifying_key().verify(message, &signature).is_ok())
    }
}
