//! Keys that tokens name and the feed does not hold. A request with such a token waits once for
//! the feed, which may be about to bring the key; then the key is remembered until the feed
//! changes, so that a stream of forged tokens makes no stream of waiting requests.

use std::collections::HashSet;

/// How many are remembered. Beyond that no request waits for a key.
const MAX_UNKNOWN_KEYS: usize = 64;

/// Key ids that the feed was found not to hold.
#[derive(Default)]
pub(super) struct UnknownKeys(HashSet<String>);

impl UnknownKeys {
    /// Whether the feed may still bring one of the keys.
    pub fn may_come(&self, kids: &[String]) -> bool {
        self.0.len() < MAX_UNKNOWN_KEYS && !kids.iter().any(|kid| self.0.contains(kid))
    }

    /// Remembers keys that have not come.
    pub fn remember(&mut self, kids: Vec<String>) {
        for kid in kids {
            if self.0.len() < MAX_UNKNOWN_KEYS {
                self.0.insert(kid);
            }
        }
    }

    /// The feed has changed.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
