//! A copy of a SQLite database in one file, taken at one moment, while others read and write it.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sqlx::{AnyConnection, Connection};

use crate::audit::{Event, EventName, Initiator, Subject};
use crate::storage::audit::insert::insert;
use crate::storage::database::copies::mark_copy;
use crate::storage::database::error::StorageError;
use crate::storage::database::url::{OpenError, existing_sqlite_url, writable_sqlite_url};

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file exists.
    #[error("{} exists already; choose another name, or delete it first", .0.display())]
    Exists(PathBuf),
    /// The file cannot be written.
    #[error("{} cannot be written: {source}", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The database to be copied cannot be read.
    #[error("{} is not a database of Portcullis that can be read: {source}", database.display())]
    Unreadable {
        /// The database.
        database: PathBuf,
        /// What the driver says.
        source: sqlx::Error,
    },
    /// The path of the database cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Copies the database at a path to a new file, which only its owner may read. Returns its length.
///
/// # Errors
/// When there is no copy; the file does not exist then, or is as it was.
pub async fn copy_sqlite(database: &Path, to: &Path) -> Result<u64, BackupError> {
    let write = |source: std::io::Error| BackupError::Write {
        file: to.to_owned(),
        source,
    };
    // SQLite would let others read it.
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to);
    let file = file.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => BackupError::Exists(to.to_owned()),
        _ => write(error),
    })?;
    drop(file);
    let copied = copy(database, to).await;
    if copied.is_err() {
        // The error says what is wrong; the file is empty, or useless.
        let _ = std::fs::remove_file(to);
    }
    copied?;
    let file = File::open(to).map_err(write)?;
    file.sync_all().map_err(write)?;
    Ok(file.metadata().map_err(write)?.len())
}

async fn copy(database: &Path, to: &Path) -> Result<(), BackupError> {
    let unreadable = |source| BackupError::Unreadable {
        database: database.to_owned(),
        source,
    };
    sqlx::any::install_default_drivers();
    let url = existing_sqlite_url(database)?;
    let mut connection = AnyConnection::connect(&url).await.map_err(unreadable)?;
    let state = sqlx::query("SELECT epoch FROM feed_state WHERE only_row = 1");
    state.fetch_one(&mut connection).await.map_err(unreadable)?;
    sqlx::query("VACUUM INTO $1")
        .bind(to.to_string_lossy().into_owned())
        .execute(&mut connection)
        .await
        .map_err(unreadable)?;
    connection.close().await.map_err(unreadable)?;
    mark_copy(to).await.map_err(unreadable)
}

/// Notes in the audit log of a database, which may be in use, that it was copied to a file.
///
/// # Errors
/// When it is not noted: the database cannot be written, or has no audit log yet.
pub async fn note_backup(database: &Path, to: &Path, by: &Initiator) -> Result<(), StorageError> {
    let url =
        writable_sqlite_url(database).map_err(|error| sqlx::Error::Configuration(error.into()))?;
    let mut connection = AnyConnection::connect(&url).await?;
    let mut write = connection.begin_with("BEGIN IMMEDIATE").await?;
    let subject = Subject::new("file", to.display().to_string(), "");
    let event = Event::new(EventName::BackupMade, by, subject);
    insert(&mut write, true, &[event]).await?;
    write.commit().await?;
    Ok(connection.close().await?)
}
