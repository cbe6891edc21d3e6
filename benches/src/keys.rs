//! Signing keys made for one run, and tokens under them.

use anyhow::{Result, anyhow};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use portcullis::protocol::base64url;
use portcullis::protocol::feed::Jwk;
use serde::Serialize;
use serde_json::json;

/// A private key.
pub enum SigningKey {
    /// ECDSA on P-256.
    Es256(EcdsaKeyPair),
    /// RSA with 2048 bits, PKCS #1 v1.5.
    Rs256(RsaKeyPair),
}

impl SigningKey {
    /// A new key for ES256.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn es256() -> Result<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
        Ok(Self::Es256(pair.map_err(|_| anyhow!("no ES256 key"))?))
    }

    /// A new key for RS256.
    ///
    /// # Errors
    /// As [`Self::es256`].
    pub fn rs256() -> Result<Self> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048);
        Ok(Self::Rs256(pair.map_err(|_| anyhow!("no RS256 key"))?))
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Es256(_) => "ES256",
            Self::Rs256(_) => "RS256",
        }
    }

    /// A name as long as those that the control service gives.
    fn kid(&self) -> String {
        format!("bench-key--{}", self.algorithm())
    }

    /// The public part, as the feed and jwt_authn take it.
    pub fn jwk(&self) -> Jwk {
        let named = Jwk {
            kid: self.kid(),
            alg: self.algorithm().to_owned(),
            usage: Some("sig".to_owned()),
            ..Jwk::default()
        };
        match self {
            // An uncompressed point (SEC 1, section 2.3.3): 4, x, y.
            Self::Es256(pair) => {
                let point = pair.public_key().as_ref();
                let coordinate = |range| point.get(range).map(base64url::encode);
                Jwk {
                    kty: "EC".to_owned(),
                    crv: Some("P-256".to_owned()),
                    x: coordinate(1..33),
                    y: coordinate(33..65),
                    ..named
                }
            }
            // A sequence of two numbers in DER (RFC 8017, appendix A.1.1). With 2048 bits the first
            // always begins after nine bytes; the second is 65537.
            Self::Rs256(pair) => {
                let modulus = pair.public_key().as_ref().get(9..265);
                Jwk {
                    kty: "RSA".to_owned(),
                    n: modulus.map(base64url::encode),
                    e: Some("AQAB".to_owned()),
                    ..named
                }
            }
        }
    }

    /// A token of this `typ` with these claims (RFC 7515).
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn token(&self, typ: &str, claims: &impl Serialize) -> Result<String> {
        let header = json!({"alg": self.algorithm(), "typ": typ, "kid": self.kid()});
        let part = |json: Vec<u8>| base64url::encode(&json);
        let signed = format!(
            "{}.{}",
            part(serde_json::to_vec(&header)?),
            part(serde_json::to_vec(claims)?)
        );
        let signature = self.sign(signed.as_bytes())?;
        Ok(format!("{signed}.{}", base64url::encode(&signature)))
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>> {
        let random = SystemRandom::new();
        let signature = match self {
            Self::Es256(pair) => pair
                .sign(&random, text)
                .map(|signature| signature.as_ref().to_vec()),
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature)
                    .map(|()| signature)
            }
        };
        signature.map_err(|_| anyhow!("the token cannot be signed"))
    }
}
