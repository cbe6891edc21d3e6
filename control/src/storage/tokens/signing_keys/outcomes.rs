//! What came of a change of the keys.

use super::StoredKey;

/// The outcome of publishing a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishedKey {
    /// It was published with this version of the feed.
    Published(u64),
    /// Another key is published and does not sign yet.
    AnotherWaits {
        /// Its id.
        kid: String,
    },
    /// [`MOST_KEYS`] keys are in force.
    TooMany,
}

/// The outcome of refusing a key.
#[derive(Debug, Clone)]
pub enum RefusedKey {
    /// It is refused.
    Refused {
        /// The version of the feed that refuses it.
        version: u64,
        /// The key that signs from now on, if the refused one did.
        now_signs: Option<String>,
    },
    /// It had been refused before, by this version.
    Already(u64),
    /// No key has the id; these exist.
    Unknown(Vec<StoredKey>),
}
