//! Tokens that the control service has refused to refresh, so that a page that asks every second
//! does not cause a call every second.

use std::collections::HashMap;
use std::time::Duration;

use crate::reason::Refusal;
use crate::time::UnixMillis;

/// How long a refusal is remembered.
const REMEMBERED: Duration = Duration::from_secs(10);
/// How many refusals are remembered. Beyond that the control service is asked again.
const MAX_REFUSED: usize = 1_024;

/// Refusals by the token's id.
#[derive(Default)]
pub(super) struct RefusedTokens(HashMap<String, Refused>);

struct Refused {
    refusal: Refusal,
    since: UnixMillis,
}

impl RefusedTokens {
    pub fn find(&self, jti: &str, now: UnixMillis) -> Option<Refusal> {
        let refused = self.0.get(jti).filter(|refused| refused.counts(now));
        refused.map(|refused| refused.refusal)
    }

    pub fn remember(&mut self, jti: &str, refusal: Refusal, now: UnixMillis) {
        if self.0.len() >= MAX_REFUSED {
            self.0.retain(|_, refused| refused.counts(now));
        }
        if self.0.len() < MAX_REFUSED {
            let since = now;
            self.0.insert(jti.to_owned(), Refused { refusal, since });
        }
    }
}

impl Refused {
    /// A clock that was set back ends it too.
    fn counts(&self, now: UnixMillis) -> bool {
        now.checked_duration_since(self.since)
            .is_some_and(|age| age < REMEMBERED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_remembered_for_ten_seconds_and_a_bounded_number_of_them() {
        let at = UnixMillis::new;
        let mut refused = RefusedTokens::default();
        refused.remember("a", Refusal::PolicyDenied, at(5_000));
        assert_eq!(refused.find("a", at(14_999)), Some(Refusal::PolicyDenied));
        assert_eq!(refused.find("b", at(5_000)), None);
        for now in [15_000, 4_999] {
            assert_eq!(refused.find("a", at(now)), None, "{now}");
        }
        for number in 0..2 * MAX_REFUSED {
            refused.remember(&number.to_string(), Refusal::SessionExpired, at(6_000));
        }
        assert_eq!(refused.0.len(), MAX_REFUSED);
        refused.remember("later", Refusal::SessionExpired, at(16_000));
        assert_eq!(refused.0.len(), 1);
    }
}
