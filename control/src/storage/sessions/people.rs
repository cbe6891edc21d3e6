//! People with what their last sign-in told about them, for asking a policy about many of them at once.

use portcullis::time::UnixSeconds;

use super::provided::{Provided, ProvidedColumns};
use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;

/// A person, as of a sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPerson {
    /// The user's id.
    pub user_id: String,
    /// What the user is called: the e-mail address, else the name; may be empty.
    pub called: String,
    /// The e-mail address by which policies judge them; empty if the provider may not speak for it.
    pub email: String,
    /// What the provider said; `None` for a password.
    pub provided: Option<Provided>,
    /// The client address of the sign-in; empty if the session has ended.
    pub address: String,
    /// When this was told.
    pub as_of: UnixSeconds,
}

/// Whom [`Database::known_people`] looks for.
#[derive(Debug, Clone, Copy)]
pub enum WhichPeople<'a> {
    /// Users whose last sign-in is not before a moment, the newest first.
    SignedInSince(UnixSeconds),
    /// Users with an id, or with what the e-mail address is compared by; those who are signed in first.
    Called(&'a str),
}

type Columns = (
    String,
    String,
    String,
    Option<String>,
    i64,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<String>,
);

impl Database {
    /// The people who are in an application now, with a token that has not ended: one for each session, in
    /// the order of their users; at most `limit`.
    pub async fn people_in(
        &self,
        audience: &str,
        now: UnixSeconds,
        limit: u32,
    ) -> Result<Vec<KnownPerson>, StorageError> {
        let rows: Vec<Columns> = sqlx::query_as(
            "SELECT users.id, users.email, users.name, sessions.address, \
             CASE WHEN sessions.checked_at > sessions.auth_time THEN sessions.checked_at \
             ELSE sessions.auth_time END, identities.provider_id, identities.email, \
             identities.email_believed, sessions.groups, sessions.claims, sessions.amr \
             FROM session_applications AS used \
             JOIN sessions ON sessions.id = used.session_id \
             JOIN users ON users.id = sessions.user_id \
             LEFT JOIN identities ON identities.id = sessions.identity_id \
             WHERE used.audience = $1 AND used.token_until > $2 AND sessions.expires_at > $2 \
             AND users.disabled = 0 \
             ORDER BY users.id, sessions.id LIMIT $3",
        )
        .bind(audience)
        .bind(to_db(now))
        .bind(i64::from(limit))
        .fetch_all(self.pool())
        .await?;
        rows.into_iter().map(person).collect()
    }

    /// People with what their newest live session tells, else with what their provider said last; one
    /// for each user, at most `limit`. Nobody who is disabled.
    pub async fn known_people(
        &self,
        which: WhichPeople<'_>,
        now: UnixSeconds,
        limit: u32,
    ) -> Result<Vec<KnownPerson>, StorageError> {
        macro_rules! statement {
            ($which:literal, $order:literal) => {
                concat!(
                    "SELECT page.id, page.email, page.name, sessions.address, \
                     COALESCE(CASE WHEN sessions.checked_at > sessions.auth_time \
                     THEN sessions.checked_at ELSE sessions.auth_time END, \
                     identities.last_seen_at, page.last_sign_in_at, 0), \
                     identities.provider_id, identities.email, identities.email_believed, \
                     COALESCE(sessions.groups, identities.groups), \
                     COALESCE(sessions.claims, identities.claims), COALESCE(sessions.amr, '[]') \
                     FROM (SELECT id, email, name, last_sign_in_at FROM users \
                     WHERE disabled = 0 AND ",
                    $which,
                    " ORDER BY COALESCE(last_sign_in_at, -1) DESC, id DESC LIMIT $4) AS page \
                     LEFT JOIN sessions ON sessions.id = (SELECT newest.id FROM sessions AS newest \
                     WHERE newest.user_id = page.id AND newest.expires_at > $3 \
                     ORDER BY newest.created_at DESC, newest.id LIMIT 1) \
                     LEFT JOIN identities ON identities.id = CASE WHEN sessions.id IS NOT NULL \
                     THEN sessions.identity_id ELSE (SELECT last.id FROM identities AS last \
                     WHERE last.user_id = page.id ORDER BY last.last_seen_at DESC, last.id LIMIT 1) END \
                     ORDER BY ",
                    $order
                )
            };
        }
        let (statement, called, since) = match which {
            WhichPeople::SignedInSince(since) => (
                statement!(
                    "(COALESCE(last_sign_in_at, -1) >= $1 AND $2 = '')",
                    "COALESCE(page.last_sign_in_at, -1) DESC, page.id DESC"
                ),
                "",
                to_db(since),
            ),
            WhichPeople::Called(called) => (
                statement!(
                    "(id = $2 OR email_normal = $2) AND $1 = 0",
                    "CASE WHEN sessions.id IS NULL THEN 1 ELSE 0 END, sessions.created_at DESC, page.id"
                ),
                called,
                0,
            ),
        };
        let rows: Vec<Columns> = sqlx::query_as(statement)
            .bind(since)
            .bind(called)
            .bind(to_db(now))
            .bind(i64::from(limit))
            .fetch_all(self.pool())
            .await?;
        rows.into_iter().map(person).collect()
    }
}

fn person(row: Columns) -> Result<KnownPerson, StorageError> {
    let (user_id, user_email, name, address, as_of, ..) = row;
    let (.., provider_id, email, email_believed, groups, claims, amr) = row;
    let called = if user_email.is_empty() {
        name
    } else {
        user_email.clone()
    };
    let columns = ProvidedColumns {
        provider_id,
        email,
        email_believed,
        groups,
        claims,
        amr,
    };
    let (email, provided) = columns.read(user_email)?;
    Ok(KnownPerson {
        user_id,
        called,
        email,
        provided,
        address: address.unwrap_or_default(),
        as_of: from_db(as_of),
    })
}
