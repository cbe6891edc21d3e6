//! A provider that is away, or has enough of requests (429), is left alone for a while, and is then
//! asked about one session. Otherwise each session would try on its own.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use portcullis::time::UnixSeconds;

/// The first pause; it doubles with each.
const FIRST: Duration = Duration::from_secs(15);
/// Short enough that little is missed once the provider is back.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// Whether the provider is left alone.
#[derive(Default)]
pub struct Pause(Mutex<Option<Outage>>);

/// The provider gave no answer.
#[derive(Clone, Copy)]
struct Outage {
    length: Duration,
    until: UnixSeconds,
}

impl Pause {
    /// How many sessions it may be asked about now, while it is being asked about so many.
    pub fn allows(&self, now: UnixSeconds, running: usize) -> usize {
        match *self.lock() {
            None => usize::MAX,
            Some(outage) if outage.lasts(now) => 0,
            Some(_) => usize::from(running == 0),
        }
    }

    /// Notes that the provider gave no answer. True if it did before: then there is something to tell.
    pub fn begins(&self, now: UnixSeconds) -> bool {
        let mut outage = self.lock();
        let before = *outage;
        let length = match before {
            None => FIRST,
            // Sessions that were under way when the pause began make it no longer.
            Some(outage) if outage.lasts(now) => return false,
            Some(outage) => (outage.length * 2).min(LONGEST),
        };
        *outage = Some(Outage {
            length,
            until: now + length,
        });
        before.is_none()
    }

    /// Notes an answer. True if there was none before.
    pub fn ends(&self) -> bool {
        self.lock().take().is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Outage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outage {
    /// An end that is too far away is one from before the clock was set back.
    fn lasts(&self, now: UnixSeconds) -> bool {
        now < self.until && self.until <= now + self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixSeconds = UnixSeconds::new(1_000_000);

    #[test]
    fn the_provider_is_left_alone_for_ever_longer_and_tried_once() {
        let pause = Pause::default();
        assert_eq!(pause.allows(NOW, 0), usize::MAX);
        let mut now = NOW;
        let mut lengths = Vec::new();
        for round in 0..7 {
            assert_eq!(pause.begins(now), round == 0, "told once");
            assert!(!pause.begins(now), "those under way do not count");
            let began = now;
            while pause.allows(now, 0) == 0 {
                now = now + Duration::from_secs(1);
            }
            assert_eq!((pause.allows(now, 0), pause.allows(now, 1)), (1, 0));
            lengths.push(now.duration_since(began).as_secs());
        }
        assert_eq!(lengths, [15, 30, 60, 120, 240, 300, 300]);
        assert!(pause.ends() && !pause.ends());
        assert_eq!(pause.allows(now, 7), usize::MAX);
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_pause_longer() {
        let pause = Pause::default();
        pause.begins(NOW);
        assert_eq!(pause.allows(NOW - Duration::from_secs(3_600), 0), 1);
    }
}
