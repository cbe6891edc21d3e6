//! Changes of service tokens. What ends a token's access is one transaction with the revocation of
//! its application tokens.

use portcullis::protocol::feed::Subject as Revoked;
use portcullis::protocol::service_token::subject;
use portcullis::time::UnixSeconds;

use super::{OldSecret, ServiceToken, find};
use crate::audit::{Event, EventName, Initiator, Subject};
use crate::storage::database::Database;
use crate::storage::database::columns::to_db;
use crate::storage::database::error::StorageError;
use crate::tokens::secret::Hashed;

/// Why no service token was added.
#[derive(Debug, thiserror::Error)]
pub enum AddServiceTokenError {
    /// Another one has the name.
    #[error("a service token with this name already exists")]
    NameTaken,
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A new secret.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// Its hash.
    pub secret_hash: Hashed,
    /// When it replaces the present one.
    pub at: UnixSeconds,
    /// Until when the present one is still good, if it is now.
    pub old_until: UnixSeconds,
    /// When the service token then expires; `None`: as before.
    pub expires_at: Option<UnixSeconds>,
    /// When the last application token that exists now has expired.
    pub tokens_end: UnixSeconds,
}

/// A service token with a new secret.
#[derive(Debug, Clone)]
pub struct RotatedServiceToken {
    /// As it is now.
    pub service_token: ServiceToken,
    /// The version that revokes its application tokens; `None` if none had to be: only where an
    /// older secret was still good, which is no longer.
    pub version: Option<u64>,
}

/// How a service token ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceTokenEnd {
    /// Until it is enabled.
    Disabled,
    /// For good.
    Deleted,
}

impl ServiceTokenEnd {
    /// For the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
        }
    }

    /// Ends it, and returns its name.
    fn statement(self) -> &'static str {
        match self {
            Self::Disabled => "UPDATE service_tokens SET disabled = 1 WHERE id = $1 RETURNING name",
            Self::Deleted => "DELETE FROM service_tokens WHERE id = $1 RETURNING name",
        }
    }

    fn event(self) -> EventName {
        match self {
            Self::Disabled => EventName::ServiceTokenDisabled,
            Self::Deleted => EventName::ServiceTokenRemoved,
        }
    }

    /// Of the revocation.
    fn reason(self) -> &'static str {
        match self {
            Self::Disabled => "service_token_disabled",
            Self::Deleted => "service_token_removed",
        }
    }
}

impl Database {
    /// Stores a service token.
    pub async fn add_service_token(
        &self,
        token: &ServiceToken,
        by: &Initiator,
    ) -> Result<(), AddServiceTokenError> {
        let mut write = self.write().await?;
        let added = sqlx::query(
            "INSERT INTO service_tokens (id, name, secret_hash, disabled, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&token.id)
        .bind(&token.name)
        .bind(token.secret_hash.as_str())
        .bind(i64::from(token.disabled))
        .bind(to_db(token.created_at))
        .bind(to_db(token.expires_at))
        .execute(write.connection())
        .await;
        match added {
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                return Err(AddServiceTokenError::NameTaken);
            }
            added => added.map_err(StorageError::from)?,
        };
        let event = Event::new(
            EventName::ServiceTokenAdded,
            by,
            audited(&token.id, &token.name),
        );
        let event = event.detail("expires_at", token.expires_at.get());
        write.commit([event]).await?;
        Ok(())
    }

    /// Replaces a secret, which stays good for a while if the service token is neither disabled nor
    /// expired. `None` if there is no such service token.
    pub async fn rotate_service_token(
        &self,
        id: &str,
        rotation: &Rotation,
        by: &Initiator,
    ) -> Result<Option<RotatedServiceToken>, StorageError> {
        let mut write = self.write().await?;
        write.lock().await?;
        let Some(was) = find(write.connection(), id).await? else {
            return Ok(None);
        };
        // Of three secrets only two are kept.
        let displaced = was.old_secret.as_ref();
        if displaced.is_some_and(|old| old.until > rotation.at) {
            let subject = Revoked::User(was.subject());
            write.revoke(subject, rotation.tokens_end).await?;
            let version = write.version().await?;
            write.note(revoked(
                by,
                (id, &was.name),
                version,
                "service_token_rotated",
            ));
        }
        // The grace keeps what is good. It revives no secret whose access was ended, as that of one
        // that was stolen.
        let old_until = match was.is_good_at(rotation.at) {
            true => rotation.old_until,
            false => rotation.at,
        };
        let now = ServiceToken {
            secret_hash: rotation.secret_hash.clone(),
            old_secret: Some(OldSecret {
                hash: was.secret_hash.clone(),
                until: old_until,
            }),
            rotated_at: Some(rotation.at),
            expires_at: rotation.expires_at.unwrap_or(was.expires_at),
            ..was
        };
        sqlx::query(
            "UPDATE service_tokens SET old_secret_hash = secret_hash, old_secret_until = $1, \
             secret_hash = $2, rotated_at = $3, expires_at = $4 WHERE id = $5",
        )
        .bind(to_db(old_until))
        .bind(now.secret_hash.as_str())
        .bind(to_db(rotation.at))
        .bind(to_db(now.expires_at))
        .bind(id)
        .execute(write.connection())
        .await?;
        let subject = audited(id, &now.name);
        let rotated = Event::new(EventName::ServiceTokenRotated, by, subject)
            .detail("expires_at", now.expires_at.get())
            .detail("old_secret_until", old_until.get());
        Ok(Some(RotatedServiceToken {
            service_token: now,
            version: write.commit([rotated]).await?,
        }))
    }

    /// Ends a service token and revokes its application tokens. Returns the version below which they
    /// are refused; `None` if there is no such service token.
    pub async fn end_service_token(
        &self,
        id: &str,
        end: ServiceTokenEnd,
        tokens_end: UnixSeconds,
        by: &Initiator,
    ) -> Result<Option<u64>, StorageError> {
        let mut write = self.write().await?;
        // Locked before the row, in the same order as in a rotation.
        write.lock().await?;
        let ended: Option<(String,)> = sqlx::query_as(end.statement())
            .bind(id)
            .fetch_optional(write.connection())
            .await?;
        let Some((name,)) = ended else {
            return Ok(None);
        };
        write.revoke(Revoked::User(subject(id)), tokens_end).await?;
        let version = write.version().await?;
        let revoked = revoked(by, (id, &name), version, end.reason());
        let ended = Event::new(end.event(), by, audited(id, &name));
        write.commit([ended, revoked]).await
    }

    /// Lets a service token be used again. Application tokens from before stay revoked. False if
    /// there is no such service token.
    pub async fn enable_service_token(
        &self,
        id: &str,
        by: &Initiator,
    ) -> Result<bool, StorageError> {
        let mut write = self.write().await?;
        let enabled: Option<(String,)> =
            sqlx::query_as("UPDATE service_tokens SET disabled = 0 WHERE id = $1 RETURNING name")
                .bind(id)
                .fetch_optional(write.connection())
                .await?;
        let Some((name,)) = enabled else {
            return Ok(false);
        };
        let event = Event::new(EventName::ServiceTokenEnabled, by, audited(id, &name));
        write.commit([event]).await?;
        Ok(true)
    }

    /// Notes in which hour a service token is used.
    pub async fn note_service_token(
        &self,
        id: &str,
        hour: UnixSeconds,
    ) -> Result<(), StorageError> {
        sqlx::query("UPDATE service_tokens SET last_seen_at = $1 WHERE id = $2")
            .bind(to_db(hour))
            .bind(id)
            .execute(self.pool())
            .await?;
        Ok(())
    }
}

fn audited(id: &str, name: &str) -> Subject {
    Subject::new("service_token", id, name)
}

/// The application tokens of a service token are refused.
fn revoked(by: &Initiator, (id, name): (&str, &str), version: u64, reason: &str) -> Event {
    Event::new(EventName::RevocationMade, by, audited(id, name))
        .reason(reason)
        .detail("scope", "user")
        .detail("version", version)
}
