//! When a wait ends at the latest.

use std::time::Duration;

use crate::time::UnixMillis;

/// Longer than any wait: the feed's two seconds, and a call's thirty and a half.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// When a wait ends at the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::filter) struct Deadline(UnixMillis);

impl Deadline {
    /// The deadline of a wait that begins now.
    pub fn after(now: UnixMillis, wait: Duration) -> Self {
        Self(now + wait)
    }

    /// Whether the wait has ended. A clock that was set back ends it too: otherwise the wait
    /// could last as long as the clock is behind.
    pub fn has_passed(self, now: UnixMillis) -> bool {
        now >= self.0 || self.0.duration_since(now) > LONGEST_WAIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_at_its_deadline_and_when_the_clock_is_set_back() {
        let begin = UnixMillis::new(1_000_000);
        let deadline = Deadline::after(begin, Duration::from_secs(2));
        for (now, passed) in [
            (1_000_000, false),
            (1_001_999, false),
            (1_002_000, true),
            (942_000, false),
            (941_999, true),
        ] {
            assert_eq!(deadline.has_passed(UnixMillis::new(now)), passed, "{now}");
        }
    }
}
