//! Signing and verifying tokens (RFC 7515, RFC 7519, following RFC 8725).
//!
//! Signatures are deterministic (RFC 6979): the same claims and key always give the same token. So
//! a repeated exchange gets the same answer although tokens are not stored.

use portcullis::protocol::base64url;
use portcullis::protocol::claims::MAX_TOKEN_BYTES;
use portcullis::protocol::feed::JwkSet;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::signing_key::{KeyError, SigningKey};
use crate::storage::{Database, StorageError};
use crate::system::clock::Clock;
use crate::system::randomness::{NoRandomness, Randomness};

/// The service's keys: one signs, all verify.
#[derive(Debug)]
pub struct Keys {
    signing: SigningKey,
    older: Vec<SigningKey>,
}

/// Why the keys cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No randomness for a new key.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// A stored key is invalid.
    #[error("a stored signing key is invalid")]
    Key(#[from] KeyError),
    /// The new key was not found in the database.
    #[error("the database lost the signing key")]
    Lost,
}

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
    // RFC 7515, section 4.1.11: we understand no extension, so none may be critical.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crit: Option<serde_json::Value>,
}

impl Keys {
    /// The stored keys; if there are none, a first key is made.
    ///
    /// # Errors
    /// When a key cannot be read or made.
    pub async fn load(
        storage: &Database,
        clock: &dyn Clock,
        random: &dyn Randomness,
    ) -> Result<Self, KeysError> {
        if storage.signing_keys().await?.is_empty() {
            let first = SigningKey::generate(random)?;
            storage
                .add_first_signing_key(&first.to_row(), clock.now_seconds())
                .await?;
        }
        let mut keys = Vec::new();
        for row in storage.signing_keys().await? {
            keys.push(SigningKey::from_row(&row)?);
        }
        let mut keys = keys.into_iter();
        Ok(Self {
            signing: keys.next().ok_or(KeysError::Lost)?,
            older: keys.collect(),
        })
    }

    /// The public keys.
    #[must_use]
    pub fn jwks(&self) -> JwkSet {
        JwkSet {
            keys: self.all().map(SigningKey::jwk).collect(),
        }
    }

    /// Signs `claims` as a token of the type `typ`.
    ///
    /// # Errors
    /// When the claims cannot be serialised.
    pub fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String, serde_json::Error> {
        let header = Header {
            alg: SigningKey::ALGORITHM.to_owned(),
            typ: typ.to_owned(),
            kid: self.signing.kid().to_owned(),
            crit: None,
        };
        let mut token = base64url::encode(&serde_json::to_vec(&header)?);
        token.push('.');
        token.push_str(&base64url::encode(&serde_json::to_vec(claims)?));
        let signature = self.signing.sign(token.as_bytes());
        token.push('.');
        token.push_str(&base64url::encode(&signature));
        Ok(token)
    }

    /// The claims of a token of type `typ` that one of the keys signed. The caller checks issuer,
    /// audience and times.
    #[must_use]
    pub fn verify<T: DeserializeOwned>(&self, typ: &str, token: &str) -> Option<T> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Header = serde_json::from_slice(&base64url::decode(header.as_bytes())?).ok()?;
        if header.typ != typ || header.alg != SigningKey::ALGORITHM || header.crit.is_some() {
            return None;
        }
        let key = self.all().find(|key| key.kid() == header.kid)?;
        if !key.verifies(signed.as_bytes(), &base64url::decode(signature.as_bytes())?) {
            return None;
        }
        serde_json::from_slice(&base64url::decode(claims.as_bytes())?).ok()
    }

    fn all(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.signing).chain(&self.older)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::randomness::SystemRandomness;

    fn keys() -> Keys {
        Keys {
            signing: SigningKey::generate(&SystemRandomness).unwrap(),
            older: Vec::new(),
        }
    }

    #[test]
    fn only_tokens_of_these_keys_and_this_type_are_accepted() {
        let (ours, others) = (keys(), keys());
        let token = ours.sign("app+jwt", &[1, 2]).unwrap();
        assert_eq!(ours.verify::<Vec<u8>>("app+jwt", &token), Some(vec![1, 2]));
        assert_eq!(ours.verify::<Vec<u8>>("org+jwt", &token), None);
        assert_eq!(others.verify::<Vec<u8>>("app+jwt", &token), None);
        for broken in [
            "",
            ".",
            "..",
            "a.b.c",
            &token[1..],
            &token[..token.len() - 1],
        ] {
            assert_eq!(ours.verify::<Vec<u8>>("app+jwt", broken), None, "{broken}");
        }
    }

    #[test]
    fn unsigned_and_critical_headers_are_refused() {
        let keys = keys();
        let kid = keys.signing.kid().to_owned();
        for header in [
            format!(r#"{{"alg":"none","typ":"app+jwt","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"HS256","typ":"app+jwt","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"ES256","typ":"app+jwt","kid":"{kid}","crit":["x"]}}"#),
        ] {
            let signed = format!("{}.{}", base64url::encode(header.as_bytes()), "WzFd");
            let signature = base64url::encode(&keys.signing.sign(signed.as_bytes()));
            let token = format!("{signed}.{signature}");
            assert_eq!(keys.verify::<Vec<u8>>("app+jwt", &token), None, "{header}");
        }
    }

    #[test]
    fn the_same_claims_give_the_same_token() {
        let keys = keys();
        assert_eq!(keys.sign("a", &1).unwrap(), keys.sign("a", &1).unwrap());
    }
}
