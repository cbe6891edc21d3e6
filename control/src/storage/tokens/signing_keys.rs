//! Signing keys. Their private parts are sealed: who reads the database alone cannot sign.
//!
//! Every change is counted in the transaction that makes it, so that each replica sees at its next
//! token that its keys are out of date.

pub(in crate::storage) mod changes;
mod outcomes;
pub(in crate::storage) mod sealing;

use std::fmt;

use sqlx::AnyConnection;

use portcullis::time::UnixSeconds;

use crate::seal::Sealed;
use crate::storage::database::Database;
use crate::storage::database::columns::from_db;
use crate::storage::database::error::{CorruptValue, StorageError};
use crate::tokens::keys::state::KeyState;

pub use changes::MOST_KEYS;
pub use outcomes::{PublishedKey, RefusedKey};
pub use sealing::SealingError;

/// A key, without its state.
#[derive(Debug, Clone)]
pub struct KeyMaterial {
    /// The first 16 characters of the RFC 7638 thumbprint.
    pub kid: String,
    /// `ES256`, `RS256` or `EdDSA`.
    pub algorithm: String,
    /// The private part, sealed: for ES256 the scalar, for RS256 PKCS #8, for EdDSA the seed.
    /// Empty for a refused key.
    pub private_key: Sealed,
}

/// A key that is to be stored: sealed by the key that seals the others.
#[derive(Clone)]
pub struct PlainKey {
    /// The first 16 characters of the RFC 7638 thumbprint.
    pub kid: String,
    /// `ES256`, `RS256` or `EdDSA`.
    pub algorithm: String,
    /// The private part, as in [`KeyMaterial`], in plain text.
    pub private_part: Vec<u8>,
}

/// A stored key.
#[derive(Debug, Clone)]
pub struct StoredKey {
    /// The key.
    pub material: KeyMaterial,
    /// When it was made.
    pub created_at: UnixSeconds,
    /// Its state.
    pub state: KeyState,
}

/// Which keys a database holds: two that are equal say that nothing has changed between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRevision {
    /// The epoch. A database that was restored from a backup counts its changes from there.
    pub epoch: String,
    /// How many changes there have been.
    pub changes: u64,
}

/// All keys as of one moment.
#[derive(Debug, Clone)]
pub struct StoredKeys {
    /// The moment.
    pub revision: KeyRevision,
    /// How many keys have been refused.
    pub refusals: u64,
    /// The keys, newest first.
    pub keys: Vec<StoredKey>,
}

impl fmt::Debug for PlainKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlainKey({})", self.kid)
    }
}

type Row = (String, String, String, i64, String, i64, i64, i64);

impl Database {
    /// Which keys the database holds now.
    pub async fn key_revision(&self) -> Result<KeyRevision, StorageError> {
        let (epoch, changes): (String, i64) =
            sqlx::query_as("SELECT epoch, key_changes FROM feed_state WHERE only_row = 1")
                .fetch_one(self.pool())
                .await?;
        Ok(KeyRevision {
            epoch,
            changes: from_db(changes),
        })
    }

    /// All keys, refused ones too.
    pub async fn signing_keys(&self) -> Result<StoredKeys, StorageError> {
        let mut read = self.read().await?;
        let (epoch, changes, refusals): (String, i64, i64) = sqlx::query_as(
            "SELECT epoch, key_changes, key_refusals FROM feed_state WHERE only_row = 1",
        )
        .fetch_one(&mut **read)
        .await?;
        Ok(StoredKeys {
            revision: KeyRevision {
                epoch,
                changes: from_db(changes),
            },
            refusals: from_db(refusals),
            keys: all(&mut read).await?,
        })
    }
}

/// All keys, newest first.
pub(in crate::storage) async fn all(
    connection: &mut AnyConnection,
) -> Result<Vec<StoredKey>, StorageError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT kid, algorithm, private_key, created_at, state, since, until, version \
         FROM signing_keys ORDER BY created_at DESC, kid",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(key).collect()
}

fn key(row: Row) -> Result<StoredKey, StorageError> {
    let (kid, algorithm, private_key, created_at, state, since, until, version) = row;
    let (since, version) = (from_db(since), from_db(version));
    let state = match state.as_str() {
        "published" => KeyState::Published { since, version },
        "signing" => KeyState::Signing { since },
        "accepted" => KeyState::Accepted {
            since,
            until: from_db(until),
        },
        "refused" => KeyState::Refused { since, version },
        _ => return Err(CorruptValue::SigningKey.into()),
    };
    Ok(StoredKey {
        material: KeyMaterial {
            kid,
            algorithm,
            private_key: Sealed::stored(private_key),
        },
        created_at: from_db(created_at),
        state,
    })
}
