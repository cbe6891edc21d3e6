//! Numbers and points in time as columns hold them: signed, in 64 bits, in both databases.

use portcullis::time::{UnixMillis, UnixSeconds};

/// What is stored as a number.
pub(in crate::storage) trait Number {
    fn from_number(number: u64) -> Self;
    fn to_number(&self) -> u64;
}

impl Number for u64 {
    fn from_number(number: u64) -> Self {
        number
    }

    fn to_number(&self) -> u64 {
        *self
    }
}

impl Number for UnixSeconds {
    fn from_number(number: u64) -> Self {
        Self::new(number)
    }

    fn to_number(&self) -> u64 {
        self.get()
    }
}

impl Number for UnixMillis {
    fn from_number(number: u64) -> Self {
        Self::new(number)
    }

    fn to_number(&self) -> u64 {
        self.get()
    }
}

/// What does not fit is further away than any date.
pub(in crate::storage) fn to_db(value: impl Number) -> i64 {
    i64::try_from(value.to_number()).unwrap_or(i64::MAX)
}

pub(in crate::storage) fn from_db<T: Number>(number: i64) -> T {
    T::from_number(u64::try_from(number).unwrap_or(0))
}
