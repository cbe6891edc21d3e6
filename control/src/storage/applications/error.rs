//! Why an application was not stored.

use crate::applications::neighbours::TakenOver;
use crate::storage::database::error::StorageError;

/// Why an application was not stored.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Another application has the name.
    #[error("an application with this name exists already")]
    NameTaken,
    /// No application has the name.
    #[error("there is no application with this name")]
    Unknown,
    /// It comes from the configuration file.
    #[error("this application is declared in the configuration file; change it there and restart")]
    Declared,
    /// Another application has the place.
    #[error("{place} already belongs to the application `{holder}`")]
    PlaceTaken {
        /// Hostname and path prefix.
        place: String,
        /// The other application.
        holder: String,
    },
    /// A wildcard of another application would get a hostname.
    #[error(
        "nothing was changed: {0}, so those whom it admits would reach the server that Envoy has \
         there; take the hostname's route out of Envoy first, then repeat this with \
         `--leave-to-wildcard` (in the admin API: `leave_to_wildcard`)"
    )]
    TakenOver(Box<TakenOver>),
    /// It was changed at the same time.
    #[error("the application was changed by somebody else at the same time; try again")]
    Raced,
    /// An access group that its policy names was changed at the same time.
    #[error("an access group that the policy names was changed at the same time; try again")]
    GroupsChanged,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
