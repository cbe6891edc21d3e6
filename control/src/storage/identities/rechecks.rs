//! Sessions of which the provider is asked from time to time whether they may go on.
//!
//! Who asks has claimed the session first, by putting `recheck_at` ahead. What is found is stored only
//! while that claim holds, so of several control services one asks, and none overwrites what another
//! one has found since.

mod claim;

use portcullis::protocol::feed::Subject as Revoked;
use portcullis::time::UnixSeconds;
use serde_json::{Map, Value};

use super::identity::IdentityEmail;
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
pub use claim::{ClaimedSession, DueRechecks};

/// What a provider said at a check.
#[derive(Debug, Clone)]
pub struct CheckedPerson {
    /// The e-mail address; `None` if nothing was said of one.
    pub email: Option<IdentityEmail>,
    /// The names of groups.
    pub groups: Vec<String>,
    /// The configured claims.
    pub claims: Map<String, Value>,
}

/// What a check brought.
#[derive(Debug, Clone)]
pub struct Checked<'a> {
    /// The person; `None` if nothing was said of them.
    pub person: Option<CheckedPerson>,
    /// The refresh token that replaces the old one.
    pub refresh_token: Option<&'a Plain>,
    /// The provider, for the audit log.
    pub by: &'a Initiator,
    /// Now.
    pub now: UnixSeconds,
    /// When the next check is due.
    pub next: UnixSeconds,
}

/// What followed from a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckOutcome {
    /// The person is as before.
    Kept,
    /// Something changed, and the tokens of the person's sessions with the provider are refused below
    /// this version.
    Changed(u64),
    /// The session ended meanwhile, or somebody else checks it.
    Lost,
}

impl Database {
    /// Puts the next check of a session off, because the provider gave no answer. A new refresh token is
    /// kept nevertheless.
    pub async fn put_off_recheck(
        &self,
        session: &ClaimedSession,
        next: UnixSeconds,
        (refresh_token, seal): (Option<&Plain>, &Seal),
    ) -> Result<(), SealingError> {
        let mut write = self.write().await?;
        write.lock().await?;
        let put_off = sqlx::query(
            "UPDATE sessions SET recheck_at = $1, recheck_failures = recheck_failures + 1 \
             WHERE id = $2 AND recheck_at = $3",
        )
        .bind(to_db(next))
        .bind(&session.id)
        .bind(session.claim)
        .execute(write.connection())
        .await
        .map_err(StorageError::from)?;
        if put_off.rows_affected() == 1 {
            secrets::keep_refresh_token(&mut write, &session.id, refresh_token, seal).await?;
            write.commit_unaudited(Unaudited::Recheck).await?;
        }
        Ok(())
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

    /// Stores what a provider said of a session's person. If anything changed that policies judge or
    /// applications are told, the tokens of all sessions of that person with the provider are replaced:
    /// those of before are refused.
    pub async fn note_rechecked(
        &self,
        session: &ClaimedSession,
        checked: &Checked<'_>,
        seal: &Seal,
    ) -> Result<CheckOutcome, SealingError> {
        let mut write = self.write().await?;
        // Before the version and the sessions' rows, in the same order as at a sign-in.
        let address_changed = match &checked.person {
            Some(person) => describe(&mut write, session, person).await?,
            None => false,
        };
        write.lock().await?;
        if !note_time(&mut write, session, checked).await? {
            return Ok(CheckOutcome::Lost);
        }
        let token = checked.refresh_token;
        secrets::keep_refresh_token(&mut write, &session.id, token, seal).await?;
        let changed = match &checked.person {
            Some(person) => changed_sessions(&mut write, session, person, address_changed).await?,
            None => Vec::new(),
        };
        if changed.is_empty() {
            write.commit_unaudited(Unaudited::Recheck).await?;
            return Ok(CheckOutcome::Kept);
        }
        for (id, expires_at) in &changed {
            revoke_tokens(&mut write, id, *expires_at).await?;
        }
        let version = write.version().await?;
        let event = event(session, checked.by, "recheck_changed")
            .detail("sessions", changed.len() as u64)
            .detail("version", version);
        write.commit([event]).await?;
        Ok(CheckOutcome::Changed(version))
    }
}

/// Stores the person's description. Whether the address changed, by which policies judge.
async fn describe(
    write: &mut Write,
    session: &ClaimedSession,
    person: &CheckedPerson,
) -> Result<bool, StorageError> {
    sqlx::query("UPDATE identities SET groups = $1, claims = $2 WHERE id = $3")
        .bind(serde_json::to_string(&person.groups)?)
        .bind(serde_json::to_string(&person.claims)?)
        .bind(&session.identity_id)
        .execute(write.connection())
        .await?;
    let Some(email) = &person.email else {
        return Ok(false);
    };
    let changed = sqlx::query(
        "UPDATE identities SET email = $1, email_normal = $2, email_believed = $3 \
         WHERE id = $4 AND (email <> $1 OR email_believed <> $3)",
    )
    .bind(&email.shown)
    .bind(&email.normal)
    .bind(i64::from(email.is_believed))
    .bind(&session.identity_id)
    .execute(write.connection())
    .await?;
    if changed.rows_affected() == 0 {
        return Ok(false);
    }
    // The address of a user with a password is their own, and stays.
    sqlx::query(
        "UPDATE users SET email = $1, email_normal = $2 WHERE id = $3 AND password_hash IS NULL",
    )
    .bind(&email.shown)
    .bind(&email.normal)
    .bind(&session.user_id)
    .execute(write.connection())
    .await?;
    Ok(true)
}

/// Notes that the session was checked. False if it is gone, or the claim was lost.
async fn note_time(
    write: &mut Write,
    session: &ClaimedSession,
    checked: &Checked<'_>,
) -> Result<bool, StorageError> {
    let noted = sqlx::query(
        "UPDATE sessions SET checked_at = $1, recheck_at = $2, recheck_failures = 0 \
         WHERE id = $3 AND recheck_at = $4",
    )
    .bind(to_db(checked.now))
    .bind(to_db(checked.next))
    .bind(&session.id)
    .bind(session.claim)
    .execute(write.connection())
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// The person's sessions with the provider, by id and end, whose tokens say something else of the person.
/// They say what is known now from here on.
async fn changed_sessions(
    write: &mut Write,
    session: &ClaimedSession,
    person: &CheckedPerson,
    address_changed: bool,
) -> Result<Vec<(String, i64)>, StorageError> {
    let changed = sqlx::query_as(
        "UPDATE sessions SET groups = $1, claims = $2 WHERE identity_id = $3 \
         AND (groups <> $1 OR claims <> $2 OR $4 = 1) RETURNING id, expires_at",
    )
    .bind(serde_json::to_string(&person.groups)?)
    .bind(serde_json::to_string(&person.claims)?)
    .bind(&session.identity_id)
    .bind(i64::from(address_changed))
    .fetch_all(write.connection())
    .await?;
    Ok(changed)
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
