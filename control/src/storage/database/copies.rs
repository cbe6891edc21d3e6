//! A copy that `backup` made carries a mark, which only `restore` takes away: revocations since the
//! backup are missing in it, so the service uses no copy that was merely put in place. The mark is
//! SQLite's `user_version`, a number in the head of the file that nothing else here uses.

use std::path::Path;

use sqlx::{AnyConnection, Connection};

use super::url::{file_url, sqlite_path};

/// To read a file without the log beside it.
pub(super) const IMMUTABLE: &str = "?mode=ro&immutable=true";

/// Marks a SQLite file that nobody uses.
pub(in crate::storage) async fn mark_copy(file: &Path) -> Result<(), sqlx::Error> {
    let url = file_url(file).map_err(|error| sqlx::Error::Configuration(error.into()))?;
    let mut connection = AnyConnection::connect(&(url + "?mode=rw")).await?;
    sqlx::raw_sql("PRAGMA user_version = 1")
        .execute(&mut connection)
        .await?;
    connection.close().await
}

/// Whether a SQLite database is such a copy.
pub(super) async fn is_copy(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    let (mark,): (i64,) = sqlx::query_as("PRAGMA user_version")
        .fetch_one(connection)
        .await?;
    Ok(mark != 0)
}

/// Whether the file in the URL of a SQLite database is a copy that `backup` made and `restore` has not
/// made safe. Reads the file alone: a log that was left beside it belongs to another database.
pub async fn is_unrestored_copy(url: &str) -> bool {
    let Some(Ok(url)) = sqlite_path(url).map(|path| file_url(Path::new(path))) else {
        return false;
    };
    sqlx::any::install_default_drivers();
    let read = async {
        let mut connection = AnyConnection::connect(&(url + IMMUTABLE)).await?;
        let is_copy = is_copy(&mut connection).await;
        connection.close().await?;
        is_copy
    };
    // What cannot be read has no mark; to open it says what is wrong with it.
    read.await.unwrap_or(false)
}

/// Takes the mark away, when the transaction commits.
pub(in crate::storage) async fn unmark(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql("PRAGMA user_version = 0")
        .execute(connection)
        .await?;
    Ok(())
}
