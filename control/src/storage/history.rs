//! Revocations in force, newest first, for people who look at them.

use super::{Database, StorageError, from_db, to_db};

/// A revocation that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRevocation {
    /// Tokens below this version are refused.
    pub version: u64,
    /// `user`, `application`, `user_application` or `session`.
    pub scope: String,
    /// Whose: `sub`, audience or `sid`.
    pub subject: String,
    /// The e-mail address or name, of a user or application that is still there.
    pub name: Option<String>,
    /// The audience of a `user_application` revocation, else empty.
    pub audience: String,
    /// Whether the version of the sign-in counts, not the token's.
    pub fresh: bool,
    /// When no token that it could refuse is alive any more, seconds since 1970.
    pub until: u64,
    /// When it was committed, milliseconds since 1970; not known for old ones.
    pub revoked_at_ms: Option<u64>,
}

/// Which of them to show.
#[derive(Debug, Clone, Copy)]
pub struct HistoryPage {
    /// Only those below this version; `None`: from the newest on.
    pub below: Option<u64>,
    /// At most so many.
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
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT revocations.version, scope, subject, \
             COALESCE(users.email, applications.name), revocations.audience, fresh, expires_at, \
             version_times.at_ms FROM revocations \
             LEFT JOIN users ON users.id = subject \
             LEFT JOIN applications ON applications.audience = subject \
             LEFT JOIN version_times ON version_times.version = revocations.version \
             WHERE revocations.version < $1 ORDER BY revocations.version DESC, scope, subject \
             LIMIT $2",
        )
        .bind(page.below.map_or(i64::MAX, to_db))
        .bind(i64::from(page.limit))
        .fetch_all(self.pool())
        .await?;
        Ok(rows.into_iter().map(past).collect())
    }

    /// When a version was committed, milliseconds since 1970.
    pub async fn committed_at_ms(&self, version: u64) -> Result<Option<u64>, StorageError> {
        let row: Option<(i64,)> =
            sqlx::query_as("SELECT at_ms FROM version_times WHERE version = $1")
                .bind(to_db(version))
                .fetch_optional(self.pool())
                .await?;
        Ok(row.map(|(at_ms,)| from_db(at_ms)))
    }
}

fn past(row: Row) -> PastRevocation {
    let (version, scope, subject, name, audience, fresh, until, revoked_at) = row;
    PastRevocation {
        version: from_db(version),
        scope,
        subject,
        name,
        audience,
        fresh: fresh != 0,
        until: from_db(until),
        revoked_at_ms: revoked_at.map(from_db),
    }
}
