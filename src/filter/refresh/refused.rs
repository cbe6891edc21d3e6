//! Tokens that the control service has refused to refresh, so that a page that asks every
//! second does not make it say so every second.

use std::collections::HashMap;

use crate::reason::Refusal;

/// How long a refusal is remembered, in milliseconds.
const REMEMBERED_MS: u64 = 10_000;
/// How many are. Beyond that the control service is asked again.
const MAX_REFUSED: usize = 1_024;

/// Refusals by the token's id.
#[derive(Default)]
pub(super) struct RefusedTokens(HashMap<String, Refused>);

struct Refused {
    refusal: Refusal,
    since_ms: u64,
}

impl RefusedTokens {
    pub fn find(&self, jti: &str, now_ms: u64) -> Option<Refusal> {
        let refused = self.0.get(jti).filter(|refused| refused.counts(now_ms));
        refused.map(|refused| refused.refusal)
    }

    pub fn remember(&mut self, jti: &str, refusal: Refusal, now_ms: u64) {
        if self.0.len() >= MAX_REFUSED {
            self.0.retain(|_, refused| refused.counts(now_ms));
        }
        if self.0.len() < MAX_REFUSED {
            let since_ms = now_ms;
            self.0.insert(jti.to_owned(), Refused { refusal, since_ms });
        }
    }
}

impl Refused {
    /// A clock that was set back ends it too.
    fn counts(&self, now_ms: u64) -> bool {
        now_ms
            .checked_sub(self.since_ms)
            .is_some_and(|age_ms| age_ms < REMEMBERED_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_remembered_for_ten_seconds_and_a_bounded_number_of_them() {
        let mut refused = RefusedTokens::default();
        refused.remember("a", Refusal::PolicyDenied, 5_000);
        assert_eq!(refused.find("a", 14_999), Some(Refusal::PolicyDenied));
        assert_eq!(refused.find("b", 5_000), None);
        for now_ms in [15_000, 4_999] {
            assert_eq!(refused.find("a", now_ms), None, "{now_ms}");
        }
        for number in 0..2 * MAX_REFUSED {
            refused.remember(&number.to_string(), Refusal::SessionExpired, 6_000);
        }
        assert_eq!(refused.0.len(), MAX_REFUSED);
        refused.remember("later", Refusal::SessionExpired, 16_000);
        assert_eq!(refused.0.len(), 1);
    }
}
