//! Credentials of filters, each for all applications or for some.

use portcullis::time::UnixSeconds;

use crate::storage::database::Database;
use crate::storage::database::columns::to_db;
use crate::storage::database::error::StorageError;
use crate::tokens::secret::Hashed;

/// A stored credential.
#[derive(Debug, Clone)]
pub struct FilterCredential {
    /// Its id, the part before the dot.
    pub id: String,
    /// The hash of its secret, the part after the dot.
    pub secret_hash: Hashed,
    /// The audiences that it covers; `None` for all.
    pub audiences: Option<Vec<String>>,
}

impl Database {
    /// Stores a credential.
    pub async fn add_filter_credential(
        &self,
        credential: &FilterCredential,
        now: UnixSeconds,
    ) -> Result<(), StorageError> {
        let audiences = match &credential.audiences {
            Some(audiences) => Some(serde_json::to_string(audiences)?),
            None => None,
        };
        sqlx::query(
            "INSERT INTO filter_credentials (id, secret_hash, audiences, created_at) \
             VALUES ($1, $2, $3, $4)",
        )
        .bind(&credential.id)
        .bind(credential.secret_hash.as_str())
        .bind(audiences)
        .bind(to_db(now))
        .execute(self.pool())
        .await?;
        Ok(())
    }

    /// The credential with an id.
    pub async fn filter_credential(
        &self,
        id: &str,
    ) -> Result<Option<FilterCredential>, StorageError> {
        let row: Option<(String, Option<String>)> =
            sqlx::query_as("SELECT secret_hash, audiences FROM filter_credentials WHERE id = $1")
                .bind(id)
                .fetch_optional(self.pool())
                .await?;
        let Some((secret_hash, audiences)) = row else {
            return Ok(None);
        };
        Ok(Some(FilterCredential {
            id: id.to_owned(),
            secret_hash: Hashed::stored(secret_hash),
            audiences: match audiences {
                Some(list) => Some(serde_json::from_str(&list)?),
                None => None,
            },
        }))
    }

    /// Whether there is any credential.
    pub async fn any_filter_credential(&self) -> Result<bool, StorageError> {
        let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM filter_credentials")
            .fetch_one(self.pool())
            .await?;
        Ok(count > 0)
    }
}
