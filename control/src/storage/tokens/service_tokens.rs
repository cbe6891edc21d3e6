//! Service tokens: the credentials of programs, of which applications' policies admit some.

mod changes;

use portcullis::protocol::service_token::subject;
use portcullis::time::UnixSeconds;
use sqlx::AnyConnection;

use crate::applications::Application;
use crate::storage::applications;
use crate::storage::database::Database;
use crate::storage::database::columns::from_db;
use crate::storage::database::error::StorageError;
use crate::tokens::secret::Hashed;

pub use changes::{AddServiceTokenError, RotatedServiceToken, Rotation, ServiceTokenEnd};

/// A stored service token.
#[derive(Debug, Clone)]
pub struct ServiceToken {
    /// Its id, the part of the client id before the dot.
    pub id: String,
    /// What administrators and policies call it.
    pub name: String,
    /// The hash of its secret.
    pub secret_hash: Hashed,
    /// The secret before the last rotation.
    pub old_secret: Option<OldSecret>,
    /// Whether it is disabled.
    pub disabled: bool,
    /// When it was made.
    pub created_at: UnixSeconds,
    /// When its secret was last replaced; `None` if it was not.
    pub rotated_at: Option<UnixSeconds>,
    /// When it expires.
    pub expires_at: UnixSeconds,
    /// When it was last seen, to the hour; `None` if it was not.
    pub last_seen_at: Option<UnixSeconds>,
}

/// A secret that was replaced.
#[derive(Debug, Clone)]
pub struct OldSecret {
    /// Its hash.
    pub hash: Hashed,
    /// Until when it is good.
    pub until: UnixSeconds,
}

/// The facts for and against an application token for a service token, as of one moment.
#[derive(Debug, Clone)]
pub struct ServiceFacts {
    /// The feed's version at that moment.
    pub version: u64,
    /// The service token; `None` if none has the id.
    pub service_token: Option<ServiceToken>,
    /// The application; `None` if it is gone.
    pub application: Option<Application>,
}

impl ServiceToken {
    /// `sub` of its application tokens.
    #[must_use]
    pub fn subject(&self) -> String {
        subject(&self.id)
    }

    /// Whether it is neither disabled nor expired.
    #[must_use]
    pub fn is_good_at(&self, now: UnixSeconds) -> bool {
        !self.disabled && self.expires_at > now
    }
}

type Columns = (
    String,
    String,
    String,
    Option<String>,
    Option<i64>,
    i64,
    i64,
    Option<i64>,
    i64,
    Option<i64>,
);

impl Database {
    /// All service tokens, the oldest first.
    pub async fn service_tokens(&self) -> Result<Vec<ServiceToken>, StorageError> {
        let rows: Vec<Columns> = sqlx::query_as(
            "SELECT id, name, secret_hash, old_secret_hash, old_secret_until, disabled, created_at, \
             rotated_at, expires_at, last_seen_at FROM service_tokens ORDER BY created_at, id",
        )
        .fetch_all(self.pool())
        .await?;
        Ok(rows.into_iter().map(from_columns).collect())
    }

    /// Reads the facts for a token for an application.
    pub async fn service_facts(
        &self,
        id: &str,
        audience: &str,
    ) -> Result<ServiceFacts, StorageError> {
        let mut read = self.read().await?;
        let (version,): (i64,) =
            sqlx::query_as("SELECT version FROM feed_state WHERE only_row = 1")
                .fetch_one(&mut **read)
                .await?;
        Ok(ServiceFacts {
            version: from_db(version),
            service_token: find(&mut read, id).await?,
            application: applications::read(&mut read, audience).await?,
        })
    }
}

/// The service token with an id.
async fn find(
    connection: &mut AnyConnection,
    id: &str,
) -> Result<Option<ServiceToken>, StorageError> {
    let row: Option<Columns> = sqlx::query_as(
        "SELECT id, name, secret_hash, old_secret_hash, old_secret_until, disabled, created_at, \
         rotated_at, expires_at, last_seen_at FROM service_tokens WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(from_columns))
}

fn from_columns(
    (id, name, secret, old, old_until, disabled, created, rotated, expires, seen): Columns,
) -> ServiceToken {
    ServiceToken {
        id,
        name,
        secret_hash: Hashed::stored(secret),
        old_secret: old.zip(old_until).map(|(hash, until)| OldSecret {
            hash: Hashed::stored(hash),
            until: from_db(until),
        }),
        disabled: disabled != 0,
        created_at: from_db(created),
        rotated_at: rotated.map(from_db),
        expires_at: from_db(expires),
        last_seen_at: seen.map(from_db),
    }
}
