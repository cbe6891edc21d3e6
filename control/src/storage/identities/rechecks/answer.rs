//! Storing what a provider said of a session's person.

use portcullis::time::{UnixMillis, UnixSeconds};
use serde_json::{Map, Value};

use super::claim::ClaimedSession;
use super::{event, revoke_tokens};
use crate::audit::Initiator;
use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::columns::to_db;
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;
use crate::storage::identities::identity::IdentityEmail;
use crate::storage::identities::people;
use crate::storage::users::words;

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
    /// The provider, for the audit log.
    pub by: &'a Initiator,
    /// Just before the provider was asked.
    pub asked_at: UnixMillis,
    /// Now.
    pub now: UnixMillis,
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
    /// What the provider said later of the same person is already stored. The session is due again.
    Outdated,
    /// The session ended meanwhile, or somebody else checks it.
    Lost,
}

impl Database {
    /// Stores what a provider said of a session's person. If anything changed that policies judge or
    /// applications are told, the tokens of all sessions of that person with the provider are replaced:
    /// those of before are refused.
    pub async fn note_rechecked(
        &self,
        session: &ClaimedSession,
        checked: &Checked<'_>,
    ) -> Result<CheckOutcome, StorageError> {
        let mut write = self.write().await?;
        // The user's row, the identity's, the version and the sessions', in the same order as at a
        // sign-in.
        let known = match &checked.person {
            Some(person) => describe(&mut write, session, person, checked).await?,
            None => Known::Same,
        };
        write.lock().await?;
        if known == Known::Newer {
            return ask_again(write, session, checked).await;
        }
        if !note_time(&mut write, session, checked).await? {
            return Ok(CheckOutcome::Lost);
        }
        let changed = match &checked.person {
            Some(person) => changed_sessions(&mut write, session, person, known).await?,
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

/// What is stored of a person, compared with what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// Something that the provider said later.
    Newer,
    /// Another address, by which policies judge.
    OtherAddress,
    /// The same address.
    Same,
}

/// Stores the person's description, unless a newer one is stored.
async fn describe(
    write: &mut Write,
    session: &ClaimedSession,
    person: &CheckedPerson,
    checked: &Checked<'_>,
) -> Result<Known, StorageError> {
    lock_user(write, &session.user_id).await?;
    let (identity, times) = (&session.identity_id, (checked.asked_at, checked.now));
    if !people::is_newest(write, identity, times).await? {
        return Ok(Known::Newer);
    }
    sqlx::query("UPDATE identities SET groups = $1, claims = $2 WHERE id = $3")
        .bind(serde_json::to_string(&person.groups)?)
        .bind(serde_json::to_string(&person.claims)?)
        .bind(&session.identity_id)
        .execute(write.connection())
        .await?;
    let Some(email) = &person.email else {
        return Ok(Known::Same);
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
        return Ok(Known::Same);
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
    words::store(write, &session.user_id).await?;
    Ok(Known::OtherAddress)
}

/// Locks a user's row.
async fn lock_user(write: &mut Write, user_id: &str) -> Result<(), StorageError> {
    sqlx::query("UPDATE users SET email = email WHERE id = $1")
        .bind(user_id)
        .execute(write.connection())
        .await?;
    Ok(())
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
    .bind(to_db(checked.now.to_seconds()))
    .bind(to_db(checked.next))
    .bind(&session.id)
    .bind(session.claim)
    .execute(write.connection())
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Leaves the session due: the newer answer may have been to a sign-in, which describes its own session
/// alone.
async fn ask_again(
    mut write: Write,
    session: &ClaimedSession,
    checked: &Checked<'_>,
) -> Result<CheckOutcome, StorageError> {
    sqlx::query("UPDATE sessions SET recheck_at = $1 WHERE id = $2 AND recheck_at = $3")
        .bind(to_db(checked.now.to_seconds()))
        .bind(&session.id)
        .bind(session.claim)
        .execute(write.connection())
        .await?;
    write.commit_unaudited(Unaudited::Recheck).await?;
    Ok(CheckOutcome::Outdated)
}

/// The person's sessions with the provider, by id and end, whose tokens say something else of the person.
/// They say what is known now from here on.
async fn changed_sessions(
    write: &mut Write,
    session: &ClaimedSession,
    person: &CheckedPerson,
    known: Known,
) -> Result<Vec<(String, i64)>, StorageError> {
    let changed = sqlx::query_as(
        "UPDATE sessions SET groups = $1, claims = $2 WHERE identity_id = $3 \
         AND (groups <> $1 OR claims <> $2 OR $4 = 1) RETURNING id, expires_at",
    )
    .bind(serde_json::to_string(&person.groups)?)
    .bind(serde_json::to_string(&person.claims)?)
    .bind(&session.identity_id)
    .bind(i64::from(known == Known::OtherAddress))
    .fetch_all(write.connection())
    .await?;
    Ok(changed)
}
