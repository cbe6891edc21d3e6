//! Points in time, with their unit in their type. Spans of time are [`Duration`].
//!
//! The host tells milliseconds, tokens and the control service's pages tell seconds (RFC 7519,
//! section 2, `NumericDate`): a function that takes one cannot be given the other.

pub mod settled;

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixMillis(u64);

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixSeconds(u64);

impl UnixMillis {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// The moment that many milliseconds after [`Self::EPOCH`].
    #[must_use]
    pub const fn new(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since [`Self::EPOCH`].
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The whole seconds of this moment.
    #[must_use]
    pub const fn to_seconds(self) -> UnixSeconds {
        UnixSeconds(self.0 / 1_000)
    }

    /// The time from `earlier` to this moment; zero if `earlier` is later.
    #[must_use]
    pub const fn duration_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// The time from `earlier` to this moment; `None` if `earlier` is later.
    #[must_use]
    pub fn checked_duration_since(self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0).map(Duration::from_millis)
    }

    /// The time between two moments, whichever is later.
    #[must_use]
    pub const fn abs_diff(self, other: Self) -> Duration {
        Duration::from_millis(self.0.abs_diff(other.0))
    }
}

impl UnixSeconds {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// The moment that many seconds after [`Self::EPOCH`].
    #[must_use]
    pub const fn new(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since [`Self::EPOCH`].
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to this moment; zero if `earlier` is later.
    #[must_use]
    pub const fn duration_since(self, earlier: Self) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }

    /// The time from `earlier` to this moment; `None` if `earlier` is later.
    #[must_use]
    pub fn checked_duration_since(self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0).map(Duration::from_secs)
    }

    /// The time between two moments, whichever is later.
    #[must_use]
    pub const fn abs_diff(self, other: Self) -> Duration {
        Duration::from_secs(self.0.abs_diff(other.0))
    }
}

/// Moves a moment later. What does not fit is the last moment that does.
impl Add<Duration> for UnixMillis {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(whole_millis(span)))
    }
}

impl AddAssign<Duration> for UnixMillis {
    fn add_assign(&mut self, span: Duration) {
        *self = *self + span;
    }
}

/// Moves a moment earlier, to [`UnixMillis::EPOCH`] at most.
impl Sub<Duration> for UnixMillis {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(whole_millis(span)))
    }
}

/// Moves a moment later by the whole seconds of `span`. What does not fit is the last moment that
/// does.
impl Add<Duration> for UnixSeconds {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span.as_secs()))
    }
}

/// Moves a moment earlier by the whole seconds of `span`, to [`UnixSeconds::EPOCH`] at most.
impl Sub<Duration> for UnixSeconds {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(span.as_secs()))
    }
}

impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for UnixSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The whole milliseconds of a span, in 64 bits: no wider division on the request path.
const fn whole_millis(span: Duration) -> u64 {
    span.as_secs()
        .saturating_mul(1_000)
        .saturating_add(span.subsec_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_move_by_spans_and_stay_in_range() {
        let moment = UnixMillis::new(1_500);
        assert_eq!(moment + Duration::from_millis(250), UnixMillis::new(1_750));
        assert_eq!(moment - Duration::from_secs(2), UnixMillis::EPOCH);
        assert_eq!(moment + Duration::MAX, UnixMillis::new(u64::MAX));
        let moment = UnixSeconds::new(10);
        assert_eq!(moment + Duration::from_millis(1_999), UnixSeconds::new(11));
        assert_eq!(moment - Duration::from_secs(11), UnixSeconds::EPOCH);
        assert_eq!(moment + Duration::MAX, UnixSeconds::new(u64::MAX));
    }

    #[test]
    fn time_between_two_moments() {
        let (earlier, later) = (UnixMillis::new(1_000), UnixMillis::new(3_500));
        assert_eq!(later.duration_since(earlier), Duration::from_millis(2_500));
        assert_eq!(earlier.duration_since(later), Duration::ZERO);
        assert_eq!(earlier.checked_duration_since(later), None);
        assert_eq!(earlier.abs_diff(later), Duration::from_millis(2_500));
        assert_eq!(later.to_seconds(), UnixSeconds::new(3));
        let (earlier, later) = (UnixSeconds::new(7), UnixSeconds::new(9));
        assert_eq!(later.duration_since(earlier), Duration::from_secs(2));
        assert_eq!(earlier.checked_duration_since(later), None);
        assert_eq!(earlier.abs_diff(later), Duration::from_secs(2));
    }
}
