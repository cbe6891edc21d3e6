//! Waits that become longer with every failure, for each of many keys.
//!
//! Some failures are free. After that, each doubles the wait until the next attempt, up to
//! [`LONGEST`]. Failures are forgotten one by one in the same rhythm, so an account that was
//! attacked for hours is as before after about an hour without attempts.
//!
//! Keys are hashed into a fixed number of cells, so memory is bounded whatever arrives; two keys in
//! one cell share their failures.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portcullis::time::UnixMillis;

use super::rate_limit::TooMany;

/// The longest wait. Of one key, no more attempts than one in this time are allowed for long.
pub(crate) const LONGEST: Duration = Duration::from_secs(15 * 60);
const MINUTE: Duration = Duration::from_secs(60);
/// A cell holds the failures in its low bits, and the time in the others.
const FAILURE_BITS: u32 = 16;
const MOST_FAILURES: u64 = (1 << FAILURE_BITS) - 1;

/// Failures of many keys.
pub(crate) struct Backoff {
    /// How many failures are free.
    free: u64,
    /// The first wait, and the time after which a free failure is forgotten.
    step: Duration,
    hasher: RandomState,
    cells: Mutex<Vec<u64>>,
}

/// The failures of one key.
#[derive(Debug, Clone, Copy)]
struct Cell {
    failures: u64,
    /// When the next attempt is allowed.
    free_at: UnixMillis,
}

impl Backoff {
    /// As many failures are free in a minute; keys share `cells` cells.
    pub(crate) fn new(per_minute: u32, cells: usize) -> Self {
        let free = per_minute.max(1);
        Self {
            free: u64::from(free).min(MOST_FAILURES / 2),
            step: MINUTE / free,
            // Keyed at random, so that an attacker cannot aim at the cell of another key.
            hasher: RandomState::new(),
            // Untouched pages of zeros take no memory.
            cells: Mutex::new(vec![0; cells.max(1)]),
        }
    }

    pub(crate) fn key(&self, of: impl Hash) -> u64 {
        self.hasher.hash_one(of)
    }

    /// Counts an attempt as a failure.
    pub(crate) fn take(&self, key: u64, now: UnixMillis) -> Result<(), TooMany> {
        let mut cells = self.lock();
        let Some(slot) = slot(&mut cells, key) else {
            return Ok(());
        };
        let mut cell = self.forget(Cell::unpack(*slot), now);
        if cell.free_at > now {
            return Err(TooMany {
                retry_after: cell.free_at.duration_since(now),
            });
        }
        cell.failures += 1;
        cell.free_at = now + self.wait(cell.failures);
        *slot = cell.pack();
        Ok(())
    }

    /// Takes an attempt that was no failure out of the count.
    pub(crate) fn give_back(&self, key: u64, now: UnixMillis) {
        let mut cells = self.lock();
        if let Some(slot) = slot(&mut cells, key) {
            let cell = Cell::unpack(*slot);
            *slot = Cell {
                failures: cell.failures.saturating_sub(1),
                // It was allowed, so no wait was in force before it.
                free_at: cell.free_at.min(now),
            }
            .pack();
        }
    }

    /// The wait after so many failures.
    fn wait(&self, failures: u64) -> Duration {
        let Some(doublings) = failures.checked_sub(self.free) else {
            return Duration::ZERO;
        };
        let doublings = u32::try_from(doublings).unwrap_or(u32::MAX);
        let factor = 2_u32.checked_pow(doublings).unwrap_or(u32::MAX);
        self.step.saturating_mul(factor).min(LONGEST)
    }

    /// What is left of the failures by `now`.
    fn forget(&self, mut cell: Cell, now: UnixMillis) -> Cell {
        // If the clock was set back, what is left of a wait is never more than the wait.
        cell.free_at = cell.free_at.min(now + self.wait(cell.failures));
        // Further failures at the longest wait would add nothing but time to forget them.
        while cell.failures > self.free && self.wait(cell.failures - 1) >= LONGEST {
            cell.failures -= 1;
        }
        while cell.failures >= self.free {
            let forgotten_at = cell.free_at + self.wait(cell.failures);
            if forgotten_at > now {
                return cell;
            }
            cell.free_at = forgotten_at;
            cell.failures -= 1;
        }
        let quiet = now.duration_since(cell.free_at).as_millis();
        let forgotten = quiet / self.step.as_millis().max(1);
        let forgotten = u64::try_from(forgotten).unwrap_or(u64::MAX);
        cell.failures = cell.failures.saturating_sub(forgotten);
        cell
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u64>> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cell {
    fn unpack(cell: u64) -> Self {
        Self {
            failures: cell & MOST_FAILURES,
            free_at: UnixMillis::new(cell >> FAILURE_BITS),
        }
    }

    fn pack(self) -> u64 {
        self.free_at.get() << FAILURE_BITS | self.failures.min(MOST_FAILURES)
    }
}

fn slot(cells: &mut [u64], key: u64) -> Option<&mut u64> {
    let index = usize::try_from(key % cells.len() as u64).ok()?;
    cells.get_mut(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis::new(1_000_000_000_000);
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    /// Attempts as soon as each is allowed, until `end`; how many were allowed.
    fn hammer(backoff: &Backoff, mut now: UnixMillis, end: UnixMillis) -> u64 {
        let mut allowed = 0;
        while now < end {
            match backoff.take(7, now) {
                Ok(()) => allowed += 1,
                Err(too_many) => now += too_many.retry_after,
            }
        }
        allowed
    }

    #[test]
    fn the_waits_become_longer_and_longer_up_to_a_bound() {
        let backoff = Backoff::new(10, 16);
        let mut now = NOW;
        for _ in 0..10 {
            assert_eq!(backoff.take(7, now), Ok(()));
        }
        let mut waits = Vec::new();
        for _ in 0..10 {
            let wait = backoff.take(7, now).unwrap_err().retry_after;
            waits.push(wait.as_secs());
            now += wait;
            assert_eq!(backoff.take(7, now), Ok(()));
        }
        assert_eq!(waits, [6, 12, 24, 48, 96, 192, 384, 768, 900, 900]);
    }

    #[test]
    fn a_day_of_attempts_allows_few() {
        let backoff = Backoff::new(10, 16);
        let allowed = hammer(&backoff, NOW, NOW + DAY);
        assert!((90..=120).contains(&allowed), "{allowed}");
    }

    #[test]
    fn an_hour_without_attempts_makes_it_whole_again() {
        let backoff = Backoff::new(10, 16);
        let _ = hammer(&backoff, NOW, NOW + DAY);
        let later = NOW + DAY + 4 * LONGEST;
        for _ in 0..10 {
            assert_eq!(backoff.take(7, later), Ok(()));
        }
        assert!(backoff.take(7, later).is_err());
    }

    #[test]
    fn what_is_given_back_costs_nothing() {
        let backoff = Backoff::new(1, 16);
        for _ in 0..50 {
            assert_eq!(backoff.take(7, NOW), Ok(()));
            backoff.give_back(7, NOW);
        }
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_wait_longer() {
        let backoff = Backoff::new(2, 16);
        assert_eq!(backoff.take(7, NOW), Ok(()));
        assert_eq!(backoff.take(7, NOW), Ok(()));
        let refused = backoff.take(7, NOW - DAY).unwrap_err();
        assert!(refused.retry_after <= Duration::from_secs(30));
    }
}
