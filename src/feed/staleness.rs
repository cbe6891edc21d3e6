//! When a filter takes the feed for stale, and whether it then refuses everybody: for the control
//! service, which counts on nobody who may still let people in.

use serde::{Deserialize, Serialize};

/// What a filter, or all for whom it polls, does when nothing is heard for long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Staleness {
    /// After how many milliseconds without a good poll the feed is stale.
    pub after_ms: u64,
    /// Whether everybody is refused then.
    pub denies: bool,
}

impl Staleness {
    /// Of two filters together: they refuse everybody when the last of them does.
    pub fn and(self, other: Self) -> Self {
        Self {
            after_ms: self.after_ms.max(other.after_ms),
            denies: self.denies && other.denies,
        }
    }

    /// As a poll says it.
    pub fn query(self) -> String {
        // Rounded up: nobody shall be taken for stale before it is.
        let after = self.after_ms.div_ceil(1_000);
        let then = if self.denies { "deny" } else { "allow" };
        format!("&stale_after={after}&then={then}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_refuse_everybody_when_the_last_of_them_does() {
        let of = |after_ms, denies| Staleness { after_ms, denies };
        assert_eq!(of(60_000, true).and(of(90_500, true)), of(90_500, true));
        assert_eq!(of(60_000, false).and(of(1_000, true)), of(60_000, false));
        assert_eq!(of(90_500, true).query(), "&stale_after=91&then=deny");
        assert_eq!(of(1_000, false).query(), "&stale_after=1&then=allow");
    }
}
