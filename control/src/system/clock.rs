//! The time, as an argument.

#[cfg(any(test, feature = "test-clock"))]
use std::time::Duration;

use portcullis::time::{UnixMillis, UnixSeconds};

/// A clock.
pub trait Clock: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> UnixMillis;

    /// Whole seconds since 1970, as tokens and the database hold them.
    fn now_seconds(&self) -> UnixSeconds {
        self.now().to_seconds()
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the machine's clock is read"
    )]
    fn now(&self) -> UnixMillis {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        UnixMillis::EPOCH + since_epoch.unwrap_or_default()
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
    fn now(&self) -> UnixMillis {
        let offset = self
            .offset_seconds
            .load(std::sync::atomic::Ordering::SeqCst);
        let shift = Duration::from_secs(offset.unsigned_abs());
        let now = SystemClock.now();
        if offset < 0 { now - shift } else { now + shift }
    }
}
