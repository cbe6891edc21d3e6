//! How old the feed is, by a clock that may be set back, and what the filter does when the feed is
//! too old.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::UnixMillis;

/// When the feed counts as stale, and what the filter does then. Each poll reports it: the control
/// service must know how long a filter that it no longer hears may still let requests through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StalePolicy {
    /// The feed is stale after this time without a successful poll.
    #[serde(rename = "after_ms", with = "millis")]
    pub after: Duration,
    /// Whether a stale feed denies every request.
    pub denies: bool,
}

impl StalePolicy {
    /// The policy of two filters together: both deny only once the later one does.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            after: self.after.max(other.after),
            denies: self.denies && other.denies,
        }
    }

    /// [`Self::after`] in milliseconds.
    pub(super) fn after_millis(self) -> u64 {
        whole_millis(self.after)
    }

    /// The part of a poll's query that reports it.
    pub(super) fn query(self) -> String {
        // Rounded up: the control service must not expect a denial before it begins.
        let after = self.after.as_secs() + u64::from(self.after.subsec_nanos() > 0);
        let then = if self.denies { "deny" } else { "allow" };
        format!("&stale_after={after}&then={then}")
    }
}

/// When the feed was last known to be complete. Age never shrinks when the clock is set back.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Freshness {
    last_success: UnixMillis,
    clock: UnixMillis,
}

impl Freshness {
    /// When the last successful poll was answered, by this VM's clock.
    pub fn last_success(&self) -> UnixMillis {
        self.last_success
    }

    /// Time since the last successful poll.
    pub fn age(&self, now: UnixMillis) -> Duration {
        now.duration_since(self.last_success)
    }

    /// Records a poll, by this VM or another, that succeeded at `at`.
    pub fn succeed(&mut self, at: UnixMillis) {
        self.last_success = self.last_success.max(at);
    }

    /// Takes the current time. Returns by how much the clock was set back since the last call, so
    /// that other times can be moved with it.
    ///
    /// The control service waits for a filter only until the filter must deny by its own policy; a
    /// clock that is set back must not extend that time.
    pub fn advance(&mut self, now: UnixMillis) -> Duration {
        let back = self.clock.duration_since(now);
        self.clock = now;
        self.last_success = (self.last_success - back).min(now);
        back
    }
}

fn whole_millis(span: Duration) -> u64 {
    (UnixMillis::EPOCH + span).get()
}

/// A duration as whole milliseconds.
mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
        super::whole_millis(*span).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_filters_deny_once_the_later_one_does() {
        let of = |after_ms, denies| StalePolicy {
            after: Duration::from_millis(after_ms),
            denies,
        };
        assert_eq!(of(60_000, true).and(of(90_500, true)), of(90_500, true));
        assert_eq!(of(60_000, false).and(of(1_000, true)), of(60_000, false));
        assert_eq!(of(90_500, true).query(), "&stale_after=91&then=deny");
        assert_eq!(of(1_000, false).query(), "&stale_after=1&then=allow");
        let text = serde_json::to_string(&of(90_500, true)).unwrap();
        assert_eq!(text, r#"{"after_ms":90500,"denies":true}"#);
        let read: StalePolicy = serde_json::from_str(&text).unwrap();
        assert_eq!(read, of(90_500, true));
    }

    #[test]
    fn age_survives_a_clock_that_is_set_back() {
        let mut freshness = Freshness::default();
        let at = |seconds: u64| UnixMillis::new(seconds * 1_000);
        assert_eq!(freshness.advance(at(5_000)), Duration::ZERO);
        freshness.succeed(at(5_000));
        freshness.advance(at(5_060));
        assert_eq!(freshness.advance(at(1_000)), Duration::from_secs(4_060));
        assert_eq!(freshness.age(at(1_000)), Duration::from_secs(60));
        freshness.succeed(at(500));
        assert_eq!(freshness.age(at(1_000)), Duration::from_secs(60));
    }
}
