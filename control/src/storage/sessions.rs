//! Global sessions.

use async_trait::async_trait;

use super::{Database, StorageError, from_db, to_db};

/// A global session to be begun.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The new `sid`.
    pub id: String,
    /// Whose.
    pub user_id: String,
    /// Now, seconds since 1970; the user proved who they are just before.
    pub now: u64,
    /// Its end, seconds since 1970.
    pub expires_at: u64,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BegunSession {
    /// It lives.
    Begun {
        /// The feed's version at that moment.
        auth_ver: u64,
    },
    /// The user was revoked a moment ago and may sign in again at `until`.
    Blocked {
        /// Seconds since 1970.
        until: u64,
    },
    /// The user is disabled or gone.
    Disabled,
}

/// A session that lives, of a user who is not disabled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// `sid`.
    pub id: String,
    /// `sub`.
    pub user_id: String,
    /// The user's e-mail address.
    pub email: String,
    /// When the user proved who they are, seconds since 1970.
    pub auth_time: u64,
    /// The feed's version then.
    pub auth_ver: u64,
    /// Its end, seconds since 1970.
    pub expires_at: u64,
}

/// Stored global sessions.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Begins a session, unless the user is blocked or disabled.
    async fn begin_session(&self, session: &NewSession) -> Result<BegunSession, StorageError>;
    /// The session, if it lives now.
    async fn session(&self, id: &str, now: u64) -> Result<Option<Session>, StorageError>;
}

#[async_trait]
impl Sessions for Database {
    async fn begin_session(&self, session: &NewSession) -> Result<BegunSession, StorageError> {
        let mut write = self.write().await?;
        // The update locks the user's row against a revocation at the same time: either it came
        // before, and is seen here, or it comes after, and finds the session to delete.
        let welcome = sqlx::query(
            "UPDATE users SET last_sign_in_at = $1 \
             WHERE id = $2 AND disabled = 0 AND blocked_until <= $1",
        )
        .bind(to_db(session.now))
        .bind(&session.user_id)
        .execute(write.connection())
        .await?;
        if welcome.rows_affected() != 1 {
            let row: Option<(i64, i64)> =
                sqlx::query_as("SELECT disabled, blocked_until FROM users WHERE id = $1")
                    .bind(&session.user_id)
                    .fetch_optional(write.connection())
                    .await?;
            return Ok(match row {
                Some((0, until)) => BegunSession::Blocked {
                    until: from_db(until),
                },
                _ => BegunSession::Disabled,
            });
        }
        let (auth_ver,): (i64,) =
            sqlx::query_as("SELECT version FROM feed_state WHERE only_row = 1")
                .fetch_one(write.connection())
                .await?;
        sqlx::query(
            "INSERT INTO sessions (id, user_id, auth_time, auth_ver, expires_at) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(&session.id)
        .bind(&session.user_id)
        .bind(to_db(session.now))
        .bind(auth_ver)
        .bind(to_db(session.expires_at))
        .execute(write.connection())
        .await?;
        write.commit().await?;
        Ok(BegunSession::Begun {
            auth_ver: from_db(auth_ver),
        })
    }

    async fn session(&self, id: &str, now: u64) -> Result<Option<Session>, StorageError> {
        let row: Option<(String, String, i64, i64, i64)> = sqlx::query_as(
            "SELECT users.id, users.email, sessions.auth_time, sessions.auth_ver, \
             sessions.expires_at FROM sessions JOIN users ON users.id = sessions.user_id \
             WHERE sessions.id = $1 AND sessions.expires_at > $2 AND users.disabled = 0",
        )
        .bind(id)
        .bind(to_db(now))
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(
            |(user_id, email, auth_time, auth_ver, expires_at)| Session {
                id: id.to_owned(),
                user_id,
                email,
                auth_time: from_db(auth_time),
                auth_ver: from_db(auth_ver),
                expires_at: from_db(expires_at),
            },
        ))
    }
}
