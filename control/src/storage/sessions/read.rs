//! Reading one session.

use portcullis::time::UnixSeconds;

use super::Session;
use super::provided::ProvidedColumns;
use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;

type Columns = (
    String,
    String,
    i64,
    i64,
    i64,
    Option<String>,
    Option<String>,
    Option<i64>,
    String,
    String,
    String,
);

impl Database {
    /// The session, if it has not ended and its user is not disabled. `key_refusals` is as of the
    /// verification of its token.
    pub async fn session(
        &self,
        id: &str,
        key_refusals: u64,
        now: UnixSeconds,
    ) -> Result<Option<Session>, StorageError> {
        let row: Option<Columns> = sqlx::query_as(
            "SELECT users.id, users.email, sessions.auth_time, sessions.auth_ver, \
             sessions.expires_at, identities.provider_id, identities.email, \
             identities.email_believed, sessions.groups, sessions.claims, sessions.amr \
             FROM sessions JOIN users ON users.id = sessions.user_id \
             LEFT JOIN identities ON identities.id = sessions.identity_id \
             WHERE sessions.id = $1 AND sessions.expires_at > $2 AND users.disabled = 0",
        )
        .bind(id)
        .bind(to_db(now))
        .fetch_optional(self.pool())
        .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let (user_id, user_email, auth_time, auth_ver, expires_at, ..) = row;
        let (.., provider_id, email, email_believed, groups, claims, amr) = row;
        let columns = ProvidedColumns {
            provider_id,
            email,
            email_believed,
            groups: Some(groups),
            claims: Some(claims),
            amr: Some(amr),
        };
        let (email, provided) = columns.read(user_email)?;
        Ok(Some(Session {
            id: id.to_owned(),
            user_id,
            email,
            provided,
            auth_time: from_db(auth_time),
            auth_ver: from_db(auth_ver),
            expires_at: from_db(expires_at),
            key_refusals,
        }))
    }
}
