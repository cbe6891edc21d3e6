//! What can go wrong in the database.

use std::sync::atomic::{AtomicU64, Ordering};

use portcullis::protocol::feed::UnknownScope;
use sqlx::error::ErrorKind;

/// How many errors there were since the process started. Not part of any object: an error is made
/// by `?`, where no object is at hand.
static UNAVAILABLE: AtomicU64 = AtomicU64::new(0);
static CORRUPT: AtomicU64 = AtomicU64::new(0);

/// The database did not do what was asked; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// It cannot be reached, is full or is locked for too long: try again later.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// A stored value cannot be read; only a person can repair that.
    #[error("the database holds a value that cannot be read")]
    Corrupt(#[source] CorruptValue),
}

/// A value that this version of the service does not understand.
#[derive(Debug, thiserror::Error)]
pub enum CorruptValue {
    /// Not the JSON that belongs there.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A revocation whose scope is unknown.
    #[error(transparent)]
    Scope(#[from] UnknownScope),
    /// A revocation whose ids or numbers are not what its scope has.
    #[error("a revocation with ids or numbers that cannot be read")]
    Revocation,
    /// A signing key of an unknown state or algorithm, one that is not a key, or none that signs.
    #[error("a signing key that cannot be read, or none that signs")]
    SigningKey,
    /// An entry of the feed's log that is neither keys, an application nor a revocation.
    #[error("an entry of an unknown kind in the feed's log")]
    LogItem,
}

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        if !is_violation(&error) {
            UNAVAILABLE.fetch_add(1, Ordering::Relaxed);
        }
        Self::Unavailable(error)
    }
}

impl From<CorruptValue> for StorageError {
    fn from(error: CorruptValue) -> Self {
        CORRUPT.fetch_add(1, Ordering::Relaxed);
        Self::Corrupt(error)
    }
}

impl From<serde_json::Error> for StorageError {
    fn from(error: serde_json::Error) -> Self {
        CorruptValue::from(error).into()
    }
}

impl From<UnknownScope> for StorageError {
    fn from(error: UnknownScope) -> Self {
        CorruptValue::from(error).into()
    }
}

/// Whether a constraint was violated: callers expect that, where two changes race.
fn is_violation(error: &sqlx::Error) -> bool {
    let error = error.as_database_error();
    error.is_some_and(|error| !matches!(error.kind(), ErrorKind::Other))
}

/// How many errors of the database this process met, by kind.
pub fn error_counts() -> [(&'static str, u64); 2] {
    [("unavailable", &UNAVAILABLE), ("corrupt", &CORRUPT)]
        .map(|(kind, count)| (kind, count.load(Ordering::Relaxed)))
}
