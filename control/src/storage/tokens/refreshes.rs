//! Refreshes: what a refresh depends on, as of one moment, and which token replaced another. Only
//! the claims of tokens are stored.

use portcullis::time::UnixSeconds;
use sqlx::Transaction;
use sqlx::any::Any;

use crate::audit::Event;
use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;
use crate::storage::eligibility::{self, EligibilityFacts, EligibilityQuery};
use crate::storage::sessions::ShownSignIn;
use crate::storage::sessions::usage;

/// The application token to be replaced.
#[derive(Debug, Clone, Copy)]
pub struct OldToken<'a> {
    /// `jti`.
    pub id: &'a str,
    /// `sub`.
    pub user_id: &'a str,
    /// The sign-in that it proves.
    pub shown: &'a ShownSignIn,
    /// `aud`.
    pub audience: &'a str,
}

/// Everything that a refresh depends on, as of one moment.
#[derive(Debug, Clone)]
pub struct FoundRefresh {
    /// The facts for the new token.
    pub facts: EligibilityFacts,
    /// The token that an earlier call got.
    pub earlier: Option<IssuedToken>,
}

/// A token that replaced another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// When it was issued.
    pub issued_at: UnixSeconds,
    /// Its claims, as JSON.
    pub claims: String,
}

/// The outcome of storing a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddedRefresh {
    /// Every repeated call gets the new token.
    Added,
    /// Another call stored its token first.
    Raced,
    /// The session has ended meanwhile.
    SessionEnded,
}

impl Database {
    /// Reads the facts for a refresh, and the token that an earlier call got.
    pub async fn find_refresh(&self, old: OldToken<'_>) -> Result<FoundRefresh, StorageError> {
        let mut read = self.read().await?;
        let query = EligibilityQuery {
            shown: old.shown,
            user_id: Some(old.user_id),
            audience: old.audience,
        };
        Ok(FoundRefresh {
            facts: eligibility::facts(&mut read, query).await?,
            earlier: earlier(&mut read, old).await?,
        })
    }

    /// Stores the token that replaces another, unless a call that `found` does not know has stored
    /// one meanwhile. `event` tells of it.
    pub async fn add_refresh(
        &self,
        old: OldToken<'_>,
        found: &FoundRefresh,
        issued: &IssuedToken,
        event: Event,
    ) -> Result<AddedRefresh, StorageError> {
        let mut write = self.write().await?;
        let (session_id, now) = (old.shown.session_id.as_str(), issued.issued_at);
        if !usage::hold(write.connection(), session_id, now).await? {
            return Ok(AddedRefresh::SessionEnded);
        }
        let seen = found.earlier.as_ref().map(|seen| seen.claims.as_str());
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
        let times = (now, usage::end_of(&issued.claims, now));
        usage::note_token(write.connection(), session_id, old.audience, times).await?;
        write.commit([event]).await?;
        Ok(AddedRefresh::Added)
    }
}

async fn earlier(
    read: &mut Transaction<'static, Any>,
    old: OldToken<'_>,
) -> Result<Option<IssuedToken>, StorageError> {
    let row: Option<(i64, String)> = sqlx::query_as(
        "SELECT issued_at, claims FROM refreshes WHERE jti = $1 AND session_id = $2",
    )
    .bind(old.id)
    .bind(old.shown.session_id.as_str())
    .fetch_optional(&mut **read)
    .await?;
    Ok(row.map(|(issued_at, claims)| IssuedToken {
        issued_at: from_db(issued_at),
        claims,
    }))
}
