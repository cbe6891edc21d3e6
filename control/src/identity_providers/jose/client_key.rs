//! The service's own key at a provider: `private_key_jwt` (RFC 7523, OpenID Connect Core 1.0,
//! section 9), by ES256 or RS256.

use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use portcullis::protocol::base64url;
use portcullis::time::UnixSeconds;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};

use super::super::error::ProviderError;
use crate::tokens::secret::Plain;

/// How long an assertion is valid.
const LIFETIME: Duration = Duration::from_secs(60);
const MIN_RSA_BYTES: usize = 256;
const COORDINATE_BYTES: usize = 32;

/// A private key, and how providers name it.
pub struct ClientKey {
    pair: Pair,
    kid: String,
    /// The thumbprint of the certificate in the same file, by which Entra ID finds the key.
    certificate: Option<String>,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

/// Why a file has no usable key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClientKeyError {
    /// It is no PEM file with a private key.
    #[error("has no private key in PEM form (`BEGIN PRIVATE KEY`)")]
    NoKey,
    /// The key is of another kind.
    #[error("must be a key on the curve P-256, or an RSA key of at least 2048 bits")]
    Kind,
}

impl ClientKey {
    /// Reads a PEM file: a private key (PKCS #8, PKCS #1 or SEC 1), and perhaps its certificate.
    ///
    /// # Errors
    /// When there is no key of a usable kind.
    pub fn read(pem: &[u8]) -> Result<Self, ClientKeyError> {
        let der = PrivateKeyDer::from_pem_slice(pem).map_err(|_| ClientKeyError::NoKey)?;
        let pair = Pair::read(&der).ok_or(ClientKeyError::Kind)?;
        let certificate = CertificateDer::pem_slice_iter(pem)
            .find_map(Result::ok)
            .map(|certificate| base64url::encode(&hmac_sha256::Hash::hash(&certificate)));
        let thumbprint = hmac_sha256::Hash::hash(pair.required_members().to_string().as_bytes());
        Ok(Self {
            kid: base64url::encode(&thumbprint),
            pair,
            certificate,
        })
    }

    /// The algorithm.
    #[must_use]
    pub fn algorithm(&self) -> &'static str {
        match &self.pair {
            Pair::Ec(_) => "ES256",
            Pair::Rsa(_) => "RS256",
        }
    }

    /// The public key for the provider's form. Its `kid` is its thumbprint (RFC 7638).
    #[must_use]
    pub fn public_jwk(&self) -> Value {
        let mut jwk = self.pair.required_members();
        if let Some(members) = jwk.as_object_mut() {
            members.insert("kid".into(), json!(self.kid));
            members.insert("alg".into(), json!(self.algorithm()));
            members.insert("use".into(), json!("sig"));
        }
        jwk
    }

    /// A new assertion that this client calls `audience`. `jti` is used once.
    ///
    /// # Errors
    /// When the key makes no signature.
    pub fn assertion(
        &self,
        client_id: &str,
        audience: &str,
        jti: &str,
        now: UnixSeconds,
    ) -> Result<Plain, ProviderError> {
        let mut header = json!({ "alg": self.algorithm(), "typ": "JWT", "kid": self.kid });
        if let (Some(thumbprint), Some(header)) = (&self.certificate, header.as_object_mut()) {
            header.insert("x5t#S256".into(), json!(thumbprint));
        }
        let claims = json!({
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "jti": jti,
            "iat": now.get(),
            "exp": (now + LIFETIME).get(),
        });
        let encoded = |part: &Value| base64url::encode(part.to_string().as_bytes());
        let message = format!("{}.{}", encoded(&header), encoded(&claims));
        let signature = self.pair.sign(message.as_bytes());
        let signature = signature.ok_or(ProviderError::Client)?;
        Ok(Plain::new(format!(
            "{message}.{}",
            base64url::encode(&signature)
        )))
    }
}

impl Pair {
    fn read(der: &PrivateKeyDer<'_>) -> Option<Self> {
        let curve = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = match der {
            PrivateKeyDer::Sec1(key) => {
                Self::Ec(EcdsaKeyPair::from_private_key_der(curve, key.secret_sec1_der()).ok()?)
            }
            PrivateKeyDer::Pkcs1(key) => {
                Self::Rsa(RsaKeyPair::from_der(key.secret_pkcs1_der()).ok()?)
            }
            PrivateKeyDer::Pkcs8(key) => {
                let der = key.secret_pkcs8_der();
                let ec = EcdsaKeyPair::from_pkcs8(curve, der).map(Self::Ec);
                ec.or_else(|_| RsaKeyPair::from_pkcs8(der).map(Self::Rsa))
                    .ok()?
            }
            _ => return None,
        };
        match &pair {
            Self::Rsa(pair) if pair.public_modulus_len() < MIN_RSA_BYTES => None,
            _ => Some(pair),
        }
    }

    /// What a thumbprint is made of, in the order of RFC 7638, section 3.2.
    fn required_members(&self) -> Value {
        match self {
            Self::Ec(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = point
                    .get(1..)
                    .and_then(|point| point.split_at_checked(COORDINATE_BYTES))
                    .unwrap_or_default();
                json!({
                    "crv": "P-256",
                    "kty": "EC",
                    "x": base64url::encode(x),
                    "y": base64url::encode(y),
                })
            }
            Self::Rsa(pair) => {
                let RsaPublicKeyComponents { n, e } =
                    RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({ "e": base64url::encode(&e), "kty": "RSA", "n": base64url::encode(&n) })
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match self {
            Self::Ec(pair) => {
                let signature = pair.sign(&random, message).ok()?;
                Some(signature.as_ref().to_vec())
            }
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .ok()?;
                Some(signature)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key on P-256 in the form of SEC 1, without its public part.
    const SEC1: &str = "-----BEGIN EC PRIVATE KEY-----
MDECAQEEIPO9DA1aeOlPpZR8ru9lX2XSg0e+MpWl6AwpFJ2gsWq9oAoGCCqGSM49
AwEH
-----END EC PRIVATE KEY-----
";

    #[test]
    fn the_kid_is_the_thumbprint_of_the_public_key() {
        let pem = rcgen::KeyPair::generate().unwrap().serialize_pem();
        let key = ClientKey::read(pem.as_bytes()).unwrap();
        let jwk = key.public_jwk();
        let text = |name: &str| jwk[name].as_str().unwrap().to_owned();
        let required = format!(
            r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
            text("x"),
            text("y")
        );
        let thumbprint = hmac_sha256::Hash::hash(required.as_bytes());
        assert_eq!(text("kid"), base64url::encode(&thumbprint));
        assert_eq!((text("alg"), text("use")), ("ES256".into(), "sig".into()));
    }

    #[test]
    fn keys_come_in_three_forms() {
        ClientKey::read(SEC1.as_bytes()).unwrap();
        let rsa = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        let key = ClientKey::read(rsa.serialize_pem().as_bytes()).unwrap();
        assert_eq!(key.algorithm(), "RS256");
        for (none, error) in [
            ("", ClientKeyError::NoKey),
            ("-----BEGIN PRIVATE KEY-----\n", ClientKeyError::NoKey),
            (
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                ClientKeyError::Kind,
            ),
        ] {
            assert_eq!(ClientKey::read(none.as_bytes()).err(), Some(error));
        }
    }
}
