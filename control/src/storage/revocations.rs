//! Revoking users, applications and global sessions. One transaction deletes what could still be
//! used and publishes the revocation.

pub(super) mod every;
pub(super) mod fresh;
pub(super) mod history;
pub(super) mod of_token;
pub(super) mod several;

use portcullis::protocol::feed::Subject as Revoked;
use portcullis::time::UnixSeconds;

use crate::CLOCK_LEEWAY;
use crate::audit::{Event, EventName, Initiator, Subject};
use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;
use crate::storage::sessions::ends::{self, MOST_IN_A_VERSION};

/// How users are revoked.
#[derive(Debug, Clone, Copy)]
pub struct UserRevocation {
    /// Until when they cannot sign in.
    pub blocked_until: UnixSeconds,
    /// When the revocation may end, if no session of theirs lasts longer.
    pub until: UnixSeconds,
    /// Whether they are also disabled.
    pub disable: bool,
}

/// Selects users.
#[derive(Debug, Clone, Copy)]
pub enum UserSelector<'a> {
    /// All users whose e-mail address is compared by this text.
    Email(&'a str),
    /// The user with this id.
    Id(&'a str),
}

impl UserSelector<'_> {
    /// The values to compare with the columns `email_normal` and `id`.
    pub(in crate::storage) fn columns(&self) -> (Option<&str>, Option<&str>) {
        match self {
            // Users of a provider that tells no address have an empty one.
            Self::Email(email) => (Some(*email).filter(|email| !email.is_empty()), None),
            Self::Id(id) => (None, Some(id)),
        }
    }
}

/// How an application is revoked.
#[derive(Debug, Clone, Copy)]
pub struct ApplicationRevocation {
    /// When the last token of the application has expired.
    pub until: UnixSeconds,
    /// Whether a new sign-in is demanded.
    pub fresh: bool,
}

/// Sessions that ended one by one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EndedSessions {
    /// The newest version that revokes one of them; `None` if none ended.
    pub version: Option<u64>,
    /// How many ended.
    pub count: u64,
}

/// The outcome of a revocation of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevokedUsers {
    /// Tokens below this version of the feed are refused.
    pub version: u64,
    /// How many users have the address.
    pub users: u64,
    /// How many global sessions ended.
    pub sessions_ended: u64,
}

impl Database {
    /// Revokes users. `None` if there are none.
    pub async fn revoke_users(
        &self,
        selector: UserSelector<'_>,
        revocation: UserRevocation,
        by: &Initiator,
    ) -> Result<Option<RevokedUsers>, StorageError> {
        let mut write = self.write().await?;
        let (email, id) = selector.columns();
        // Locks the users' rows against concurrent sign-ins.
        let users: Vec<(String, String)> = sqlx::query_as(
            "UPDATE users SET disabled = CASE WHEN $1 = 1 THEN 1 ELSE disabled END, \
             blocked_until = CASE WHEN blocked_until > $2 THEN blocked_until ELSE $2 END \
             WHERE email_normal = $3 OR id = $4 RETURNING id, email",
        )
        .bind(i64::from(revocation.disable))
        .bind(to_db(revocation.blocked_until))
        .bind(email)
        .bind(id)
        .fetch_all(write.connection())
        .await?;
        if users.is_empty() {
            return Ok(None);
        }
        let version = write.version().await?;
        let mut sessions_ended = 0;
        for (id, email) in &users {
            let subject = Subject::user(id, email);
            let mut event = Event::new(EventName::RevocationMade, by, subject.clone());
            if revocation.disable {
                write.note(Event::new(EventName::UserDisabled, by, subject));
                event = event.reason("user_disabled");
            }
            sessions_ended += revoke_user(&mut write, event, revocation.until).await?;
        }
        write.commit_noted(Unaudited::Nothing).await?;
        Ok(Some(RevokedUsers {
            version,
            users: users.len() as u64,
            sessions_ended,
        }))
    }

    /// Revokes all tokens of an application, by audience and name; global sessions are not affected. Returns the version
    /// below which tokens are refused.
    pub async fn revoke_application(
        &self,
        (audience, name): (&str, &str),
        revocation: ApplicationRevocation,
        by: &Initiator,
    ) -> Result<u64, StorageError> {
        let mut write = self.write().await?;
        let version = write.version().await?;
        sqlx::query("DELETE FROM exchange_codes WHERE audience = $1")
            .bind(audience)
            .execute(write.connection())
            .await?;
        // A request that is still unanswered may be confirmed: that happens after the revocation.
        sqlx::query("DELETE FROM device_codes WHERE audience = $1 AND answer IS NOT NULL")
            .bind(audience)
            .execute(write.connection())
            .await?;
        sqlx::query("UPDATE session_applications SET token_until = 0 WHERE audience = $1")
            .bind(audience)
            .execute(write.connection())
            .await?;
        let subject = Revoked::Application(audience.to_owned());
        write
            .revoke_as(subject, revocation.until, revocation.fresh)
            .await?;
        let event = Event::new(
            EventName::RevocationMade,
            by,
            Subject::application(audience, name),
        )
        .at(name)
        .detail("scope", "application")
        .detail("fresh_login", revocation.fresh)
        .detail("version", version);
        write.commit([event]).await?;
        Ok(version)
    }

    /// Ends a global session. Returns the version below which its tokens are refused; `None` if it
    /// had already ended. `event` tells of it; its user is added.
    pub async fn end_session(&self, id: &str, event: Event) -> Result<Option<u64>, StorageError> {
        let mut write = self.write().await?;
        // Locked before the session's row, in the same order as in a user's revocation.
        write.lock().await?;
        // Deletes its codes too (foreign key).
        let ended: Option<(i64, String)> =
            sqlx::query_as("DELETE FROM sessions WHERE id = $1 RETURNING expires_at, user_id")
                .bind(id)
                .fetch_optional(write.connection())
                .await?;
        let Some((expires_at, user_id)) = ended else {
            return Ok(None);
        };
        let until = from_db::<UnixSeconds>(expires_at) + CLOCK_LEEWAY;
        write.revoke(Revoked::Session(id.to_owned()), until).await?;
        let (email,): (String,) = sqlx::query_as("SELECT email FROM users WHERE id = $1")
            .bind(&user_id)
            .fetch_one(write.connection())
            .await?;
        let event = event.of_user(&user_id, &email);
        let version = write.version().await?;
        write.commit([event.detail("version", version)]).await
    }

    /// Ends a global session and the others that its user has in the same browser, because they sign
    /// out there. Returns the version below which their tokens are refused; `None` if it had already
    /// ended. `event` tells of it.
    pub async fn sign_out(&self, id: &str, event: Event) -> Result<Option<u64>, StorageError> {
        let mut write = self.write().await?;
        write.lock().await?;
        let ended: Vec<(String, i64)> = sqlx::query_as(
            "DELETE FROM sessions WHERE id = $1 OR (form_hash <> '' \
             AND form_hash = (SELECT form_hash FROM sessions WHERE id = $1) \
             AND user_id = (SELECT user_id FROM sessions WHERE id = $1)) RETURNING id, expires_at",
        )
        .bind(id)
        .fetch_all(write.connection())
        .await?;
        if ended.is_empty() {
            return Ok(None);
        }
        let count = ended.len() as u64;
        for (id, expires_at) in ended {
            let until = from_db::<UnixSeconds>(expires_at) + CLOCK_LEEWAY;
            write.revoke(Revoked::Session(id), until).await?;
        }
        let version = write.version().await?;
        let event = event.detail("sessions", count).detail("version", version);
        write.commit([event]).await
    }

    /// Ends all global sessions of a user but one; the user may sign in again at once. Many end in
    /// several transactions: those that ended before an error stay ended. `event` tells of each.
    pub async fn end_other_sessions(
        &self,
        user_id: &str,
        but: &str,
        event: &Event,
    ) -> Result<EndedSessions, StorageError> {
        let mut all = EndedSessions::default();
        loop {
            let mut write = self.write().await?;
            let ended = ends::end_oldest(&mut write, user_id, but, MOST_IN_A_VERSION).await?;
            if ended == 0 {
                return Ok(all);
            }
            let event = event.clone().detail("sessions", ended);
            all.version = write.commit([event]).await?.or(all.version);
            all.count += ended;
            if to_db(ended) < MOST_IN_A_VERSION {
                return Ok(all);
            }
        }
    }
}

/// Ends the sessions of the subject of `event`, a user, and revokes their tokens, at least until
/// `until`. The user's row must be locked, so that no sign-in comes in between. The event is noted.
/// Returns how many sessions ended.
pub(in crate::storage) async fn revoke_user(
    write: &mut Write,
    event: Event,
    until: UnixSeconds,
) -> Result<u64, StorageError> {
    let id = event.subject.id.as_str();
    // Taken before the sessions' rows are locked, in the same order as elsewhere.
    let version = write.version().await?;
    let until = last_end_of(write, id).await?.max(until);
    let ended = end_sessions_of(write, id).await?;
    write.revoke(Revoked::User(id.to_owned()), until).await?;
    let event = event
        .detail("scope", "user")
        .detail("sessions", ended)
        .detail("version", version);
    write.note(event);
    Ok(ended)
}

/// When the last token of a user's sessions expires. No token outlives its session; a session that
/// is gone has expired, or left a revocation of its own.
async fn last_end_of(write: &mut Write, user_id: &str) -> Result<UnixSeconds, StorageError> {
    let (end,): (Option<i64>,) =
        sqlx::query_as("SELECT MAX(expires_at) FROM sessions WHERE user_id = $1")
            .bind(user_id)
            .fetch_one(write.connection())
            .await?;
    Ok(end.map_or(UnixSeconds::EPOCH, |end| {
        from_db::<UnixSeconds>(end) + CLOCK_LEEWAY
    }))
}

/// Deletes a user's sessions and their codes.
async fn end_sessions_of(write: &mut Write, user_id: &str) -> Result<u64, StorageError> {
    let ended = sqlx::query("DELETE FROM sessions WHERE user_id = $1")
        .bind(user_id)
        .execute(write.connection())
        .await?;
    Ok(ended.rows_affected())
}
