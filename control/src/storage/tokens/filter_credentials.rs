//! Credentials of filters, each for all applications or for some.

use portcullis::time::UnixSeconds;

use crate::audit::{Event, EventName, Initiator, Subject};
use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
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
    /// What an administrator calls it; may be empty.
    pub name: String,
    /// When it was made.
    pub created_at: UnixSeconds,
    /// When it was last used, to the minute; `None` if it was not.
    pub last_used_at: Option<UnixSeconds>,
}

/// A credential that was revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedCredential {
    /// Its name.
    pub name: String,
    /// The version of the feed that the revocation took. It holds no change: it wakes long polls.
    pub version: u64,
    /// How many credentials are left.
    pub left: u64,
}

type Columns = (String, String, Option<String>, String, i64, Option<i64>);

impl Database {
    /// Stores a credential.
    pub async fn add_filter_credential(
        &self,
        credential: &FilterCredential,
        by: &Initiator,
    ) -> Result<(), StorageError> {
        let mut write = self.write().await?;
        let audiences = match &credential.audiences {
            Some(audiences) => Some(serde_json::to_string(audiences)?),
            None => None,
        };
        sqlx::query(
            "INSERT INTO filter_credentials (id, secret_hash, audiences, name, created_at) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(&credential.id)
        .bind(credential.secret_hash.as_str())
        .bind(audiences)
        .bind(&credential.name)
        .bind(to_db(credential.created_at))
        .execute(write.connection())
        .await?;
        let subject = subject(&credential.id, &credential.name);
        let event = Event::new(EventName::FilterCredentialAdded, by, subject)
            .detail("audiences", credential.audiences.clone());
        write.commit([event]).await?;
        Ok(())
    }

    /// The credential with an id.
    pub async fn filter_credential(
        &self,
        id: &str,
    ) -> Result<Option<FilterCredential>, StorageError> {
        let row: Option<Columns> = sqlx::query_as(
            "SELECT id, secret_hash, audiences, name, created_at, last_used_at \
             FROM filter_credentials WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(self.pool())
        .await?;
        row.map(from_columns).transpose()
    }

    /// All credentials, the oldest first.
    pub async fn filter_credentials(&self) -> Result<Vec<FilterCredential>, StorageError> {
        let rows: Vec<Columns> = sqlx::query_as(
            "SELECT id, secret_hash, audiences, name, created_at, last_used_at \
             FROM filter_credentials ORDER BY created_at, id",
        )
        .fetch_all(self.pool())
        .await?;
        rows.into_iter().map(from_columns).collect()
    }

    /// Notes that a credential is used.
    pub async fn note_filter_credential(
        &self,
        id: &str,
        now: UnixSeconds,
    ) -> Result<(), StorageError> {
        sqlx::query("UPDATE filter_credentials SET last_used_at = $1 WHERE id = $2")
            .bind(to_db(now))
            .bind(id)
            .execute(self.pool())
            .await?;
        Ok(())
    }

    /// Deletes a credential. Takes a version of the feed, so that every replica of the service
    /// looks again at the credentials of the long polls that it holds. `None` if there is no
    /// credential with this id.
    pub async fn revoke_filter_credential(
        &self,
        id: &str,
        by: &Initiator,
    ) -> Result<Option<RevokedCredential>, StorageError> {
        let mut write = self.write().await?;
        write.lock().await?;
        let deleted: Option<(String,)> =
            sqlx::query_as("DELETE FROM filter_credentials WHERE id = $1 RETURNING name")
                .bind(id)
                .fetch_optional(write.connection())
                .await?;
        let Some((name,)) = deleted else {
            return Ok(None);
        };
        let version = write.version().await?;
        let (left,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM filter_credentials")
            .fetch_one(write.connection())
            .await?;
        let event = Event::new(EventName::FilterCredentialRevoked, by, subject(id, &name));
        write.commit([event.detail("version", version)]).await?;
        Ok(Some(RevokedCredential {
            name,
            version,
            left: from_db(left),
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

fn subject(id: &str, name: &str) -> Subject {
    Subject::new("filter_credential", id, name)
}

fn from_columns(
    (id, secret_hash, audiences, name, created_at, last_used_at): Columns,
) -> Result<FilterCredential, StorageError> {
    Ok(FilterCredential {
        id,
        secret_hash: Hashed::stored(secret_hash),
        audiences: match audiences {
            Some(list) => Some(serde_json::from_str(&list)?),
            None => None,
        },
        name,
        created_at: from_db(created_at),
        last_used_at: last_used_at.map(from_db),
    })
}
