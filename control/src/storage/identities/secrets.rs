//! What a provider gave us with a sign-in, sealed.

use super::identity::SignedInIdentity;
use crate::seal::{Purpose, Seal, Sealed};
use crate::storage::database::Database;
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;
use crate::storage::sessions::NewSession;
use crate::storage::tokens::signing_keys::sealing::{SealingError, seal_as_stored};
use crate::tokens::secret::Plain;

/// So many sessions are read at a time when all secrets are sealed with another key.
const CHUNK: i64 = 1_000;

/// What helps to sign out at the provider, too.
#[derive(Debug, Clone)]
pub struct SignOutHint {
    /// The provider that began the session.
    pub provider_id: String,
    /// The ID token, if it was kept.
    pub id_token: Option<Plain>,
}

/// Seals and stores the secrets of a new session. The version of the feed must be locked: see
/// [`Write::lock`].
pub(super) async fn keep(
    write: &mut Write,
    identity: &SignedInIdentity,
    session: &NewSession,
    seal: &Seal,
) -> Result<(), SealingError> {
    let session = session.id.as_str();
    keep_refresh_token(write, session, identity.refresh_token.as_ref(), seal).await?;
    let purpose = Purpose::IdToken { session };
    keep_one(write, (purpose, session), identity.id_token.as_ref(), seal).await
}

/// Seals and stores a refresh token in place of the session's old one. The version of the feed must be
/// locked.
pub(super) async fn keep_refresh_token(
    write: &mut Write,
    session: &str,
    token: Option<&Plain>,
    seal: &Seal,
) -> Result<(), SealingError> {
    let purpose = Purpose::RefreshToken { session };
    keep_one(write, (purpose, session), token, seal).await
}

async fn keep_one(
    write: &mut Write,
    (purpose, session): (Purpose<'_>, &str),
    secret: Option<&Plain>,
    seal: &Seal,
) -> Result<(), SealingError> {
    let Some(secret) = secret else {
        return Ok(());
    };
    let bytes = secret.reveal().as_bytes();
    let sealed = seal_as_stored(write.connection(), seal, purpose, bytes).await?;
    Ok(put(write, purpose, session, &sealed).await?)
}

/// Seals the secrets of all sessions with the first key of the source. Returns how many were sealed
/// with another one.
pub(in crate::storage) async fn reseal(
    write: &mut Write,
    seal: &Seal,
) -> Result<u64, SealingError> {
    let (mut count, mut after) = (0, String::new());
    loop {
        let rows: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT id, refresh_token, id_token FROM sessions \
             WHERE id > $1 AND (refresh_token <> '' OR id_token <> '') ORDER BY id LIMIT $2",
        )
        .bind(&after)
        .bind(CHUNK)
        .fetch_all(write.connection())
        .await?;
        let Some((last, ..)) = rows.last() else {
            return Ok(count);
        };
        after.clone_from(last);
        for (session, refresh_token, id_token) in rows {
            let session = session.as_str();
            let secrets = [
                (Purpose::RefreshToken { session }, refresh_token),
                (Purpose::IdToken { session }, id_token),
            ];
            for (purpose, stored) in secrets {
                if !stored.is_empty()
                    && let Some(sealed) = seal.again(purpose, &Sealed::stored(stored))?
                {
                    put(write, purpose, session, &sealed).await?;
                    count += 1;
                }
            }
        }
    }
}

async fn put(
    write: &mut Write,
    purpose: Purpose<'_>,
    session: &str,
    sealed: &Sealed,
) -> Result<(), StorageError> {
    let statement = match purpose {
        Purpose::RefreshToken { .. } => "UPDATE sessions SET refresh_token = $1 WHERE id = $2",
        _ => "UPDATE sessions SET id_token = $1 WHERE id = $2",
    };
    sqlx::query(statement)
        .bind(sealed.as_str())
        .bind(session)
        .execute(write.connection())
        .await?;
    Ok(())
}

impl Database {
    /// Which provider began a session, with its ID token; `None` for a session that began with a
    /// password.
    pub async fn sign_out_hint(
        &self,
        session: &str,
        seal: &Seal,
    ) -> Result<Option<SignOutHint>, SealingError> {
        let row: Option<(String, String)> = sqlx::query_as(
            "SELECT identities.provider_id, sessions.id_token FROM sessions \
             JOIN identities ON identities.id = sessions.identity_id WHERE sessions.id = $1",
        )
        .bind(session)
        .fetch_optional(self.pool())
        .await?;
        let Some((provider_id, stored)) = row else {
            return Ok(None);
        };
        let id_token = if stored.is_empty() {
            None
        } else {
            let opened = seal.open(Purpose::IdToken { session }, &Sealed::stored(stored))?;
            String::from_utf8(opened).ok().map(Plain::new)
        };
        Ok(Some(SignOutHint {
            provider_id,
            id_token,
        }))
    }
}
