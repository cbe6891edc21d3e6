//! Sealing stored secrets again, with another key.

use sqlx::AnyConnection;

use super::{KeyMaterial, PlainKey, StoredKey, all};
use crate::seal::{Purpose, Seal, SealError, Sealed};
use crate::storage::database::Database;
use crate::storage::database::error::StorageError;

/// Why a secret is not stored, or sealed as it was.
#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A secret does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl From<sqlx::Error> for SealingError {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl Database {
    /// Whether a secret is sealed, so that there must be a key.
    pub async fn holds_sealed(&self) -> Result<bool, StorageError> {
        let mut read = self.read().await?;
        let keys = all(&mut read).await?;
        let known = known_browsers(&mut read).await?;
        let keys = keys.iter().map(|key| &key.material.private_key);
        Ok(keys.chain([&known]).any(Sealed::is_sealed))
    }

    /// The id of the key that seals the secrets of the database. It is one for all of them, and only
    /// [`Self::reseal`] changes it.
    pub async fn sealed_by(&self) -> Result<Option<String>, StorageError> {
        let mut read = self.read().await?;
        let keys = all(&mut read).await?;
        Ok(sealed_by(&keys).map(str::to_owned))
    }
}

/// Seals another secret as the stored keys are sealed; the version of the feed must be locked.
pub(in crate::storage) async fn seal_as_stored(
    connection: &mut AnyConnection,
    seal: &Seal,
    purpose: Purpose<'_>,
    secret: &[u8],
) -> Result<Sealed, SealingError> {
    let keys = all(connection).await?;
    Ok(match sealed_by(&keys) {
        Some(id) => seal.seal_by(id, purpose, secret)?,
        None => seal.seal(purpose, secret)?,
    })
}

/// Seals a key as the others are sealed, whatever key another process is about to use; the first one
/// with the first key of the source.
pub(super) fn seal_as_others(
    seal: &Seal,
    others: &[StoredKey],
    key: &PlainKey,
) -> Result<KeyMaterial, SealError> {
    let purpose = Purpose::SigningKey { kid: &key.kid };
    let private_key = match sealed_by(others) {
        Some(id) => seal.seal_by(id, purpose, &key.private_part)?,
        None => seal.seal(purpose, &key.private_part)?,
    };
    Ok(KeyMaterial {
        kid: key.kid.clone(),
        algorithm: key.algorithm.clone(),
        private_key,
    })
}

fn sealed_by(keys: &[StoredKey]) -> Option<&str> {
    keys.iter()
        .find_map(|key| key.material.private_key.sealed_by())
}

pub(in crate::storage) async fn known_browsers(
    connection: &mut AnyConnection,
) -> Result<Sealed, StorageError> {
    let (key,): (String,) =
        sqlx::query_as("SELECT known_browser_key FROM feed_state WHERE only_row = 1")
            .fetch_one(connection)
            .await?;
    Ok(Sealed::stored(key))
}

pub(in crate::storage) async fn put(
    connection: &mut AnyConnection,
    kid: &str,
    sealed: &Sealed,
) -> Result<(), StorageError> {
    sqlx::query("UPDATE signing_keys SET private_key = $1 WHERE kid = $2")
        .bind(sealed.as_str())
        .bind(kid)
        .execute(connection)
        .await?;
    Ok(())
}
