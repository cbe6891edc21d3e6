//! Throwing away what can have no effect any more.

use async_trait::async_trait;

use super::{Database, StorageError, to_db};

/// How long a revocation is kept past its end. Filters drop it after the same time.
const REVOCATION_GRACE_SECONDS: u64 = 3600;

/// How long a code is kept past its end, and a refresh past its moment, for calls that are
/// repeated.
const REPEAT_GRACE_SECONDS: u64 = 60;

/// How many versions the log reaches back. A follower that lacks more gets a snapshot.
const KEPT_VERSIONS: u64 = 100_000;

/// Upkeep of what is stored.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// Deletes codes, refreshes, sessions and revocations that ended, and the oldest part of the log.
    async fn tidy(&self, now: u64) -> Result<(), StorageError>;
}

#[async_trait]
impl Upkeep for Database {
    async fn tidy(&self, now: u64) -> Result<(), StorageError> {
        let past_grace = now.saturating_sub(REVOCATION_GRACE_SECONDS);
        let past_repeats = now.saturating_sub(REPEAT_GRACE_SECONDS);
        for (delete, before) in [
            (
                "DELETE FROM exchange_codes WHERE expires_at < $1",
                past_repeats,
            ),
            ("DELETE FROM refreshes WHERE issued_at < $1", past_repeats),
            ("DELETE FROM sessions WHERE expires_at < $1", now),
            ("DELETE FROM revocations WHERE expires_at < $1", past_grace),
        ] {
            sqlx::query(delete)
                .bind(to_db(before))
                .execute(self.pool())
                .await?;
        }
        let mut write = self.write().await?;
        // Readers see the shorter log and its new start together, or neither.
        let (start,): (i64,) = sqlx::query_as(
            "UPDATE feed_state SET log_start = \
             CASE WHEN version - $1 > log_start THEN version - $1 ELSE log_start END \
             WHERE only_row = 1 RETURNING log_start",
        )
        .bind(to_db(KEPT_VERSIONS))
        .fetch_one(write.connection())
        .await?;
        sqlx::query("DELETE FROM feed_log WHERE version <= $1")
            .bind(start)
            .execute(write.connection())
            .await?;
        write.commit().await?;
        Ok(())
    }
}
