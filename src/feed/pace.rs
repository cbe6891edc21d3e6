//! When the next poll is due: at once after news, after a pause when a poll was in vain.
//!
//! Real news never waits. Only answers that come long before the poll's time is over and tell
//! nothing, and failures, bring pauses, so that no control service is polled in a hot loop.

/// First and longest pause after a failure, in milliseconds.
const FAILED_MS: (u64, u64) = (100, 5_000);
/// The same after an answer that came at once and told nothing.
const IN_VAIN_MS: (u64, u64) = (100, 1_000);
/// The longest after a delta without content. A filter that guards a few audiences gets one for
/// each change at the others, and a revocation may be right behind it.
const EMPTY_MS: u64 = 200;
/// A poll that lasted this long has waited, however short its waiting was meant to be.
const WAITED_MS: u64 = 500;

/// What a good answer told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Something new.
    News,
    /// A higher version, and nothing else.
    VersionOnly,
    /// Nothing, or everything anew.
    Nothing,
}

/// The pauses between polls. Times are milliseconds since 1970.
#[derive(Debug, Default)]
pub(super) struct Pace {
    next_poll: u64,
    polled: u64,
    failures: u32,
    in_vain: u32,
    longest_in_vain_ms: u64,
}

impl Pace {
    /// For a feed that is stale after so many milliseconds: pauses must not make it so.
    pub fn new(stale_after_ms: u64) -> Self {
        Self {
            longest_in_vain_ms: IN_VAIN_MS.1.min(stale_after_ms / 4),
            ..Self::default()
        }
    }

    /// Whether a poll is due. A clock that was set back does not stop the polls.
    pub fn is_due(&mut self, now: u64) -> bool {
        self.next_poll = self.next_poll.min(now + FAILED_MS.1);
        now >= self.next_poll
    }

    /// A poll has begun.
    pub fn polls(&mut self, now: u64) {
        self.polled = now;
    }

    /// A page of several has come; the next is asked for at once.
    pub fn goes_on(&mut self, now: u64) {
        self.next_poll = now;
    }

    /// A poll that was to wait for `wait_ms` has a good answer.
    pub fn good(&mut self, now: u64, told: Told, wait_ms: u64) {
        self.failures = 0;
        let waited = now.saturating_sub(self.polled) >= WAITED_MS.max(wait_ms / 2);
        let longest = match told {
            Told::News => 0,
            Told::VersionOnly => EMPTY_MS.min(self.longest_in_vain_ms),
            Told::Nothing => self.longest_in_vain_ms,
        };
        if waited || told == Told::News {
            (self.in_vain, self.next_poll) = (0, now);
            return;
        }
        // The first is forgiven: a control service that stops ends its polls early.
        let pause = match self.in_vain {
            0 => 0,
            before => doubled(IN_VAIN_MS.0, before - 1).min(longest),
        };
        self.next_poll = now + pause;
        self.in_vain = self.in_vain.saturating_add(1);
    }

    /// A poll has failed. Chance, a number up to `u32::MAX`, spreads the pause over its second
    /// half.
    pub fn failed(&mut self, now: u64, chance: u32) {
        let pause = doubled(FAILED_MS.0, self.failures).min(FAILED_MS.1);
        let spread = u64::from(chance) * (pause / 2) / u64::from(u32::MAX);
        self.next_poll = now + pause / 2 + spread;
        self.failures = self.failures.saturating_add(1);
    }
}

fn doubled(first: u64, times: u32) -> u64 {
    first << times.min(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT_MS: u64 = 20_000;

    /// The pauses after answers that come at once.
    fn pauses(told: Told, stale_after_ms: u64) -> Vec<u64> {
        let mut pace = Pace::new(stale_after_ms);
        let mut now = 1_000_000;
        let mut pauses = Vec::new();
        for _ in 0..7 {
            pace.polls(now);
            pace.good(now, told, WAIT_MS);
            pauses.push(pace.next_poll - now);
            now = pace.next_poll;
        }
        pauses
    }

    #[test]
    fn answers_in_vain_bring_pauses_and_news_none() {
        assert_eq!(pauses(Told::News, 300_000), [0; 7]);
        assert_eq!(
            pauses(Told::VersionOnly, 300_000),
            [0, 100, 200, 200, 200, 200, 200]
        );
        assert_eq!(
            pauses(Told::Nothing, 300_000),
            [0, 100, 200, 400, 800, 1_000, 1_000]
        );
        assert_eq!(
            pauses(Told::Nothing, 1_000),
            [0, 100, 200, 250, 250, 250, 250],
            "never long enough to make the feed stale"
        );
    }

    #[test]
    fn news_and_real_waiting_end_the_pauses() {
        for told in [Told::News, Told::Nothing] {
            let mut pace = Pace::new(300_000);
            for _ in 0..9 {
                pace.good(1_000, Told::Nothing, WAIT_MS);
            }
            pace.polls(2_000);
            let answered = if told == Told::News { 2_000 } else { 12_000 };
            pace.good(answered, told, WAIT_MS);
            assert!(pace.is_due(answered), "{told:?}");
            assert_eq!(pace.in_vain, 0);
        }
    }

    #[test]
    fn those_who_failed_together_do_not_come_back_together() {
        const FILTERS: u32 = 100;
        for (failures, pause) in [(1, 100), (2, 200), (5, 1_600), (7, 5_000), (50, 5_000)] {
            let mut back: Vec<_> = (0..FILTERS)
                .map(|filter| {
                    let mut pace = Pace::new(300_000);
                    let chance = filter * (u32::MAX / (FILTERS - 1));
                    (0..failures).for_each(|_| pace.failed(1_000_000, chance));
                    pace.next_poll - 1_000_000
                })
                .collect();
            // The second half of the pause, evenly.
            assert_eq!((back[0], back[99] + 1), (pause / 2, pause), "{failures}");
            back.dedup();
            assert!(back.len() > 49, "{failures}: {} moments", back.len());
        }
    }

    #[test]
    fn a_clock_that_is_set_back_stops_nothing() {
        let mut pace = Pace::new(300_000);
        pace.good(9_000_000, Told::News, WAIT_MS);
        assert!(!pace.is_due(1_000_000) && pace.is_due(1_000_000 + FAILED_MS.1));
    }
}
