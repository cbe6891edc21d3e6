//! Replacing the signing key, and refusing one.

use portcullis::session::signature::Algorithm;

use crate::api::administrator::Administrator;
use crate::service::Service;
use crate::storage::{MOST_KEYS, PublishedKey, RefusedKey};
use crate::tokens::keys::ring::KeysError;
use crate::tokens::keys::rotation::{self, Rotation};
use crate::tokens::signing_key::algorithm_name;

/// A key that was published.
pub struct Published {
    /// Its id.
    pub kid: String,
    /// The name of its algorithm.
    pub algorithm: &'static str,
    /// The version of the feed that publishes it.
    pub version: u64,
}

/// Why no key was published.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// Another one is published and does not sign yet.
    #[error(
        "the key {kid} is already published and signs soon (`key list` says when); rotate again after \
         that, or refuse it first"
    )]
    AnotherWaits {
        /// Its id.
        kid: String,
    },
    /// Too many keys are in force.
    #[error(
        "{MOST_KEYS} keys are in force already; wait until an accepted one expires (`key list` says \
         when), or refuse one"
    )]
    TooMany,
    /// There is no new key, or the database failed.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// Publishes a new key, of the configured algorithm if none is given. It signs when filters know it.
///
/// # Errors
/// When nothing was published.
pub async fn rotate(
    service: &Service,
    algorithm: Option<Algorithm>,
    by: &Administrator,
) -> Result<Published, RotateError> {
    let Rotation {
        kid,
        algorithm,
        outcome,
    } = rotation::rotate(service, algorithm, by.initiator()).await?;
    let version = match outcome {
        PublishedKey::Published(version) => version,
        PublishedKey::AnotherWaits { kid } => return Err(RotateError::AnotherWaits { kid }),
        PublishedKey::TooMany => return Err(RotateError::TooMany),
    };
    let algorithm = algorithm_name(algorithm);
    tracing::info!(kid, algorithm, version, %by, "signing key published");
    Ok(Published {
        kid,
        algorithm,
        version,
    })
}

/// Refuses a key: all that it signed ends at once.
///
/// # Errors
/// When there is no key to take its place, or the database failed.
pub async fn refuse(
    service: &Service,
    kid: &str,
    by: &Administrator,
) -> Result<RefusedKey, KeysError> {
    let refused = rotation::refuse(service, kid, by.initiator()).await?;
    if let RefusedKey::Refused { version, now_signs } = &refused {
        tracing::warn!(kid, version, ?now_signs, %by, "signing key refused");
    }
    Ok(refused)
}
