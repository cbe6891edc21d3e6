//! Why a local deployment does not run.

use std::path::PathBuf;

use super::certificates::CertificateError;
use super::envoy::EnvoyError;
use super::files::FileError;
use super::ports::PortError;
use super::process::ProcessError;
use crate::cli::client_error::ClientError;
use crate::envoy_config::EnvoyConfigError;
use crate::server::{Failed, StartError};
use crate::sign_in::password_hashing::PasswordError;
use crate::sign_in::users::MakeUserError;
use crate::storage::StorageError;
use crate::system::randomness::NoRandomness;
use crate::tokens::filter_credentials::MakeCredentialError;

/// Why a local deployment does not run.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// It runs already.
    #[error(
        "it already runs on port {port}, with its data in {}: stop it first, or choose another port",
        directory.display()
    )]
    AlreadyRunning {
        /// The port.
        port: u16,
        /// Its directory.
        directory: PathBuf,
    },
    /// Envoy cannot have the port.
    #[error(transparent)]
    Port(#[from] PortError),
    /// A file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file with user and credential does not read.
    #[error("{} does not read; remove it to get another user: {source}", path.display())]
    Account {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// The team domain would have no valid name.
    #[error("port {0} makes no address")]
    TeamDomain(u16),
    /// The control service does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// An application is refused.
    #[error("the application {name} cannot be guarded: {source}")]
    Application {
        /// Its name.
        name: String,
        /// Why.
        source: ClientError,
    },
    /// There is no application.
    #[error(
        "there is no application to guard yet: name one, as in --app wiki=http://127.0.0.1:3000"
    )]
    NoApplication,
    /// The user cannot be added.
    #[error("the user cannot be added: {0}")]
    User(#[from] MakeUserError),
    /// The password cannot be checked.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The credential cannot be made.
    #[error(transparent)]
    Credential(#[from] MakeCredentialError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// There are no certificates.
    #[error(transparent)]
    Certificates(#[from] CertificateError),
    /// Envoy's configuration cannot be written.
    #[error(transparent)]
    EnvoyConfig(#[from] EnvoyConfigError),
    /// Envoy does not run.
    #[error(transparent)]
    Envoy(#[from] EnvoyError),
    /// The control service cannot go on.
    #[error("the control service ended: {failed}; its log is {}", log.display())]
    Failed {
        /// Why.
        failed: Failed,
        /// The file with its log.
        log: PathBuf,
    },
    /// The system.
    #[error("system error: {0}")]
    System(#[from] std::io::Error),
}

impl From<ProcessError> for LocalError {
    fn from(error: ProcessError) -> Self {
        Self::Envoy(error.into())
    }
}
