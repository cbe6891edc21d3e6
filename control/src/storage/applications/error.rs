//! Why an application was not stored.

use crate::storage::database::error::StorageError;

/// Why an application was not stored.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Another one has the name.
    #[error("an application with this name exists already")]
    NameTaken,
    /// There is none of that name.
    #[error("there is no application with this name")]
    Unknown,
    /// It comes from the configuration file.
    #[error("this application is declared in the configuration file; change it there and restart")]
    Declared,
    /// Another one is reached there.
    #[error("{place} already belongs to the application `{holder}`")]
    PlaceTaken {
        /// Hostname and path prefix.
        place: String,
        /// The other application.
        holder: String,
    },
    /// Somebody changed it at the same time.
    #[error("the application was changed by somebody else at the same time; try again")]
    Raced,
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
