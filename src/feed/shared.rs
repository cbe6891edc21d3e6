//! What the VMs of one host process share: one of them polls, all of them apply.
//!
//! Other plugins can write what they like into the same memory, so every value is sealed under a
//! key derived from the filter credential, and what fails the seal counts as absent. Whatever
//! cannot be read, a VM polls for by itself: sharing saves polls and never decides anything.

mod bank;
mod lease;
mod log;
mod position;
mod publisher;
mod reader;
mod refill;
mod roll;
mod sealed;
mod sharing;
#[cfg(test)]
pub(crate) mod tests;

use std::fmt;

pub(super) use roll::GONE_MS;
pub use sealed::Scope;
pub(super) use sharing::{Sharing, Turn};

/// Memory that all VMs of a host process see, by key.
pub trait SharedData {
    /// The value of a key; `None` if nobody ever wrote it.
    ///
    /// # Errors
    /// [`SharedDataError::Host`].
    fn get(&self, key: &str) -> Result<Option<SharedValue>, SharedDataError>;

    /// Writes a value over what was there.
    ///
    /// # Errors
    /// [`SharedDataError::Changed`] if that is no longer there, and nothing was written.
    fn set(&self, key: &str, value: &[u8], over: Over) -> Result<(), SharedDataError>;
}

/// A value and its mark, which every write of the key changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedValue {
    /// The value.
    pub bytes: Vec<u8>,
    /// The mark; never 0.
    pub cas: u32,
}

/// What a write replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// A key that nobody ever wrote.
    Absence,
    /// The value with this mark.
    Value(u32),
    /// Whatever there is.
    Anything,
}

/// Why a value could not be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedDataError {
    /// Another VM wrote in between.
    Changed,
    /// The host refuses, with this status.
    Host(u32),
}

impl fmt::Display for SharedDataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => f.write_str("another VM wrote the shared data in between"),
            Self::Host(status) => write!(f, "the host's shared data failed with status {status}"),
        }
    }
}

impl std::error::Error for SharedDataError {}
