//! What has surely ended, although a clock may be wrong for a while.

use std::time::Duration;

use super::UnixSeconds;

/// How long a clock has to go on before anything is deleted by it.
const SETTLES_IN: Duration = Duration::from_secs(6 * 3600);

/// Tells before which moment everything has ended. A clock that is ahead for a while, as before the
/// machine has asked for the time, must not delete revocations: their tokens would be good again
/// once the clock is right.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settled {
    /// The earliest time that the clock has shown since it was noted.
    noted: Option<UnixSeconds>,
    /// How long ago that was, however the clock was set.
    passed: Duration,
    before: UnixSeconds,
}

impl Settled {
    /// Takes what the clock shows now, and how much time passed since the last call. That must not be
    /// told by setting the clock. Returns the moment before which everything has ended;
    /// [`UnixSeconds::EPOCH`] in the first hours.
    pub fn look(&mut self, now: UnixSeconds, passed: Duration) -> UnixSeconds {
        self.passed = self.passed.saturating_add(passed);
        let noted = self.noted.map_or(now, |noted| noted.min(now));
        self.before = self.before.min(now);
        if self.noted.is_none() {
            self.passed = Duration::ZERO;
        }
        self.noted = Some(noted);
        if self.passed >= SETTLES_IN {
            *self = Self {
                noted: Some(now),
                passed: Duration::ZERO,
                before: noted,
            };
        }
        self.before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const DAY: Duration = Duration::from_secs(24 * 3600);
    const START: UnixSeconds = UnixSeconds::new(1_800_000_000);

    /// Looks every minute; `clock` says what is shown after so much time. The latest answer.
    fn latest(clock: impl Fn(Duration) -> UnixSeconds, minutes: u32) -> UnixSeconds {
        let mut settled = Settled::default();
        let looks = (0..minutes).map(|n| settled.look(clock(MINUTE * n), MINUTE));
        looks.max().unwrap()
    }

    #[test]
    fn a_clock_that_goes_on_settles_within_twelve_hours() {
        let six_hours = 6 * 60;
        assert_eq!(
            latest(|passed| START + passed, six_hours),
            UnixSeconds::EPOCH
        );
        assert_eq!(latest(|passed| START + passed, six_hours + 1), START);
        assert!(latest(|passed| START + passed, 24 * 60) >= START + DAY / 2);
    }

    #[test]
    fn a_clock_that_is_ahead_for_a_while_settles_nothing_that_has_not_ended() {
        for begin in [0, 1, 300, 359, 360, 361, 720] {
            let (begin, end) = (MINUTE * begin, MINUTE * (begin + 300));
            let clock = |passed: Duration| match passed {
                passed if (begin..end).contains(&passed) => START + passed + DAY * 2,
                passed => START + passed,
            };
            let minutes = 3 * 24 * 60;
            let mut settled = Settled::default();
            for n in 0..minutes {
                let before = settled.look(clock(MINUTE * n), MINUTE);
                assert!(before <= START + MINUTE * n, "{begin:?} {n}");
            }
        }
    }
}
