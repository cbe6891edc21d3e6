//! Calls of the admin API with an idempotency key, so that one that is sent twice acts once.

use std::time::Duration;

use portcullis::time::UnixSeconds;

use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::columns::to_db;
use crate::storage::database::error::StorageError;

/// How long the answer of a call is kept.
pub(super) const LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// A call with an idempotency key.
#[derive(Debug, Clone, Copy)]
pub struct KeyedCall<'a> {
    /// The id of the admin token.
    pub token_id: &'a str,
    /// The key.
    pub key: &'a str,
    /// What tells the call from others.
    pub call: &'a str,
}

/// What is known of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SentCall {
    /// It was not sent before; it is claimed now.
    New,
    /// The key was sent with another call.
    Another,
    /// It was sent before, and is not answered yet.
    Running,
    /// It was answered with this status, and this text unless that had a secret.
    Answered(u16, Option<String>),
}

impl Database {
    /// Claims the key of a call.
    pub async fn claim_call(
        &self,
        sent: KeyedCall<'_>,
        now: UnixSeconds,
    ) -> Result<SentCall, StorageError> {
        let mut write = self.write().await?;
        let claimed = sqlx::query(
            "INSERT INTO idempotency_keys (token_id, key, call, sent_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (token_id, key) DO UPDATE SET call = excluded.call, status = NULL, \
             answer = NULL, sent_at = excluded.sent_at WHERE idempotency_keys.sent_at <= $5",
        )
        .bind(sent.token_id)
        .bind(sent.key)
        .bind(sent.call)
        .bind(to_db(now))
        .bind(to_db(now - LIFE))
        .execute(write.connection())
        .await?;
        if claimed.rows_affected() == 1 {
            write.commit_unaudited(Unaudited::Calls).await?;
            return Ok(SentCall::New);
        }
        let (call, status, answer): (String, Option<i64>, Option<String>) = sqlx::query_as(
            "SELECT call, status, answer FROM idempotency_keys WHERE token_id = $1 AND key = $2",
        )
        .bind(sent.token_id)
        .bind(sent.key)
        .fetch_one(write.connection())
        .await?;
        Ok(match status {
            _ if call != sent.call => SentCall::Another,
            None => SentCall::Running,
            Some(status) => SentCall::Answered(u16::try_from(status).unwrap_or_default(), answer),
        })
    }

    /// Keeps the answer of a call; its status only if it has a secret.
    pub async fn answer_call(
        &self,
        sent: KeyedCall<'_>,
        (status, answer): (u16, Option<&str>),
    ) -> Result<(), StorageError> {
        let mut write = self.write().await?;
        sqlx::query(
            "UPDATE idempotency_keys SET status = $1, answer = $2 \
             WHERE token_id = $3 AND key = $4 AND call = $5",
        )
        .bind(i64::from(status))
        .bind(answer)
        .bind(sent.token_id)
        .bind(sent.key)
        .bind(sent.call)
        .execute(write.connection())
        .await?;
        write.commit_unaudited(Unaudited::Calls).await?;
        Ok(())
    }

    /// Forgets a call that changed nothing, so that it can be sent again.
    pub async fn release_call(&self, sent: KeyedCall<'_>) -> Result<(), StorageError> {
        let mut write = self.write().await?;
        sqlx::query(
            "DELETE FROM idempotency_keys \
             WHERE token_id = $1 AND key = $2 AND call = $3 AND status IS NULL",
        )
        .bind(sent.token_id)
        .bind(sent.key)
        .bind(sent.call)
        .execute(write.connection())
        .await?;
        write.commit_unaudited(Unaudited::Calls).await?;
        Ok(())
    }
}
