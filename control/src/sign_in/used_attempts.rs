//! Each attempt to sign in with a provider ends once, also if its answer comes twice at the same time:
//! a provider may take a code that is shown again for a stolen one.
//!
//! This is kept for one process. Where several share a database, the provider itself refuses a code
//! that another one has used (RFC 6749, section 4.1.2).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use portcullis::protocol::login::ATTEMPT_LIFETIME;
use portcullis::time::UnixSeconds;

/// So many are remembered. Strangers can use up attempts, but not memory.
const MOST: usize = 50_000;

/// The attempts that have ended.
#[derive(Default)]
pub struct UsedAttempts(Mutex<HashMap<String, UnixSeconds>>);

impl UsedAttempts {
    /// Whether the attempt ends now; false if it has ended before.
    pub fn take(&self, id: &str, now: UnixSeconds) -> bool {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= MOST {
            used.retain(|_, at| now.duration_since(*at) < ATTEMPT_LIFETIME);
        }
        if used.len() >= MOST {
            used.clear();
        }
        used.insert(id.to_owned(), now).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_ends_once_and_memory_is_bounded() {
        let used = UsedAttempts::default();
        let now = UnixSeconds::new(1_000);
        assert!(used.take("a", now) && !used.take("a", now) && used.take("b", now));
        for number in 0..2 * MOST {
            used.take(&number.to_string(), now);
        }
        assert!(used.0.lock().unwrap().len() <= MOST);
    }
}
