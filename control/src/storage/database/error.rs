//! What can go wrong in the database.

use portcullis::protocol::feed::UnknownScope;

/// The database did not do what was asked; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// It cannot be reached, is full or is locked for too long: try again later.
    #[error("the database is not available")]
    Unavailable(#[from] sqlx::Error),
    /// A stored value cannot be read; only a person can repair that.
    #[error("the database holds a value that cannot be read")]
    Corrupt(#[from] CorruptValue),
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
    /// An entry of the feed's log that is neither keys, an application nor a revocation.
    #[error("an entry of an unknown kind in the feed's log")]
    LogItem,
}

impl From<serde_json::Error> for StorageError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(error.into())
    }
}

impl From<UnknownScope> for StorageError {
    fn from(error: UnknownScope) -> Self {
        Self::Corrupt(error.into())
    }
}
