//! Signing keys. The private part is stored in plain text: a process that can read the database can
//! sign, so only the owner can read the data directory.

use portcullis::time::UnixSeconds;

use crate::storage::database::Database;
use crate::storage::database::columns::to_db;
use crate::storage::database::error::StorageError;
use crate::tokens::secret::Plain;

/// A stored key.
#[derive(Debug, Clone)]
pub struct SigningKeyRow {
    /// The first 16 characters of the RFC 7638 thumbprint.
    pub kid: String,
    /// `ES256`.
    pub algorithm: String,
    /// The private scalar, base64url.
    pub private_key: Plain,
}

impl Database {
    /// All keys, newest first.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKeyRow>, StorageError> {
        let rows: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT kid, algorithm, private_key FROM signing_keys ORDER BY created_at DESC, kid",
        )
        .fetch_all(self.pool())
        .await?;
        let row = |(kid, algorithm, private_key)| SigningKeyRow {
            kid,
            algorithm,
            private_key: Plain::new(private_key),
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Stores the first key. Does nothing if another process has stored one.
    pub async fn add_first_signing_key(
        &self,
        key: &SigningKeyRow,
        now: UnixSeconds,
    ) -> Result<(), StorageError> {
        let mut write = self.write().await?;
        // Only one process at a time may check whether it is the first.
        write.lock().await?;
        let (keys,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM signing_keys")
            .fetch_one(write.connection())
            .await?;
        if keys > 0 {
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO signing_keys (kid, algorithm, private_key, created_at) \
             VALUES ($1, $2, $3, $4)",
        )
        .bind(&key.kid)
        .bind(&key.algorithm)
        .bind(key.private_key.reveal())
        .bind(to_db(now))
        .execute(write.connection())
        .await?;
        write.publish_keys().await?;
        write.commit().await?;
        Ok(())
    }
}
