//! Sessions of which the provider is asked from time to time whether they may go on.
//!
//! Who asks has claimed the session first, by putting `recheck_at` ahead. What is found is stored only
//! while that claim holds, so of several control services one asks, and none overwrites what another
//! one has found since.

mod answer;
mod claim;

use portcullis::protocol::feed::Subject as Revoked;
use portcullis::time::UnixSeconds;

use super::secrets;
use crate::CLOCK_LEEWAY;
use crate::audit::{Event, EventName, Initiator, Subject};
use crate::seal::Seal;
use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;
use crate::storage::tokens::signing_keys::SealingError;
use crate::tokens::secret::Plain;
pub use answer::{CheckOutcome, Checked, CheckedPerson};
pub use claim::{ClaimedSession, DueRechecks};

impl Database {
    /// Keeps the refresh token that a provider has just issued in place of the session's old one. False
    /// if the session ended meanwhile, or somebody else checks it.
    pub async fn keep_new_token(
        &self,
        session: &ClaimedSession,
        token: &Plain,
        seal: &Seal,
    ) -> Result<bool, SealingError> {
        let mut write = self.write().await?;
        write.lock().await?;
        let held =
            sqlx::query("UPDATE sessions SET recheck_at = $1 WHERE id = $2 AND recheck_at = $1")
                .bind(session.claim)
                .bind(&session.id)
                .execute(write.connection())
                .await
                .map_err(StorageError::from)?;
        if held.rows_affected() == 0 {
            return Ok(false);
        }
        secrets::keep_refresh_token(&mut write, &session.id, Some(token), seal).await?;
        write.commit_unaudited(Unaudited::Recheck).await?;
        Ok(true)
    }

    /// Puts the next check of a session off, because the provider gave no answer. False if the session
    /// ended meanwhile, or somebody else checks it.
    pub async fn put_off_recheck(
        &self,
        session: &ClaimedSession,
        next: UnixSeconds,
    ) -> Result<bool, StorageError> {
        let mut write = self.write().await?;
        let put_off = sqlx::query(
            "UPDATE sessions SET recheck_at = $1, recheck_failures = recheck_failures + 1 \
             WHERE id = $2 AND recheck_at = $3",
        )
        .bind(to_db(next))
        .bind(&session.id)
        .bind(session.claim)
        .execute(write.connection())
        .await?;
        write.commit_unaudited(Unaudited::Recheck).await?;
        Ok(put_off.rows_affected() == 1)
    }

    /// Ends a session, because the provider says no. Returns the version below which its tokens are
    /// refused; `None` if it had already ended.
    pub async fn end_rechecked(
        &self,
        session: &ClaimedSession,
        by: &Initiator,
        reason: &str,
    ) -> Result<Option<u64>, StorageError> {
        let mut write = self.write().await?;
        write.lock().await?;
        let ended: Option<(i64,)> = sqlx::query_as(
            "DELETE FROM sessions WHERE id = $1 AND recheck_at = $2 RETURNING expires_at",
        )
        .bind(&session.id)
        .bind(session.claim)
        .fetch_optional(write.connection())
        .await?;
        let Some((expires_at,)) = ended else {
            return Ok(None);
        };
        revoke_tokens(&mut write, &session.id, expires_at).await?;
        let event = event(session, by, reason).detail("sessions", 1);
        let version = write.version().await?;
        write.commit([event.detail("version", version)]).await
    }
}

async fn revoke_tokens(
    write: &mut Write,
    session: &str,
    expires_at: i64,
) -> Result<(), StorageError> {
    let until = from_db::<UnixSeconds>(expires_at) + CLOCK_LEEWAY;
    write
        .revoke(Revoked::Session(session.to_owned()), until)
        .await
}

fn event(session: &ClaimedSession, by: &Initiator, reason: &str) -> Event {
    let subject = Subject::user(&session.user_id, &session.email);
    let event = Event::new(EventName::ProviderEvent, by, subject);
    event.reason(reason).detail("scope", "session")
}
