//! Global sessions.

pub(super) mod ends;
pub(super) mod list;
pub(super) mod people;
pub(super) mod provided;
mod read;
pub(super) mod usage;

use portcullis::protocol::feed::TokenIds;
use portcullis::time::UnixSeconds;

use crate::audit::{Actor, Event};
use crate::sessions::client_description::ClientDescription;
use crate::sign_in::password_hash::PasswordHash;
use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;
use crate::storage::revocations::of_token;
use crate::storage::sessions::provided::Provided;
use crate::storage::users::known::remember_network;
use crate::tokens::secret::Hashed;

/// A sign-in that begins or renews a global session.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The new `sid`, if a new session begins.
    pub id: String,
    /// The user's id.
    pub user_id: String,
    /// The password's hash with which the user proved who they are, if that is how. It must still be
    /// valid when the session begins.
    pub password: Option<PasswordHash>,
    /// The time of the sign-in.
    pub now: UnixSeconds,
    /// When the session ends.
    pub expires_at: UnixSeconds,
    /// The browser.
    pub client: ClientDescription,
    /// The network that it is in.
    pub network: String,
    /// The `sid` in the browser's cookie, whose session may have ended.
    pub before: Option<String>,
    /// Hash of the secret that all sign-in forms of one browser share.
    pub form: Option<Hashed>,
}

/// The outcome of a sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BegunSession {
    /// The session begins.
    Begun {
        /// `sid`, of the new session or of the one that was renewed.
        id: String,
        /// The feed's version at that moment.
        auth_ver: u64,
        /// Its end.
        expires_at: UnixSeconds,
        /// The version that revokes older sessions, if the user had too many.
        ended_others: Option<u64>,
    },
    /// The user was revoked a moment ago and may sign in again at `until`.
    Blocked {
        /// When the block ends.
        until: UnixSeconds,
    },
    /// The password was changed since it was checked.
    PasswordChanged,
    /// The user was revoked after the sign-in had begun.
    RevokedMeanwhile,
    /// The user is disabled or gone.
    Disabled,
}

/// A global session, with the sign-in that it or a cookie of it proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// `sid`.
    pub id: String,
    /// `sub`.
    pub user_id: String,
    /// The user's e-mail address. Empty if the provider that signed them in may not speak for it.
    pub email: String,
    /// What the provider said about the user; `None` if they signed in with a password.
    pub provided: Option<Provided>,
    /// When the user proved who they are.
    pub auth_time: UnixSeconds,
    /// The feed's version then.
    pub auth_ver: u64,
    /// Its end.
    pub expires_at: UnixSeconds,
    /// As in [`ShownSignIn`].
    pub key_refusals: u64,
}

/// The sign-in that a cookie or a token proves. Its session may have a later one, made by a person
/// who holds other cookies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownSignIn {
    /// `sid`.
    pub session_id: String,
    /// When the user proved who they are.
    pub auth_time: UnixSeconds,
    /// The feed's version then.
    pub auth_ver: u64,
    /// The session's end as of that sign-in.
    pub session_end: UnixSeconds,
    /// How many signing keys had been refused when the cookie or token was verified. It shows
    /// nothing any more once another is refused, which may have signed it.
    pub key_refusals: u64,
}

impl Session {
    /// Its user, as who acts.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::User {
            id: self.user_id.clone(),
            email: self.email.clone(),
        }
    }
}

impl From<&Session> for ShownSignIn {
    fn from(session: &Session) -> Self {
        Self {
            session_id: session.id.clone(),
            auth_time: session.auth_time,
            auth_ver: session.auth_ver,
            session_end: session.expires_at,
            key_refusals: session.key_refusals,
        }
    }
}

impl Database {
    /// Begins a session, unless the user is blocked or disabled. If the user has too many sessions,
    /// the oldest ones end.
    ///
    /// A session that the user already has in this browser is renewed, not replaced: ending it
    /// would end tokens and codes that another tab has just received. `event` tells of it.
    pub async fn begin_session(
        &self,
        session: &NewSession,
        event: Event,
    ) -> Result<BegunSession, StorageError> {
        let mut write = self.write().await?;
        if let Some(refused) = refused(&mut write, session).await? {
            return Ok(refused);
        }
        remember_network(&mut write, &session.user_id, &session.network, session.now).await?;
        let auth_ver = write.version_now().await?;
        let renewed = renew(&mut write, session, auth_ver).await?;
        let event = event.detail("renewed", renewed.is_some());
        let (id, expires_at) = match renewed {
            Some((id, expires_at)) => (id, from_db(expires_at)),
            None => {
                insert(&mut write, session, auth_ver).await?;
                let newest = (session.user_id.as_str(), session.id.as_str());
                ends::make_room(&mut write, newest, &event).await?;
                (session.id.clone(), session.expires_at)
            }
        };
        let ended_others = write.commit([event.detail("session", id.as_str())]).await?;
        Ok(BegunSession::Begun {
            id,
            auth_ver: from_db(auth_ver),
            expires_at,
            ended_others,
        })
    }

    /// The id and the e-mail address of the user whose session it is, for the log.
    pub async fn owner_of_session(
        &self,
        id: &str,
    ) -> Result<Option<(String, String)>, StorageError> {
        let owner = sqlx::query_as(
            "SELECT users.id, users.email FROM sessions \
             JOIN users ON users.id = sessions.user_id WHERE sessions.id = $1",
        );
        Ok(owner.bind(id).fetch_optional(self.pool()).await?)
    }

    /// Whether the application demands a later sign-in than the session's.
    pub async fn login_required(
        &self,
        session: &Session,
        audience: &str,
    ) -> Result<bool, StorageError> {
        let token = TokenIds {
            user: &session.user_id,
            session: &session.id,
            audience,
        };
        let mut read = self.read().await?;
        let revocations = of_token::revocations_of(&mut read, token).await?;
        let mut revocations = revocations.iter();
        Ok(revocations.any(|one| one.refuses_sign_in(session.auth_ver)))
    }
}

/// Why the user may not sign in; `None` if they may. Their row is then locked until the transaction
/// ends.
pub(in crate::storage) async fn refused(
    write: &mut Write,
    session: &NewSession,
) -> Result<Option<BegunSession>, StorageError> {
    // The update locks the user's row against a concurrent revocation. One that came before is seen
    // here; one that comes after finds the session and deletes it.
    let welcome = sqlx::query(
        "UPDATE users SET last_sign_in_at = $1 \
         WHERE id = $2 AND disabled = 0 AND blocked_until <= $1 \
         AND COALESCE(password_hash, '') = COALESCE($3, password_hash, '')",
    )
    .bind(to_db(session.now))
    .bind(&session.user_id)
    .bind(session.password.as_ref().map(PasswordHash::reveal))
    .execute(write.connection())
    .await?;
    if welcome.rows_affected() == 1 {
        return Ok(None);
    }
    let row: Option<(i64, i64)> =
        sqlx::query_as("SELECT disabled, blocked_until FROM users WHERE id = $1")
            .bind(&session.user_id)
            .fetch_optional(write.connection())
            .await?;
    Ok(Some(match row {
        Some((0, until)) if until > to_db(session.now) => BegunSession::Blocked {
            until: from_db(until),
        },
        Some((0, _)) => BegunSession::PasswordChanged,
        _ => BegunSession::Disabled,
    }))
}

/// Renews the session that the user has in this browser: the one in the browser's cookie, or one
/// that a form in another tab has just begun. It never becomes shorter, because existing tokens may
/// live as long as it would have.
async fn renew(
    write: &mut Write,
    session: &NewSession,
    auth_ver: i64,
) -> Result<Option<(String, i64)>, StorageError> {
    let form = session.form.as_ref().map_or("", Hashed::as_str);
    let client = &session.client;
    let renewed = sqlx::query_as(
        "UPDATE sessions SET auth_time = $1, auth_ver = $2, last_used_at = $1, \
         expires_at = CASE WHEN expires_at > $3 THEN expires_at ELSE $3 END, \
         browser = $4, user_agent = $5, address = $6, form_hash = $7 \
         WHERE id = (SELECT id FROM sessions WHERE user_id = $8 AND expires_at > $1 \
         AND identity_id IS NULL \
         AND (id = $9 OR (form_hash = $7 AND form_hash <> '')) \
         ORDER BY CASE WHEN id = $9 THEN 0 ELSE 1 END, id LIMIT 1) RETURNING id, expires_at",
    )
    .bind(to_db(session.now))
    .bind(auth_ver)
    .bind(to_db(session.expires_at))
    .bind(&client.browser)
    .bind(&client.user_agent)
    .bind(&client.address)
    .bind(form)
    .bind(&session.user_id)
    .bind(session.before.as_deref().unwrap_or_default())
    .fetch_optional(write.connection())
    .await?;
    Ok(renewed)
}

pub(in crate::storage) async fn insert(
    write: &mut Write,
    session: &NewSession,
    auth_ver: i64,
) -> Result<(), StorageError> {
    let client = &session.client;
    sqlx::query(
        "INSERT INTO sessions (id, user_id, auth_time, auth_ver, expires_at, created_at, \
         last_used_at, browser, user_agent, address, form_hash) \
         VALUES ($1, $2, $3, $4, $5, $3, $3, $6, $7, $8, $9)",
    )
    .bind(&session.id)
    .bind(&session.user_id)
    .bind(to_db(session.now))
    .bind(auth_ver)
    .bind(to_db(session.expires_at))
    .bind(&client.browser)
    .bind(&client.user_agent)
    .bind(&client.address)
    .bind(session.form.as_ref().map_or("", Hashed::as_str))
    .execute(write.connection())
    .await?;
    Ok(())
}
