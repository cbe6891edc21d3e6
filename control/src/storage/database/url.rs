//! The URL of a database.

use std::path::Path;

use sqlx::migrate::MigrateError;

use crate::storage::database::error::StorageError;

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The path of a SQLite file cannot be made absolute.
    #[error("the database file {path} cannot be used: {source}")]
    Path {
        /// The path as configured.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// It cannot be reached.
    #[error("the database cannot be opened: {0}")]
    Connect(#[from] sqlx::Error),
    /// Its tables cannot be brought up to date.
    #[error("the database cannot be brought up to date: {0}")]
    Migrate(#[from] MigrateError),
    /// The addresses of its users cannot be brought to their normal form.
    #[error("the addresses of users cannot be brought up to date: {0}")]
    Addresses(#[from] StorageError),
}

/// The path in the URL of a SQLite file.
pub(super) fn sqlite_path(url: &str) -> Option<&str> {
    let path = url.strip_prefix("sqlite://")?;
    Some(path.split_once('?').map_or(path, |(path, _)| path))
}

/// The driver takes a URL, in which there are neither relative paths nor spaces.
pub(super) fn sqlite_url(path: &str) -> Result<String, OpenError> {
    Ok(file_url(Path::new(path))? + "?mode=rwc")
}

/// The URL of a SQLite file that must exist, to write it.
pub(in crate::storage) fn writable_sqlite_url(path: &Path) -> Result<String, OpenError> {
    Ok(file_url(path)? + "?mode=rw")
}

/// The URL of a SQLite file that must exist, to read it.
pub(in crate::storage) fn existing_sqlite_url(path: &Path) -> Result<String, OpenError> {
    Ok(file_url(path)? + "?mode=ro")
}

pub(super) fn file_url(path: &Path) -> Result<String, OpenError> {
    let absolute = std::path::absolute(path).map_err(|source| OpenError::Path {
        path: path.display().to_string(),
        source,
    })?;
    let mut url = "sqlite://".to_owned();
    for byte in absolute.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => url.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => url.push(char::from(*byte)),
            byte => url.push_str(&format!("%{byte:02X}")),
        }
    }
    Ok(url)
}
