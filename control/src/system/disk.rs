//! Whether the data directory can be written.

use std::io::{Error, ErrorKind};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What happened at the last write.
#[derive(Debug, Default)]
pub struct DataDirState(Mutex<Option<&'static str>>);

impl DataDirState {
    /// Why it cannot be written; `None` if it can.
    #[must_use]
    pub fn trouble(&self) -> Option<&'static str> {
        *self.lock()
    }

    /// Notes how a write ended.
    pub fn note(&self, error: Option<&Error>) {
        *self.lock() = error.map(|error| match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                "the disk of the data directory is full: make room on it"
            }
            _ => "the data directory cannot be written; see the log",
        });
    }

    fn lock(&self) -> MutexGuard<'_, Option<&'static str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
