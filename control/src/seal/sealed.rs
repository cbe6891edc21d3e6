//! Sealed secrets.

use std::fmt;

/// What a sealed secret begins with.
pub(super) const VERSION: &str = "sealed1";

/// A secret as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub(super) String);

impl Sealed {
    /// A stored text.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The text to store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is sealed.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        self.parts().is_some()
    }

    /// The id of the key that sealed it; `None` if it is not sealed.
    #[must_use]
    pub fn sealed_by(&self) -> Option<&str> {
        self.parts().map(|(id, _)| id)
    }

    /// The id of the key that sealed it, and what it sealed. `None` if it is not sealed.
    pub(super) fn parts(&self) -> Option<(&str, &str)> {
        self.0
            .strip_prefix(VERSION)?
            .strip_prefix('.')?
            .split_once('.')
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(hidden)")
    }
}
