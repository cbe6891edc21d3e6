//! The host's own signature check: the foreign function `verify_signature` of Envoy.
//!
//! Whether it is there, and does what it should, a self-test decides for each configuration.

mod vector;

use super::host;
use crate::session::signature::{HostSignatures, der_signature};

const FUNCTION: &str = "verify_signature";

/// Envoy's `verify_signature`, where the self-test passed.
pub struct EnvoySignatures;

impl EnvoySignatures {
    /// The host's check, if good signatures pass it and bad ones do not.
    pub fn self_tested() -> Option<Self> {
        let es256 = der_signature(&vector::ES256_SIGNATURE)?;
        let passes = tells_apart(&vector::ES256_KEY, &es256)
            && tells_apart(&vector::RS256_KEY, &vector::RS256_SIGNATURE);
        passes.then_some(Self)
    }
}

fn tells_apart(public_key: &[u8], good: &[u8]) -> bool {
    let check = |signature: &[u8], text: &[u8]| EnvoySignatures.verify(public_key, signature, text);
    let mut bad = good.to_vec();
    if let Some(last) = bad.last_mut() {
        *last ^= 1;
    }
    check(good, vector::TEXT) == Some(true)
        && check(good, b"another text") == Some(false)
        && check(&bad, vector::TEXT) == Some(false)
        && check(&[], vector::TEXT) == Some(false)
}

impl HostSignatures for EnvoySignatures {
    fn verify(&self, public_key: &[u8], signature: &[u8], text: &[u8]) -> Option<bool> {
        let mut message = Vec::with_capacity(public_key.len() + signature.len() + text.len() + 32);
        for (field, bytes) in [
            (1, &b"sha256"[..]),
            (2, public_key),
            (3, signature),
            (4, text),
        ] {
            put_bytes(&mut message, field, bytes);
        }
        match host::foreign(FUNCTION, &message) {
            Ok(answer) => Some(says_true(&answer)),
            Err(_) => None,
        }
    }
}

/// A length-delimited field of a protocol buffer.
fn put_bytes(message: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    message.push(field << 3 | 2);
    let mut length = bytes.len();
    while length >= 0x80 {
        message.push(u8::try_from(length & 0x7f).unwrap_or(0) | 0x80);
        length >>= 7;
    }
    message.push(u8::try_from(length).unwrap_or(0));
    message.extend_from_slice(bytes);
}

/// Whether field 1, `result`, comes first and is true. A false one is left out of the message.
fn says_true(answer: &[u8]) -> bool {
    answer.starts_with(&[1 << 3, 1])
}
