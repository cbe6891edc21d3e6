//! When a global session was last used, and for which applications.

use portcullis::time::UnixSeconds;
use serde::Deserialize;
use sqlx::AnyConnection;

use crate::audit::Event;
use crate::storage::database::Database;
use crate::storage::database::columns::to_db;
use crate::storage::database::error::StorageError;

/// Uses are stored to the minute; more writes would tell no one anything.
const NOTED_EVERY_SECONDS: i64 = 60;

impl Database {
    /// Stores that a token for scripts was made under a session, and when it ends. False if the session has ended or
    /// the application is gone; the token must not be given out then. `event` tells of the token.
    pub async fn note_header_token(
        &self,
        session_id: &str,
        audience: &str,
        (now, until): (UnixSeconds, UnixSeconds),
        event: Event,
    ) -> Result<bool, StorageError> {
        let mut write = self.write().await?;
        if !hold(write.connection(), session_id, now).await? {
            return Ok(false);
        }
        let times = (now, until);
        match note_token(write.connection(), session_id, audience, times).await {
            Err(StorageError::Unavailable(sqlx::Error::Database(error)))
                if error.is_foreign_key_violation() =>
            {
                return Ok(false);
            }
            noted => noted?,
        }
        write.commit([event]).await?;
        Ok(true)
    }
}

/// When a token with these claims, as JSON, ends; one without that has ended.
pub(in crate::storage) fn end_of(claims: &str, now: UnixSeconds) -> UnixSeconds {
    #[derive(Deserialize)]
    struct Claims {
        exp: UnixSeconds,
    }
    serde_json::from_str(claims).map_or(now, |Claims { exp }| exp)
}

/// Locks a session's row, so that it cannot end during the transaction, and stores that it is used.
/// False if it has ended.
///
/// This must be the first statement of its transaction: a transaction that ends a session locks the
/// session's row before its codes.
pub(in crate::storage) async fn hold(
    connection: &mut AnyConnection,
    session_id: &str,
    now: UnixSeconds,
) -> Result<bool, StorageError> {
    let held = sqlx::query(
        "UPDATE sessions SET last_used_at = \
         CASE WHEN last_used_at <= $1 - $2 THEN $1 ELSE last_used_at END WHERE id = $3",
    )
    .bind(to_db(now))
    .bind(NOTED_EVERY_SECONDS)
    .bind(session_id)
    .execute(connection)
    .await?;
    Ok(held.rows_affected() == 1)
}

/// Stores that a token for an application was issued under a locked session, and when it ends.
pub(in crate::storage) async fn note_token(
    connection: &mut AnyConnection,
    session_id: &str,
    audience: &str,
    (now, until): (UnixSeconds, UnixSeconds),
) -> Result<(), StorageError> {
    sqlx::query(
        "INSERT INTO session_applications (session_id, audience, last_token_at, token_until) \
         VALUES ($1, $2, $3, $5) ON CONFLICT (session_id, audience) DO UPDATE SET \
         last_token_at = excluded.last_token_at, \
         token_until = CASE WHEN session_applications.token_until > excluded.token_until \
         THEN session_applications.token_until ELSE excluded.token_until END \
         WHERE session_applications.last_token_at <= excluded.last_token_at - $4 \
         OR session_applications.token_until <= excluded.last_token_at \
         OR session_applications.token_until <= excluded.token_until - $4",
    )
    .bind(session_id)
    .bind(audience)
    .bind(to_db(now))
    .bind(NOTED_EVERY_SECONDS)
    .bind(to_db(until))
    .execute(connection)
    .await?;
    Ok(())
}
