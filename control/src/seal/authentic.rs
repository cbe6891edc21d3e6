//! Texts that the service gives out and recognises when they come back: HMAC-SHA-256 (RFC 2104) under
//! a key that is derived from a key that seals. They outlive the database, as those keys do.
//!
//! A text is `<id of the key>.<base64url of the MAC>`.

use hmac_sha256::HMAC;
use portcullis::protocol::base64url;
use subtle::ConstantTimeEq;

use super::key::SealKey;
use super::{Seal, SealError};

const LABEL: &[u8] = b"portcullis authenticity";

impl Seal {
    /// What shows that a message is the service's own.
    ///
    /// # Errors
    /// When there is no key.
    pub fn authenticate(&self, message: &[u8]) -> Result<String, SealError> {
        let key = self.key(&self.current())?;
        let mac = base64url::encode(&key.authenticate(message));
        Ok(format!("{}.{mac}", key.id))
    }

    /// Whether a text shows that for a message. One of a key that the service no longer has does not.
    #[must_use]
    pub fn is_authentic(&self, message: &[u8], text: &str) -> bool {
        let known = || {
            let (id, mac) = text.split_once('.')?;
            let mac = base64url::decode(mac.as_bytes())?;
            Some((self.key(id).ok()?, mac))
        };
        known().is_some_and(|(key, mac)| key.authenticate(message).ct_eq(&mac[..]).into())
    }
}

impl SealKey {
    fn authenticate(&self, message: &[u8]) -> [u8; 32] {
        HMAC::mac(message, HMAC::mac(LABEL, self.bytes()))
    }
}
