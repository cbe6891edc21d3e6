//! Tokens of the admin API. Only their hashes are stored.

use portcullis::time::UnixSeconds;

use crate::audit::{Event, EventName, Initiator, Subject};
use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;
use crate::tokens::secret::Hashed;

/// A stored token.
#[derive(Debug, Clone)]
pub struct AdminToken {
    /// Its id, the part before the dot.
    pub id: String,
    /// What an administrator calls it; may be empty.
    pub name: String,
    /// The hash of its secret, the part after the dot.
    pub secret_hash: Hashed,
    /// Its scopes, such as `sessions:read`.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: UnixSeconds,
    /// When it expires.
    pub expires_at: UnixSeconds,
    /// When it was last used, to the minute; `None` if it was not.
    pub last_used_at: Option<UnixSeconds>,
}

type Columns = (String, String, String, String, i64, i64, Option<i64>);

impl Database {
    /// Stores a token.
    pub async fn add_admin_token(
        &self,
        token: &AdminToken,
        by: &Initiator,
    ) -> Result<(), StorageError> {
        let mut write = self.write().await?;
        sqlx::query(
            "INSERT INTO admin_tokens (id, name, secret_hash, scopes, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&token.id)
        .bind(&token.name)
        .bind(token.secret_hash.as_str())
        .bind(serde_json::to_string(&token.scopes)?)
        .bind(to_db(token.created_at))
        .bind(to_db(token.expires_at))
        .execute(write.connection())
        .await?;
        let event = Event::new(
            EventName::AdminTokenAdded,
            by,
            subject(&token.id, &token.name),
        )
        .detail("scopes", token.scopes.clone())
        .detail("expires_at", token.expires_at.get());
        write.commit([event]).await?;
        Ok(())
    }

    /// The token with an id, which may have expired.
    pub async fn admin_token(&self, id: &str) -> Result<Option<AdminToken>, StorageError> {
        let row: Option<Columns> = sqlx::query_as(
            "SELECT id, name, secret_hash, scopes, created_at, expires_at, last_used_at \
             FROM admin_tokens WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(self.pool())
        .await?;
        row.map(from_columns).transpose()
    }

    /// All tokens, the oldest first.
    pub async fn admin_tokens(&self) -> Result<Vec<AdminToken>, StorageError> {
        let rows: Vec<Columns> = sqlx::query_as(
            "SELECT id, name, secret_hash, scopes, created_at, expires_at, last_used_at \
             FROM admin_tokens ORDER BY created_at, id",
        )
        .fetch_all(self.pool())
        .await?;
        rows.into_iter().map(from_columns).collect()
    }

    /// Notes that a token is used.
    pub async fn note_admin_token(&self, id: &str, now: UnixSeconds) -> Result<(), StorageError> {
        sqlx::query("UPDATE admin_tokens SET last_used_at = $1 WHERE id = $2")
            .bind(to_db(now))
            .bind(id)
            .execute(self.pool())
            .await?;
        Ok(())
    }

    /// Deletes a token. False if there is none with this id.
    pub async fn delete_admin_token(&self, id: &str, by: &Initiator) -> Result<bool, StorageError> {
        let mut write = self.write().await?;
        let deleted: Option<(String,)> =
            sqlx::query_as("DELETE FROM admin_tokens WHERE id = $1 RETURNING name")
                .bind(id)
                .fetch_optional(write.connection())
                .await?;
        let Some((name,)) = deleted else {
            return Ok(false);
        };
        let event = Event::new(EventName::AdminTokenRevoked, by, subject(id, &name));
        write.commit([event]).await?;
        Ok(true)
    }
}

fn subject(id: &str, name: &str) -> Subject {
    Subject::new("admin_token", id, name)
}

fn from_columns(
    (id, name, secret_hash, scopes, created_at, expires_at, last_used_at): Columns,
) -> Result<AdminToken, StorageError> {
    Ok(AdminToken {
        id,
        name,
        secret_hash: Hashed::stored(secret_hash),
        scopes: serde_json::from_str(&scopes)?,
        created_at: from_db(created_at),
        expires_at: from_db(expires_at),
        last_used_at: last_used_at.map(from_db),
    })
}
