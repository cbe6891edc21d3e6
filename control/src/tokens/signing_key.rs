//! An ES256 key (RFC 7518, section 3.4).

use p256::ecdsa;
use p256::ecdsa::signature::{Signer, Verifier};
use portcullis::protocol::base64url;
use portcullis::protocol::feed::Jwk;

use crate::storage::SigningKeyRow;
use crate::system::randomness::{NoRandomness, Randomness};
use crate::tokens::secret::Plain;

const KID_CHARACTERS: usize = 16;

/// A private key with its public part.
pub struct SigningKey {
    private: ecdsa::SigningKey,
    kid: String,
    x: String,
    y: String,
}

/// A stored key is invalid.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("not a private key for ES256")]
pub struct KeyError;

impl SigningKey {
    /// The algorithm.
    pub const ALGORITHM: &'static str = "ES256";

    /// A new key.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn generate(random: &dyn Randomness) -> Result<Self, NoRandomness> {
        loop {
            // A random 256-bit number is above the curve's order once in 2^32 times.
            if let Ok(private) = ecdsa::SigningKey::from_slice(&random.bytes::<32>()?) {
                return Ok(Self::new(private));
            }
        }
    }

    /// The key in a row of the database.
    ///
    /// # Errors
    /// When it is not an ES256 key.
    pub fn from_row(row: &SigningKeyRow) -> Result<Self, KeyError> {
        let bytes = base64url::decode(row.private_key.reveal().as_bytes()).ok_or(KeyError)?;
        let key = Self::new(ecdsa::SigningKey::from_slice(&bytes).map_err(|_| KeyError)?);
        if row.algorithm == Self::ALGORITHM && row.kid == key.kid {
            Ok(key)
        } else {
            Err(KeyError)
        }
    }

    /// The row to store.
    #[must_use]
    pub fn to_row(&self) -> SigningKeyRow {
        SigningKeyRow {
            kid: self.kid.clone(),
            algorithm: Self::ALGORITHM.to_owned(),
            private_key: Plain::new(base64url::encode(&self.private.to_bytes())),
        }
    }

    /// Its id, `kid` in token headers.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public part.
    #[must_use]
    pub fn jwk(&self) -> Jwk {
        Jwk {
            kty: "EC".to_owned(),
            kid: self.kid.clone(),
            alg: Self::ALGORITHM.to_owned(),
            usage: Some("sig".to_owned()),
            crv: Some("P-256".to_owned()),
            x: Some(self.x.clone()),
            y: Some(self.y.clone()),
            ..Jwk::default()
        }
    }

    /// The signature of `message`: r and s, 64 bytes.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: ecdsa::Signature = self.private.sign(message);
        signature.to_bytes().to_vec()
    }

    /// Whether `signature` is a signature of `message`.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        ecdsa::Signature::from_slice(signature).is_ok_and(|signature| {
            self.private
                .verifying_key()
                .verify(message, &signature)
                .is_ok()
        })
    }

    fn new(private: ecdsa::SigningKey) -> Self {
        let point = private.verifying_key().to_sec1_point(false);
        let coordinate = |bytes: Option<&p256::FieldBytes>| {
            bytes
                .map(|bytes| base64url::encode(bytes))
                .unwrap_or_default()
        };
        let (x, y) = (coordinate(point.x()), coordinate(point.y()));
        let kid = thumbprint(&x, &y).chars().take(KID_CHARACTERS).collect();
        Self { private, kid, x, y }
    }
}

/// RFC 7638, section 3: the required members in the order of their names, without spaces.
fn thumbprint(x: &str, y: &str) -> String {
    let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    base64url::encode(&hmac_sha256::Hash::hash(members.as_bytes()))
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::randomness::SystemRandomness;

    #[test]
    fn a_stored_key_is_the_same_key() {
        let key = SigningKey::generate(&SystemRandomness).unwrap();
        let stored = SigningKey::from_row(&key.to_row()).unwrap();
        assert_eq!(key.jwk(), stored.jwk());
        assert!(stored.verifies(b"message", &key.sign(b"message")));
        assert!(!stored.verifies(b"massage", &key.sign(b"message")));
        assert_eq!(key.kid().len(), 16);
    }

    #[test]
    fn an_invalid_stored_key_is_refused() {
        let row = SigningKey::generate(&SystemRandomness).unwrap().to_row();
        for wrong in [
            SigningKeyRow {
                kid: "other".into(),
                ..row.clone()
            },
            SigningKeyRow {
                algorithm: "none".into(),
                ..row.clone()
            },
            SigningKeyRow {
                private_key: Plain::new("AAAA".into()),
                ..row
            },
        ] {
            assert!(SigningKey::from_row(&wrong).is_err());
        }
    }
}
