//! Secrets. A plain secret cannot be printed by accident, only hashed secrets are stored, and
//! comparisons take constant time.

use std::fmt;

use portcullis::protocol::base64url;
use serde::Deserialize;
use subtle::ConstantTimeEq;

/// A secret in plain text. `Debug` hides it; only [`Plain::reveal`] returns the text.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Plain(String);

/// The SHA-256 of a secret of at least 128 random bits, in base64url: safe to store.
///
/// Not for passwords, which are not random: see [`crate::sign_in::password_hashing`].
#[derive(Clone, PartialEq, Eq)]
pub struct Hashed(String);

impl Plain {
    /// Hides a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Its hash, which may be stored.
    #[must_use]
    pub fn hashed(&self) -> Hashed {
        Hashed(base64url::encode(&hmac_sha256::Hash::hash(
            self.0.as_bytes(),
        )))
    }
}

impl Hashed {
    /// A stored hash.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The text to store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the hash of `plain`.
    #[must_use]
    pub fn is_of(&self, plain: &Plain) -> bool {
        same(self.as_str(), plain.hashed().as_str())
    }
}

/// Whether two texts are equal, in time that depends on their lengths only.
#[must_use]
pub fn same(left: &str, right: &str) -> bool {
    left.as_bytes().ct_eq(right.as_bytes()).into()
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plain(hidden)")
    }
}

impl fmt::Debug for Hashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hashed(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_prints() {
        let plain = Plain::new("open sesame".into());
        let hashed = plain.hashed();
        let printed = format!("{plain:?} {hashed:?}");
        assert!(!printed.contains("sesame") && !printed.contains(hashed.as_str()));
    }

    #[test]
    fn a_hash_knows_its_secret() {
        let plain = Plain::new("open sesame".into());
        assert!(plain.hashed().is_of(&plain));
        assert!(!plain.hashed().is_of(&Plain::new("open".into())));
    }
}
