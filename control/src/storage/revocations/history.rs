//! The list of revocations in force, for administrators.

use portcullis::protocol::feed::{Revocation, Scope, Subject};
use portcullis::time::UnixMillis;

use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::{CorruptValue, StorageError};

/// A revocation that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRevocation {
    /// The revocation.
    pub revocation: Revocation,
    /// The e-mail address or name of a user or application that still exists.
    pub name: Option<String>,
    /// When it was committed; unknown for old ones.
    pub revoked_at: Option<UnixMillis>,
}

/// Which revocations to list.
#[derive(Debug, Clone, Copy)]
pub struct HistoryPage {
    /// Only those below this version; `None` begins with the newest.
    pub below: Option<u64>,
    /// The most to list.
    pub limit: u32,
}

type Row = (
    i64,
    String,
    String,
    Option<String>,
    String,
    i64,
    i64,
    Option<i64>,
);

impl Database {
    /// The newest revocations in force, newest first.
    pub async fn revocations(
        &self,
        page: HistoryPage,
    ) -> Result<Vec<PastRevocation>, StorageError> {
        macro_rules! statement {
            ($collated:literal) => {
                concat!(
                    "SELECT revocations.version, scope, subject, \
                     COALESCE(users.email, applications.name), revocations.audience, fresh, \
                     expires_at, version_times.at_ms FROM revocations \
                     LEFT JOIN users ON users.id = subject",
                    $collated,
                    " LEFT JOIN applications ON applications.audience = subject \
                     LEFT JOIN version_times ON version_times.version = revocations.version \
                     WHERE revocations.version < $1 \
                     ORDER BY revocations.version DESC, scope, subject LIMIT $2"
                )
            };
        }
        let statement = match self.is_sqlite() {
            true => statement!(""),
            // The index of users sorts otherwise than subjects do.
            false => statement!(" COLLATE \"default\""),
        };
        let rows: Vec<Row> = sqlx::query_as(statement)
            .bind(page.below.map_or(i64::MAX, to_db))
            .bind(i64::from(page.limit))
            .fetch_all(self.pool())
            .await?;
        rows.into_iter().map(past).collect()
    }

    /// When a version was committed.
    pub async fn committed_at(&self, version: u64) -> Result<Option<UnixMillis>, StorageError> {
        let row: Option<(i64,)> =
            sqlx::query_as("SELECT at_ms FROM version_times WHERE version = $1")
                .bind(to_db(version))
                .fetch_optional(self.pool())
                .await?;
        Ok(row.map(|(at_ms,)| from_db(at_ms)))
    }
}

fn past(row: Row) -> Result<PastRevocation, StorageError> {
    let (version, scope, subject, name, audience, fresh, until, revoked_at) = row;
    let mut ids = [subject, audience].into_iter();
    let next_id = || ids.next().ok_or(CorruptValue::Revocation);
    let revocation = Revocation {
        subject: Subject::from_ids(Scope::parse(&scope)?, next_id)?,
        version: from_db(version),
        fresh: fresh != 0,
        until: from_db(until),
    };
    Ok(PastRevocation {
        revocation,
        name,
        revoked_at: revoked_at.map(from_db),
    })
}
