//! Keys that seal.

use std::fmt;

use portcullis::protocol::base64url;

use crate::system::randomness::{NoRandomness, Randomness};

const BYTES: usize = 32;
const ID_CHARACTERS: usize = 8;

/// A key that seals. `Debug` shows its id only.
#[derive(Clone)]
pub struct SealKey {
    /// What names it: the first characters of a hash of it.
    pub id: String,
    bytes: [u8; BYTES],
}

impl SealKey {
    /// A new key.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn generate(random: &dyn Randomness) -> Result<Self, NoRandomness> {
        Ok(Self::new(random.bytes()?))
    }

    /// A key from its text: 32 bytes in base64url. `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = base64url::decode(text.as_bytes())?;
        Some(Self::new(bytes.try_into().ok()?))
    }

    /// Its text.
    #[must_use]
    pub fn to_text(&self) -> String {
        base64url::encode(&self.bytes)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn new(bytes: [u8; BYTES]) -> Self {
        let mut hash = hmac_sha256::Hash::new();
        hash.update("portcullis seal key");
        hash.update(bytes);
        let id = base64url::encode(&hash.finalize());
        Self {
            id: id.chars().take(ID_CHARACTERS).collect(),
            bytes,
        }
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealKey({})", self.id)
    }
}
