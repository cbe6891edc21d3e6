//! Makes a database that was restored from a backup safe to use.

use portcullis::time::UnixSeconds;

use crate::audit::{Event, EventName, Initiator, Subject};
use crate::seal::Seal;
use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::copies::unmark;
use crate::storage::database::error::StorageError;
use crate::storage::tokens::signing_keys::changes::replace_all;
use crate::storage::tokens::signing_keys::{PlainKey, SealingError};

/// By how much the version is raised: far above any version that a filter may have seen of what was
/// lost.
const RAISED_BY: u64 = 1_000_000_000;

/// A restore.
#[derive(Debug)]
pub struct Restore<'a> {
    /// The epoch that begins.
    pub epoch: String,
    /// The newest version that is known to have been seen; the new one is far above it.
    pub above: u64,
    /// The epoch in which it was seen, which the database may not know.
    pub seen_epoch: Option<String>,
    /// The key that signs from now on.
    pub key: &'a PlainKey,
    /// What seals it.
    pub seal: &'a Seal,
    /// Who restores it.
    pub by: &'a Initiator,
    /// The time.
    pub now: UnixSeconds,
}

impl Database {
    /// Ends everything that depends on what happened after the backup: sessions, codes and all
    /// tokens. What was sealed is replaced, because its seal key may be lost. Users, applications, policies and credentials stay as they are in the backup. Returns
    /// how many global sessions ended.
    pub async fn restore(&self, restore: &Restore<'_>) -> Result<u64, SealingError> {
        let mut write = self.write().await?;
        write.lock().await?;
        sqlx::query(
            "INSERT INTO former_epochs (epoch, ended_at) \
             SELECT epoch, $1 FROM feed_state WHERE only_row = 1 \
             ON CONFLICT (epoch) DO NOTHING",
        )
        .bind(to_db(restore.now))
        .execute(write.connection())
        .await?;
        if let Some(epoch) = &restore.seen_epoch {
            sqlx::query(
                "INSERT INTO former_epochs (epoch, ended_at) VALUES ($1, $2) \
                 ON CONFLICT (epoch) DO NOTHING",
            )
            .bind(epoch)
            .bind(to_db(restore.now))
            .execute(write.connection())
            .await?;
        }
        sqlx::query(
            "UPDATE feed_state SET epoch = $1, known_browser_key = '', \
             version = CASE WHEN version > $2 THEN version ELSE $2 END + $3 WHERE only_row = 1",
        )
        .bind(&restore.epoch)
        .bind(to_db(restore.above))
        .bind(to_db(RAISED_BY))
        .execute(write.connection())
        .await?;
        // Deletes their codes and refreshes too (foreign keys).
        let sessions = sqlx::query("DELETE FROM sessions")
            .execute(write.connection())
            .await?;
        for statement in [
            "DELETE FROM device_codes",
            "DELETE FROM feed_log",
            "DELETE FROM proxy_steps",
            "DELETE FROM version_times",
            // They are waited for until they have applied a version of the new epoch.
            "UPDATE proxies SET applied = 0",
        ] {
            sqlx::query(statement).execute(write.connection()).await?;
        }
        if self.is_sqlite() {
            unmark(write.connection()).await?;
        }
        replace_all(&mut write, restore.key, restore.seal, restore.now).await?;
        // Followers of before get a snapshot.
        sqlx::query("UPDATE feed_state SET log_start = version WHERE only_row = 1")
            .execute(write.connection())
            .await?;
        let subject = Subject::new("database", restore.epoch.as_str(), "");
        let event = Event::new(EventName::DatabaseRestored, restore.by, subject)
            .detail("sessions", sessions.rows_affected());
        write.commit([event]).await?;
        Ok(sessions.rows_affected())
    }

    /// When the database was last restored from a backup; `None` if it never was.
    pub async fn last_restore(&self) -> Result<Option<UnixSeconds>, StorageError> {
        let (at,): (Option<i64>,) = sqlx::query_as("SELECT MAX(ended_at) FROM former_epochs")
            .fetch_one(self.pool())
            .await?;
        Ok(at.map(from_db))
    }

    /// Whether the database had an epoch before it was restored.
    pub async fn is_former_epoch(&self, epoch: &str) -> Result<bool, StorageError> {
        let found: Option<(i64,)> =
            sqlx::query_as("SELECT ended_at FROM former_epochs WHERE epoch = $1")
                .bind(epoch)
                .fetch_optional(self.pool())
                .await?;
        Ok(found.is_some())
    }
}
