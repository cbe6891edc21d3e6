//! Refreshes: what one looks at, as of one moment, and which token replaced another. Tokens are
//! not stored, only their claims.

use portcullis::protocol::feed::TokenIds;
use sqlx::Transaction;
use sqlx::any::Any;

use super::columns::{from_db, to_db};
use super::database::Database;
use super::error::StorageError;
use super::sessions::Session;
use super::token_revocations::RevokedBelow;
use super::{applications, session_list, token_revocations};
use crate::applications::Application;

/// The application token that shall be replaced.
#[derive(Debug, Clone, Copy)]
pub struct OldToken<'a> {
    /// `jti`.
    pub id: &'a str,
    /// `sub`.
    pub user_id: &'a str,
    /// `sid`.
    pub session_id: &'a str,
    /// `aud`.
    pub audience: &'a str,
}

impl<'a> OldToken<'a> {
    fn ids(self) -> TokenIds<'a> {
        TokenIds {
            user: self.user_id,
            session: self.session_id,
            audience: self.audience,
        }
    }
}

/// Everything that a refresh looks at, all of one moment.
#[derive(Debug, Clone)]
pub struct RefreshView {
    /// The feed's version at that moment.
    pub version: u64,
    /// Until when the user is blocked, seconds since 1970.
    pub user_blocked_until: u64,
    /// The session, which may have run out; `None` if it ended, or its user is disabled or gone.
    pub session: Option<Session>,
    /// The application; `None` if it is gone.
    pub application: Option<Application>,
    /// Every revocation that concerns the token, whichever tokens it refuses.
    pub revocations: Vec<RevokedBelow>,
    /// The token that an earlier call got.
    pub earlier: Option<IssuedToken>,
}

/// A token that replaced another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// When, seconds since 1970.
    pub issued_at: u64,
    /// Its claims, as JSON.
    pub claims: String,
}

/// What became of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddedRefresh {
    /// The new token is the one that every repeated call gets.
    Added,
    /// Another call was faster.
    Raced,
    /// The session ended meanwhile.
    SessionEnded,
}

type Read = Transaction<'static, Any>;
type SessionColumns = (
    i64,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
);

impl Database {
    /// What there is to judge a refresh by.
    pub async fn refresh_view(&self, old: OldToken<'_>) -> Result<RefreshView, StorageError> {
        let mut read = self.read().await?;
        let (version, email, disabled, blocked_until, auth_time, auth_ver, expires_at) =
            session_columns(&mut read, old).await?;
        let session = || {
            Some(Session {
                id: old.session_id.to_owned(),
                user_id: old.user_id.to_owned(),
                email: email.filter(|_| disabled == Some(0))?,
                auth_time: from_db(auth_time?),
                auth_ver: from_db(auth_ver?),
                expires_at: from_db(expires_at?),
            })
        };
        Ok(RefreshView {
            version: from_db(version),
            user_blocked_until: blocked_until.map_or(0, from_db),
            session: session(),
            application: applications::read(&mut read, old.audience).await?,
            revocations: token_revocations::of_token(&mut read, old.ids()).await?,
            earlier: earlier(&mut read, old).await?,
        })
    }

    /// Stores the token that replaces another, unless something other than what `view` saw has
    /// been stored meanwhile.
    pub async fn add_refresh(
        &self,
        old: OldToken<'_>,
        view: &RefreshView,
        issued: &IssuedToken,
    ) -> Result<AddedRefresh, StorageError> {
        let mut write = self.write().await?;
        let (session_id, now) = (old.session_id, issued.issued_at);
        if !session_list::hold(write.connection(), session_id, now).await? {
            return Ok(AddedRefresh::SessionEnded);
        }
        let seen = view.earlier.as_ref().map(|seen| seen.claims.as_str());
        let added = sqlx::query(
            "INSERT INTO refreshes (jti, session_id, audience, issued_at, claims) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (jti) DO UPDATE SET \
             issued_at = excluded.issued_at, claims = excluded.claims \
             WHERE refreshes.claims = $6",
        )
        .bind(old.id)
        .bind(session_id)
        .bind(old.audience)
        .bind(to_db(now))
        .bind(&issued.claims)
        .bind(seen.unwrap_or_default())
        .execute(write.connection())
        .await?;
        if added.rows_affected() != 1 {
            return Ok(AddedRefresh::Raced);
        }
        session_list::note_token(write.connection(), session_id, old.audience, now).await?;
        write.commit().await?;
        Ok(AddedRefresh::Added)
    }
}

/// The user without a session too: whoever was revoked a moment ago has none, and is told why.
async fn session_columns(
    read: &mut Read,
    old: OldToken<'_>,
) -> Result<SessionColumns, StorageError> {
    let row = sqlx::query_as(
        "SELECT feed_state.version, users.email, users.disabled, users.blocked_until, \
         sessions.auth_time, sessions.auth_ver, sessions.expires_at \
         FROM feed_state LEFT JOIN users ON users.id = $1 \
         LEFT JOIN sessions ON sessions.id = $2 AND sessions.user_id = users.id \
         WHERE feed_state.only_row = 1",
    )
    .bind(old.user_id)
    .bind(old.session_id)
    .fetch_one(&mut **read)
    .await?;
    Ok(row)
}

async fn earlier(read: &mut Read, old: OldToken<'_>) -> Result<Option<IssuedToken>, StorageError> {
    let row: Option<(i64, String)> = sqlx::query_as(
        "SELECT issued_at, claims FROM refreshes WHERE jti = $1 AND session_id = $2",
    )
    .bind(old.id)
    .bind(old.session_id)
    .fetch_optional(&mut **read)
    .await?;
    Ok(row.map(|(issued_at, claims)| IssuedToken {
        issued_at: from_db(issued_at),
        claims,
    }))
}
