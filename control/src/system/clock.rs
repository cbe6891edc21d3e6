//! The time, as an argument.

use std::time::Duration;

/// A clock.
pub trait Clock: Send + Sync + 'static {
    /// Time since 1970.
    fn now(&self) -> Duration;

    /// Whole seconds since 1970, as tokens and the database hold them.
    fn now_seconds(&self) -> u64 {
        self.now().as_secs()
    }
}

/// Milliseconds since 1970.
#[must_use]
pub fn milliseconds(clock: &dyn Clock) -> u64 {
    u64::try_from(clock.now().as_millis()).unwrap_or(u64::MAX)
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the machine's clock is read"
    )]
    fn now(&self) -> Duration {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default()
    }
}

/// The machine's clock, shifted by a number of seconds that may change while the service runs.
#[cfg(any(test, feature = "test-clock"))]
#[derive(Debug, Default)]
pub struct ShiftedClock {
    offset_seconds: std::sync::atomic::AtomicI64,
}

#[cfg(any(test, feature = "test-clock"))]
impl ShiftedClock {
    /// Sets the shift.
    pub fn shift(&self, offset_seconds: i64) {
        self.offset_seconds
            .store(offset_seconds, std::sync::atomic::Ordering::SeqCst);
    }
}

#[cfg(any(test, feature = "test-clock"))]
impl Clock for ShiftedClock {
    fn now(&self) -> Duration {
        let offset = self
            .offset_seconds
            .load(std::sync::atomic::Ordering::SeqCst);
        let shift = Duration::from_secs(offset.unsigned_abs());
        let now = SystemClock.now();
        if offset < 0 {
            now.saturating_sub(shift)
        } else {
            now.saturating_add(shift)
        }
    }
}
