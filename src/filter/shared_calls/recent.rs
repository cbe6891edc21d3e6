//! Calls that were in vain a moment ago, so that a page that asks every second, or for forty images
//! at once, does not cause as many calls.

use std::collections::HashMap;
use std::time::Duration;

use crate::reason::Refusal;
use crate::time::UnixMillis;

/// How long a refusal is remembered.
const REFUSAL: Duration = Duration::from_secs(10);
/// How long it is remembered at least that there was no answer: shorter, since the control service
/// may be back at any moment.
const NO_ANSWER: Duration = Duration::from_secs(2);
/// And by how much longer at most, in milliseconds: sessions must not all return at once.
const JITTER_MILLIS: u32 = 1_000;
/// How many calls are remembered. Beyond that the control service is asked again.
const MAX_REMEMBERED: usize = 1_024;

/// What became of the last call for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::filter) enum InVain {
    /// The control service has refused.
    Refused(Refusal),
    /// It gave no answer. It is asked again after this pause.
    NoAnswer(Pause),
}

/// For how long the control service is not asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::filter) struct Pause(Duration);

/// By the key of the call.
#[derive(Default)]
pub(super) struct RecentCalls(HashMap<String, Recent>);

struct Recent {
    result: InVain,
    since: UnixMillis,
}

impl Pause {
    /// One that differs from session to session by a random number.
    pub fn after_no_answer(random: u32) -> Self {
        let jitter = u64::from(random % JITTER_MILLIS);
        Self(NO_ANSWER + Duration::from_millis(jitter))
    }
}

impl InVain {
    fn remembered(self) -> Duration {
        match self {
            Self::Refused(_) => REFUSAL,
            Self::NoAnswer(Pause(pause)) => pause,
        }
    }
}

impl RecentCalls {
    pub fn find(&self, key: &str, now: UnixMillis) -> Option<InVain> {
        let recent = self.0.get(key).filter(|recent| recent.counts(now));
        recent.map(|recent| recent.result)
    }

    pub fn remember(&mut self, key: &str, result: InVain, now: UnixMillis) {
        if self.0.len() >= MAX_REMEMBERED {
            self.0.retain(|_, recent| recent.counts(now));
        }
        if self.0.len() < MAX_REMEMBERED {
            let since = now;
            self.0.insert(key.to_owned(), Recent { result, since });
        }
    }

    pub fn forget(&mut self, result: InVain) {
        self.0.retain(|_, recent| recent.result != result);
    }
}

impl Recent {
    /// A clock that was set back ends it too.
    fn counts(&self, now: UnixMillis) -> bool {
        now.checked_duration_since(self.since)
            .is_some_and(|age| age < self.result.remembered())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENIED: InVain = InVain::Refused(Refusal::PolicyDenied);

    #[test]
    fn refusals_are_remembered_for_ten_seconds_and_a_bounded_number_of_them() {
        let at = UnixMillis::new;
        let mut recent = RecentCalls::default();
        recent.remember("a", DENIED, at(5_000));
        assert_eq!(recent.find("a", at(14_999)), Some(DENIED));
        assert_eq!(recent.find("b", at(5_000)), None);
        for now in [15_000, 4_999] {
            assert_eq!(recent.find("a", at(now)), None, "{now}");
        }
        for number in 0..2 * MAX_REMEMBERED {
            recent.remember(&number.to_string(), DENIED, at(6_000));
        }
        assert_eq!(recent.0.len(), MAX_REMEMBERED);
        recent.remember("later", DENIED, at(16_000));
        assert_eq!(recent.0.len(), 1);
    }

    #[test]
    fn no_answer_is_remembered_for_two_to_three_seconds() {
        let at = UnixMillis::new;
        for (random, until) in [(0, 7_000), (999, 7_999), (1_000, 7_000), (u32::MAX, 7_295)] {
            let silent = InVain::NoAnswer(Pause::after_no_answer(random));
            let mut recent = RecentCalls::default();
            recent.remember("a", silent, at(5_000));
            assert_eq!(recent.find("a", at(until - 1)), Some(silent), "{random}");
            assert_eq!(recent.find("a", at(until)), None, "{random}");
        }
    }
}
