//! How long it is until a session is checked again.

use std::time::Duration;

use portcullis::time::UnixSeconds;

use crate::service::Service;

/// The wait after the first failure; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_secs(30);
const MOST_DOUBLINGS: u32 = 7;

/// A check is due after nine tenths of the time at the earliest, and after all of it at the latest, so
/// that sessions that began together are not checked together for ever.
pub fn earliest(every: Duration) -> Duration {
    every.mul_f64(0.9)
}

/// When a session is due that was checked at `now`.
pub fn next_check(service: &Service, now: UnixSeconds, every: Duration) -> UnixSeconds {
    now + earliest(every) + part_of(service, every - earliest(every))
}

/// The wait after a failure, of which the half is random. Never longer than the time between two
/// checks, if that is longer than the first wait.
pub fn backoff(service: &Service, failures: u32, every: Duration) -> Duration {
    let wait = FIRST_WAIT * 2_u32.pow(failures.min(MOST_DOUBLINGS));
    let wait = wait.min(every.max(FIRST_WAIT));
    wait / 2 + part_of(service, wait / 2)
}

/// The longest wait after a failure.
pub fn longest_backoff() -> Duration {
    FIRST_WAIT * 2_u32.pow(MOST_DOUBLINGS)
}

/// A random part.
fn part_of(service: &Service, span: Duration) -> Duration {
    let [byte] = service.random.bytes::<1>().unwrap_or([u8::MAX]);
    span.mul_f64(f64::from(byte) / f64::from(u8::MAX))
}
