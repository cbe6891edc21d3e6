//! Revocations by the million, as another replica of the control service would bring them: through
//! the database, in one transaction.

use std::path::Path;

use anyhow::Result;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use crate::credentials::now;

const DAY: u64 = 24 * 3_600;

/// Versions follow on the newest; the log does not tell them, so that filters need a snapshot.
const MOVE_FEED: &str = "UPDATE feed_state SET version = version + $1, log_start = version + $1";

/// Users that do not exist, each with a version of its own.
const REVOKE: &str = "INSERT INTO revocations (scope, subject, audience, version, fresh, expires_at) \
     WITH RECURSIVE numbers (number) AS \
     (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < $1) \
     SELECT 'user', lower(hex(randomblob(11))), '', \
     (SELECT version FROM feed_state) - $1 + number, 0, $2 FROM numbers";

/// Adds so many to a SQLite file.
pub(crate) fn revocations(database: &Path, count: u64) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(database);
        let mut connection: SqliteConnection = options.connect().await?;
        let count = i64::try_from(count)?;
        let until = i64::try_from(now()?.get() + DAY)?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(MOVE_FEED)
            .bind(count)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(REVOKE)
            .bind(count)
            .bind(until)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(connection.close().await?)
    })
}
