//! The host's shared data, as the core needs it.

use std::fmt;

/// Memory that all VMs of a host process see, by key.
pub trait SharedData {
    /// The value of a key; `None` if it was never written.
    ///
    /// # Errors
    /// [`SharedDataError::Host`].
    fn get(&self, key: &str) -> Result<Option<SharedValue>, SharedDataError>;

    /// Writes a value if the precondition holds.
    ///
    /// # Errors
    /// [`SharedDataError::Changed`] if it does not hold, and nothing was written.
    fn set(
        &self,
        key: &str,
        value: &[u8],
        precondition: Precondition,
    ) -> Result<(), SharedDataError>;
}

/// A value, and a number that changes with every write to its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedValue {
    /// The value.
    pub bytes: Vec<u8>,
    /// The number; never 0.
    pub cas: u32,
}

/// What must hold for a write to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// The key was never written.
    Absent,
    /// The key still has the value with this [`SharedValue::cas`].
    Unchanged(u32),
    /// Nothing: the write always happens.
    None,
}

/// Why a value could not be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedDataError {
    /// Another VM wrote in between.
    Changed,
    /// The host failed with this status.
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
