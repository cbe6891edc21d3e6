//! Verifying a signature. What comes out was signed by the provider; whether it may be used is for
//! others to judge.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use portcullis::protocol::base64url;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::error::IdTokenFault;
use super::keys::accepted;

/// ID tokens with many groups have some KB.
const MAX_BYTES: usize = 128 * 1024;

/// A token whose header says that its signature can be verified. Nothing in it is verified.
pub struct Unverified<'a> {
    token: &'a str,
    algorithm: Algorithm,
    kid: Option<String>,
    typ: Option<String>,
}

/// A token whose signature is the provider's.
#[derive(Debug)]
pub struct Signed {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// `typ`, in lower case and without `application/` (RFC 7515, section 4.1.9).
    pub typ: Option<String>,
    /// The claims.
    pub claims: Map<String, Value>,
}

/// The header. Keys that it names or brings (`jku`, `jwk`, `x5u`, `x5c`) are never used.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

impl<'a> Unverified<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// When the signature could not be verified by any key.
    pub fn read(token: &'a str) -> Result<Self, IdTokenFault> {
        let header = token.split('.').next().unwrap_or_default();
        let parts = token.split('.').count();
        if token.len() > MAX_BYTES || parts != 3 {
            return Err(IdTokenFault::Malformed);
        }
        let header = base64url::decode(header.as_bytes()).ok_or(IdTokenFault::Malformed)?;
        let header: Header =
            serde_json::from_slice(&header).map_err(|_| IdTokenFault::Malformed)?;
        // RFC 7515, section 4.1.11: no extension is understood here.
        if header.crit.is_some() {
            return Err(IdTokenFault::Critical);
        }
        Ok(Self {
            token,
            algorithm: accepted(&header.alg).ok_or(IdTokenFault::Algorithm)?,
            kid: header.kid,
            typ: header.typ.map(|typ| {
                let typ = typ.to_ascii_lowercase();
                typ.strip_prefix("application/").unwrap_or(&typ).to_owned()
            }),
        })
    }

    /// The algorithm that the header names.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key that the header names.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Verifies the signature.
    ///
    /// # Errors
    /// When it is wrong, or the claims are no JSON object.
    pub fn verify(self, key: &DecodingKey) -> Result<Signed, IdTokenFault> {
        let mut only_signature = Validation::new(self.algorithm);
        only_signature.required_spec_claims.clear();
        only_signature.validate_exp = false;
        only_signature.validate_nbf = false;
        only_signature.validate_aud = false;
        let decoded = jsonwebtoken::decode(self.token, key, &only_signature);
        let decoded = decoded.map_err(|error| match error.kind() {
            jsonwebtoken::errors::ErrorKind::InvalidSignature => IdTokenFault::Signature,
            _ => IdTokenFault::Malformed,
        })?;
        Ok(Signed {
            algorithm: self.algorithm,
            typ: self.typ,
            claims: decoded.claims,
        })
    }
}
