//! Why the service does not start.

use std::net::SocketAddr;

use super::data_dir::DataDirError;
use super::database_lock::DatabaseLockError;
use super::first_start::FirstStartError;
use super::marker::MarkerError;
use crate::problems::Refused;
use crate::seal::NewKeyError;
use crate::sign_in::known_browser::OpenKeyError;
use crate::sign_in::password_hashing::PasswordError;
use crate::storage::{AccessGroupError, ChangeError, OpenError, StorageError};
use crate::system::randomness::NoRandomness;
use crate::tokens::keys::ring::KeysError;

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The service cannot listen on an address.
    #[error("cannot listen on {address} ({setting}): {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Its setting.
        setting: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// No default team domain can be made of the address.
    #[error("server.team_domain must be set for this address")]
    TeamDomain,
    /// Another service uses the database.
    #[error(transparent)]
    DatabaseLock(#[from] DatabaseLockError),
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database is older than what the service has seen.
    #[error(transparent)]
    Marker(#[from] MarkerError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The keys that seal secrets cannot be loaded.
    #[error(transparent)]
    Seal(#[from] NewKeyError),
    /// The signing keys cannot be loaded.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Browsers in which users signed in before cannot be recognised.
    #[error(transparent)]
    KnownBrowsers(#[from] OpenKeyError),
    /// A secret or key of an identity provider's client cannot be read.
    #[error("the configuration of identity providers cannot be used:\n{0}")]
    IdentityProviders(Refused),
    /// Passwords cannot be hashed.
    #[error(transparent)]
    Passwords(#[from] PasswordError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// A declared application conflicts with another.
    #[error("the declared applications cannot be stored: {0}")]
    Declare(#[from] ChangeError),
    /// An access group changed so that a policy that names it is wrong.
    #[error(
        "access_groups: the policy of the application {application} cannot use the groups as they are \
         now; change the groups, or start with the old ones and change the policy:\n{refused}"
    )]
    AccessGroups {
        /// The application's name.
        application: String,
        /// What is wrong with its policy then.
        refused: Refused,
    },
    /// The access groups of the configuration file cannot be stored.
    #[error("access_groups: cannot be stored: {0}")]
    DeclareAccessGroups(AccessGroupError),
    /// The administrator or the filter credential cannot be made.
    #[error(transparent)]
    FirstStart(#[from] FirstStartError),
}
