//! New passwords of users, set by an administrator or by the user.

use portcullis::time::UnixSeconds;

use crate::audit::{Event, EventName, Initiator, Subject};
use crate::sign_in::password_hash::PasswordHash;
use crate::storage::database::Database;
use crate::storage::database::columns::to_db;
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;
use crate::storage::revocations::{EndedSessions, UserSelector, revoke_user};
use crate::storage::sessions::ends::{self, MOST_IN_A_VERSION};

/// A user whose password was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordSet {
    /// The user's id.
    pub id: String,
    /// The e-mail address.
    pub email: String,
    /// Whether the user is disabled and cannot sign in with it.
    pub disabled: bool,
    /// Tokens below this version of the feed are refused; `None` if sessions were kept.
    pub version: Option<u64>,
    /// How many global sessions ended.
    pub sessions_ended: u64,
}

/// A password that its user changes.
pub struct PasswordChange<'a> {
    /// The user's id.
    pub user_id: &'a str,
    /// The user's e-mail address.
    pub email: &'a str,
    /// The hash of the old password, as it was checked.
    pub old: &'a PasswordHash,
    /// The hash of the new one.
    pub new: &'a PasswordHash,
    /// The session whose user changes it. It must not have ended.
    pub session: &'a str,
    /// The id that the session gets if all others end; `None` ends none. It gets a new one, because
    /// a stolen copy of its cookie is what the user may want to end.
    pub end_others: Option<&'a str>,
    /// The time.
    pub now: UnixSeconds,
}

impl Database {
    /// Sets the password of the selected user who signs in with one. With `revoke_until`, the
    /// user's sessions end and their tokens are revoked, at least until then; the user can sign in
    /// again at once. `None` if there is no such user.
    pub async fn set_password(
        &self,
        selector: UserSelector<'_>,
        hash: &PasswordHash,
        revoke_until: Option<UnixSeconds>,
        by: &Initiator,
    ) -> Result<Option<PasswordSet>, StorageError> {
        let mut write = self.write().await?;
        let (email, id) = selector.columns();
        // Locks the user's row against concurrent sign-ins.
        let user: Option<(String, String, i64)> = sqlx::query_as(
            "UPDATE users SET password_hash = $1 \
             WHERE ((email_normal = $2 AND address_taken = 0) OR id = $3) \
             AND password_hash IS NOT NULL \
             RETURNING id, email, disabled",
        )
        .bind(hash.reveal())
        .bind(email)
        .bind(id)
        .fetch_optional(write.connection())
        .await?;
        let Some((id, email, disabled)) = user else {
            return Ok(None);
        };
        let subject = Subject::user(&id, &email);
        let changed = Event::new(EventName::UserPasswordChanged, by, subject.clone());
        let sessions_ended = match revoke_until {
            Some(until) => {
                let revoked = Event::new(EventName::RevocationMade, by, subject);
                let revoked = revoked.reason("password_changed");
                revoke_user(&mut write, revoked, until).await?
            }
            None => 0,
        };
        Ok(Some(PasswordSet {
            id,
            email,
            disabled: disabled != 0,
            version: write.commit([changed]).await?,
            sessions_ended,
        }))
    }

    /// Changes a password. Returns which other sessions ended. `None`, and nothing changes, if the old
    /// password is no longer valid, the user is disabled, or the session has ended.
    pub async fn change_password(
        &self,
        change: &PasswordChange<'_>,
        by: &Initiator,
    ) -> Result<Option<EndedSessions>, StorageError> {
        let mut write = self.write().await?;
        let changed = sqlx::query(
            "UPDATE users SET password_hash = $1 \
             WHERE id = $2 AND password_hash = $3 AND disabled = 0",
        )
        .bind(change.new.reveal())
        .bind(change.user_id)
        .bind(change.old.reveal())
        .execute(write.connection())
        .await?;
        if changed.rows_affected() != 1 {
            return Ok(None);
        }
        // The user's row is locked against a revocation, the version against a sign-out: the session
        // cannot end between this check and the commit.
        write.lock().await?;
        if !is_live(&mut write, change).await? {
            return Ok(None);
        }
        let count = match change.end_others {
            Some(new_id) => {
                copy(&mut write, change.session, new_id).await?;
                // A user has far fewer sessions than one version may end.
                let all = ends::end_oldest(&mut write, change.user_id, new_id, MOST_IN_A_VERSION);
                // The one that was copied is no other session.
                all.await?.saturating_sub(1)
            }
            None => 0,
        };
        let subject = Subject::user(change.user_id, change.email);
        if count > 0 {
            let ended = Event::new(EventName::SessionEnded, by, subject.clone());
            write.note(ended.reason("password_changed").detail("sessions", count));
        }
        let changed = Event::new(EventName::UserPasswordChanged, by, subject);
        let version = write.commit([changed]).await?;
        Ok(Some(EndedSessions { version, count }))
    }
}

/// Whether the session has not ended. A query of its own after the locks: on PostgreSQL a condition of
/// the update would be judged as of before it waited for them.
async fn is_live(write: &mut Write, change: &PasswordChange<'_>) -> Result<bool, StorageError> {
    let live: Option<(i64,)> = sqlx::query_as(
        "SELECT expires_at FROM sessions WHERE id = $1 AND user_id = $2 AND expires_at > $3",
    )
    .bind(change.session)
    .bind(change.user_id)
    .bind(to_db(change.now))
    .fetch_optional(write.connection())
    .await?;
    Ok(live.is_some())
}

/// Stores a session again with another id.
async fn copy(write: &mut Write, id: &str, new_id: &str) -> Result<(), StorageError> {
    sqlx::query(
        "INSERT INTO sessions (id, user_id, auth_time, auth_ver, expires_at, created_at, \
         last_used_at, browser, user_agent, address, form_hash, identity_id, provider_sid, amr, \
         acr, groups, claims) \
         SELECT $1, user_id, auth_time, auth_ver, expires_at, created_at, last_used_at, browser, \
         user_agent, address, form_hash, identity_id, provider_sid, amr, acr, groups, claims \
         FROM sessions WHERE id = $2",
    )
    .bind(new_id)
    .bind(id)
    .execute(write.connection())
    .await?;
    Ok(())
}
