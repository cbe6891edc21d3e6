//! Ending every session of everybody.

use portcullis::protocol::feed::Subject as Revoked;
use portcullis::time::UnixSeconds;

use crate::audit::{Event, EventName, Initiator, Subject};
use crate::storage::database::Database;
use crate::storage::database::error::StorageError;

/// What ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EverySession {
    /// The version of the feed below which tokens are refused.
    pub version: u64,
    /// How many global sessions ended.
    pub sessions: u64,
}

impl Database {
    /// Revokes all applications, each with a new sign-in demanded, and ends all global sessions but the
    /// one with the id `but`. A revocation may end at `until`, when every token has expired.
    ///
    /// # Errors
    /// When the database failed, and nothing was changed.
    pub async fn end_every_session(
        &self,
        but: &str,
        until: UnixSeconds,
        by: &Initiator,
    ) -> Result<EverySession, StorageError> {
        let mut write = self.write().await?;
        // Taken before the sessions' rows are locked, in the same order as elsewhere.
        let version = write.version().await?;
        // First, as in all transactions that hold a session: its codes and its applications come after it.
        let ended = sqlx::query("DELETE FROM sessions WHERE id <> $1")
            .bind(but)
            .execute(write.connection())
            .await?;
        let sessions = ended.rows_affected();
        for statement in [
            "DELETE FROM exchange_codes",
            // A request that is still unanswered may be confirmed: that happens after this.
            "DELETE FROM device_codes WHERE answer IS NOT NULL",
            "UPDATE session_applications SET token_until = 0",
        ] {
            sqlx::query(statement).execute(write.connection()).await?;
        }
        let audiences: Vec<(String,)> =
            sqlx::query_as("SELECT audience FROM applications ORDER BY audience")
                .fetch_all(write.connection())
                .await?;
        for (audience,) in audiences {
            write
                .revoke_as(Revoked::Application(audience), until, true)
                .await?;
        }
        let event = Event::new(EventName::RevocationMade, by, Subject::none())
            .detail("scope", "every_session")
            .detail("fresh_login", true)
            .detail("sessions", sessions)
            .detail("version", version);
        write.commit([event]).await?;
        Ok(EverySession { version, sessions })
    }
}
