//! Why an access group was not changed.

use crate::problems::Refused;
use crate::storage::database::error::StorageError;

/// The most access groups that administrators can set.
pub const MOST_ACCESS_GROUPS: usize = 500;

/// Why an access group was not changed.
#[derive(Debug, thiserror::Error)]
pub enum AccessGroupError {
    /// No access group has the name.
    #[error("no access group has this name")]
    Unknown,
    /// It comes from the configuration file.
    #[error(
        "this access group is declared in the configuration file (`[[access_groups]]`); change it \
         there and restart"
    )]
    Declared,
    /// Policies name it.
    #[error(
        "the policies of these applications name the access group: {}; change them first, with \
         `policy set`",
        .0.join(", ")
    )]
    InUse(Vec<String>),
    /// There are as many as there may be.
    #[error(
        "there are {MOST_ACCESS_GROUPS} access groups already; delete one that no policy names, as \
         `access-group list` shows"
    )]
    TooMany,
    /// A policy that names it would be wrong.
    #[error(
        "the policy of the application `{application}` names this access group, and cannot use it as \
         it would be:\n{refused}"
    )]
    Unfit {
        /// The application's name.
        application: String,
        /// What would be wrong with its policy.
        refused: Refused,
    },
    /// It was changed at the same time.
    #[error("the access group was changed by somebody else at the same time; try again")]
    Raced,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
