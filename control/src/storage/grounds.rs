//! What a token under a global session is judged by, all of one moment.

use super::columns::from_db;
use super::database::Database;
use super::error::StorageError;
use super::sessions::Session;
use super::{applications, fresh_sign_in, session_list};
use crate::applications::Application;

/// The sign-in that a browser has shown. Its session may know a later one, which somebody else may
/// have made who holds other cookies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownSignIn {
    /// `sid`.
    pub session_id: String,
    /// When the user proved who they are, seconds since 1970.
    pub auth_time: u64,
    /// The feed's version then.
    pub auth_ver: u64,
    /// The session's end as of that sign-in, seconds since 1970.
    pub session_end: u64,
}

impl From<&Session> for ShownSignIn {
    fn from(session: &Session) -> Self {
        Self {
            session_id: session.id.clone(),
            auth_time: session.auth_time,
            auth_ver: session.auth_ver,
            session_end: session.expires_at,
        }
    }
}

/// What speaks for a token of a session's user at an application, and against it.
#[derive(Debug, Clone)]
pub struct TokenGrounds {
    /// The feed's version at that moment.
    pub version: u64,
    /// The session, which may have run out, of a user who may be disabled; its sign-in is the one
    /// that was shown.
    pub session: Session,
    /// Whether the user is disabled.
    pub user_disabled: bool,
    /// Until when the user is blocked, seconds since 1970.
    pub user_blocked_until: u64,
    /// Whether the application wants a later sign-in.
    pub login_required: bool,
    /// The application; `None` if it is gone.
    pub application: Option<Application>,
}

type Columns = (String, String, i64, i64, i64, i64, i64, i64);

impl Database {
    /// What a token is judged by. `None`: the session has ended.
    pub async fn token_grounds(
        &self,
        shown: &ShownSignIn,
        audience: &str,
    ) -> Result<Option<TokenGrounds>, StorageError> {
        let mut read = self.read().await?;
        let row: Option<Columns> = sqlx::query_as(
            "SELECT users.id, users.email, users.disabled, users.blocked_until, \
             sessions.auth_time, sessions.auth_ver, sessions.expires_at, feed_state.version \
             FROM sessions JOIN users ON users.id = sessions.user_id \
             JOIN feed_state ON feed_state.only_row = 1 WHERE sessions.id = $1",
        )
        .bind(&shown.session_id)
        .fetch_optional(&mut *read)
        .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let (user_id, email, disabled, blocked_until, auth_time, auth_ver, expires_at, version) =
            row;
        let session = Session {
            id: shown.session_id.clone(),
            user_id,
            email,
            auth_time: from_db::<u64>(auth_time).min(shown.auth_time),
            auth_ver: from_db::<u64>(auth_ver).min(shown.auth_ver),
            expires_at: from_db::<u64>(expires_at).min(shown.session_end),
        };
        Ok(Some(TokenGrounds {
            version: from_db(version),
            login_required: fresh_sign_in::is_required(&mut read, &session, audience).await?,
            session,
            user_disabled: disabled != 0,
            user_blocked_until: from_db(blocked_until),
            application: applications::read(&mut read, audience).await?,
        }))
    }

    /// Notes under its session that a token was made. False: the session has ended, or the
    /// application is gone, and nothing may be given out.
    pub async fn note_header_token(
        &self,
        session_id: &str,
        audience: &str,
        now: u64,
    ) -> Result<bool, StorageError> {
        let mut write = self.write().await?;
        if !session_list::hold(write.connection(), session_id, now).await? {
            return Ok(false);
        }
        match session_list::note_token(write.connection(), session_id, audience, now).await {
            Err(StorageError::Unavailable(sqlx::Error::Database(error)))
                if error.is_foreign_key_violation() =>
            {
                return Ok(false);
            }
            noted => noted?,
        }
        write.commit().await?;
        Ok(true)
    }
}
