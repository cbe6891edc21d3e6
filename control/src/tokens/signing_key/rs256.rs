//! RS256 (RFC 7518, section 3.3), with keys of 2048 bits.
//!
//! The library is the one that the service uses for TLS. It takes randomness for new keys from the
//! operating system by itself.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey,
};
use portcullis::protocol::base64url;
use portcullis::protocol::feed::Jwk;

use super::error::{KeyError, NoSignature};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;

pub(super) struct Rs256 {
    pair: KeyPair,
    pkcs8: Vec<u8>,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl Rs256 {
    pub fn generate() -> Result<Self, KeyError> {
        Self::new(KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError)?)
    }

    pub fn from_pkcs8(bytes: &[u8]) -> Result<Self, KeyError> {
        Self::new(KeyPair::from_pkcs8(bytes).map_err(|_| KeyError)?)
    }

    pub fn pkcs8(&self) -> Vec<u8> {
        self.pkcs8.clone()
    }

    /// The public part, and what its thumbprint is the hash of.
    pub fn public(&self) -> (Jwk, String) {
        let (n, e) = (
            base64url::encode(&self.modulus),
            base64url::encode(&self.exponent),
        );
        let required = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
        let jwk = Jwk {
            kty: "RSA".to_owned(),
            n: Some(n),
            e: Some(e),
            ..Jwk::default()
        };
        (jwk, required)
    }

    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, NoSignature> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        // PKCS #1 v1.5 takes no randomness; the library ignores its source.
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .map_err(|_| NoSignature)?;
        Ok(signature)
    }

    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.pair.public_key().as_ref())
            .verify(message, signature)
            .is_ok()
    }

    fn new(pair: KeyPair) -> Result<Self, KeyError> {
        let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError)?;
        let pkcs8 = pkcs8.as_ref().to_vec();
        let (modulus, exponent) = numbers(pair.public_key().as_ref()).ok_or(KeyError)?;
        Ok(Self {
            pair,
            pkcs8,
            modulus,
            exponent,
        })
    }
}

/// Modulus and exponent of a DER RSAPublicKey (RFC 8017, appendix A.1.1), without leading zeroes, as
/// a JWK has them.
fn numbers(der: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (inside, rest) = element(der, SEQUENCE)?;
    let (modulus, after) = element(inside, INTEGER)?;
    let (exponent, end) = element(after, INTEGER)?;
    (rest.is_empty() && end.is_empty()).then(|| (unsigned(modulus), unsigned(exponent)))
}

/// The contents of the first element, which must have this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0x81 => {
            let (length, rest) = rest.split_first()?;
            (usize::from(*length), rest)
        }
        0x82 => {
            let (length, rest) = rest.split_at_checked(2)?;
            (
                usize::from(u16::from_be_bytes(length.try_into().ok()?)),
                rest,
            )
        }
        short => (usize::from(*short), rest),
    };
    (*found == tag)
        .then(|| rest.split_at_checked(length))
        .flatten()
}

fn unsigned(integer: &[u8]) -> Vec<u8> {
    let zeroes = integer.iter().take_while(|byte| **byte == 0).count();
    integer.get(zeroes..).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_key_is_read_from_der() {
        let key = Rs256::generate().unwrap();
        assert_eq!(key.modulus.len(), 256);
        assert_eq!(key.exponent, [1, 0, 1]);
    }

    #[test]
    fn only_complete_der_is_read() {
        let key = Rs256::generate().unwrap();
        let der = key.pair.public_key().as_ref();
        assert!(numbers(der).is_some());
        assert!(numbers(&[der, &[0]].concat()).is_none());
        for length in 0..der.len() {
            assert!(numbers(&der[..length]).is_none(), "{length}");
        }
    }
}
