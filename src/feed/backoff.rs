//! When the next poll is due: at once after a change, after a pause otherwise.
//!
//! A change never waits. Failures, and answers that come long before the poll's wait is over and
//! bring nothing, are followed by growing pauses, so that a control service is never polled in a
//! hot loop.

use std::time::Duration;

use super::timing::{
    FIRST_FAILURE_PAUSE, FIRST_IDLE_PAUSE, LONGEST_EMPTY_DELTA_PAUSE, LONGEST_FAILURE_PAUSE,
    LONGEST_IDLE_PAUSE, Tick, WAITED,
};
use crate::time::UnixMillis;

/// What a successful answer brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Brought {
    /// Changes.
    Changes,
    /// A higher version without changes.
    VersionOnly,
    /// Nothing, or a whole snapshot.
    Nothing,
}

/// The pauses between polls.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    next_poll: UnixMillis,
    sent: UnixMillis,
    failures: u32,
    idle: u32,
    longest_idle_pause: Duration,
}

impl Backoff {
    /// For a feed that is stale after some time: pauses must not make it so.
    pub fn new(stale_after: Duration) -> Self {
        Self {
            longest_idle_pause: LONGEST_IDLE_PAUSE.min(stale_after / 4),
            ..Self::default()
        }
    }

    /// Whether a poll is due. A clock that was set back does not stop the polls.
    pub fn is_due(&mut self, now: UnixMillis) -> bool {
        self.next_poll = self.next_poll.min(now + LONGEST_FAILURE_PAUSE);
        now >= self.next_poll
    }

    /// A poll was sent.
    pub fn sent(&mut self, now: UnixMillis) {
        self.sent = now;
    }

    /// Makes the next poll due at once.
    pub fn skip(&mut self, now: UnixMillis) {
        self.next_poll = now;
    }

    /// A poll that asked for this wait has succeeded.
    pub fn succeeded(&mut self, now: UnixMillis, brought: Brought, wait: Duration) {
        self.failures = 0;
        let waited = now.duration_since(self.sent) >= WAITED.max(wait / 2);
        let longest = match brought {
            Brought::Changes => Duration::ZERO,
            Brought::VersionOnly => LONGEST_EMPTY_DELTA_PAUSE.min(self.longest_idle_pause),
            Brought::Nothing => self.longest_idle_pause,
        };
        if waited || brought == Brought::Changes {
            (self.idle, self.next_poll) = (0, now);
            return;
        }
        // The first idle answer costs nothing: a control service that stops ends its polls early.
        let pause = match self.idle {
            0 => Duration::ZERO,
            before => doubled(FIRST_IDLE_PAUSE, before - 1).min(longest),
        };
        self.next_poll = now + pause;
        self.idle = self.idle.saturating_add(1);
    }

    /// A poll has failed. The random number spreads the next one over the second half of the
    /// pause, so that filters that failed together do not return together.
    pub fn failed(&mut self, Tick { now, random }: Tick) {
        let half = doubled(FIRST_FAILURE_PAUSE, self.failures).min(LONGEST_FAILURE_PAUSE) / 2;
        self.next_poll = now + half + half.saturating_mul(random) / u32::MAX;
        self.failures = self.failures.saturating_add(1);
    }
}

fn doubled(first: Duration, times: u32) -> Duration {
    first.saturating_mul(1 << times.min(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(20);
    const STALE_AFTER: Duration = Duration::from_secs(300);

    fn at(millis: u64) -> UnixMillis {
        UnixMillis::new(millis)
    }

    /// The pauses after answers that come at once.
    fn pauses(brought: Brought, stale_after: Duration) -> Vec<u64> {
        let mut backoff = Backoff::new(stale_after);
        let mut now = at(1_000_000);
        let mut pauses = Vec::new();
        for _ in 0..7 {
            backoff.sent(now);
            backoff.succeeded(now, brought, WAIT);
            pauses.push(backoff.next_poll.get() - now.get());
            now = backoff.next_poll;
        }
        pauses
    }

    #[test]
    fn idle_answers_bring_pauses_and_changes_none() {
        assert_eq!(pauses(Brought::Changes, STALE_AFTER), [0; 7]);
        assert_eq!(
            pauses(Brought::VersionOnly, STALE_AFTER),
            [0, 100, 200, 200, 200, 200, 200]
        );
        assert_eq!(
            pauses(Brought::Nothing, STALE_AFTER),
            [0, 100, 200, 400, 800, 1_000, 1_000]
        );
        assert_eq!(
            pauses(Brought::Nothing, Duration::from_secs(1)),
            [0, 100, 200, 250, 250, 250, 250],
            "never long enough to make the feed stale"
        );
    }

    #[test]
    fn changes_and_real_waiting_end_the_pauses() {
        for brought in [Brought::Changes, Brought::Nothing] {
            let mut backoff = Backoff::new(STALE_AFTER);
            for _ in 0..9 {
                backoff.succeeded(at(1_000), Brought::Nothing, WAIT);
            }
            backoff.sent(at(2_000));
            let answered = match brought {
                Brought::Changes => at(2_000),
                _ => at(12_000),
            };
            backoff.succeeded(answered, brought, WAIT);
            assert!(backoff.is_due(answered), "{brought:?}");
            assert_eq!(backoff.idle, 0);
        }
    }

    #[test]
    fn filters_that_failed_together_do_not_return_together() {
        const FILTERS: u32 = 100;
        for (failures, pause) in [(1, 100), (2, 200), (5, 1_600), (7, 5_000), (50, 5_000)] {
            let mut back: Vec<_> = (0..FILTERS)
                .map(|filter| {
                    let mut backoff = Backoff::new(STALE_AFTER);
                    let tick = Tick {
                        now: at(1_000_000),
                        random: filter * (u32::MAX / (FILTERS - 1)),
                    };
                    (0..failures).for_each(|_| backoff.failed(tick));
                    backoff.next_poll.get() - 1_000_000
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
        let mut backoff = Backoff::new(STALE_AFTER);
        backoff.succeeded(at(9_000_000), Brought::Changes, WAIT);
        assert!(!backoff.is_due(at(1_000_000)));
        assert!(backoff.is_due(at(1_000_000) + LONGEST_FAILURE_PAUSE));
    }
}
