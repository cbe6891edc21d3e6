//! One service for each SQLite database. Two would not notice each other's changes: each keeps keys
//! and who waits for the feed in memory.
//!
//! The lock is one of the database file itself (`flock`), so it holds under every name of the file,
//! and ends with the process however that ends. PostgreSQL is made for several services.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Held while the service uses the database. SQLite has locks of its own, which the system releases
/// when any handle of the file is closed: this one must be dropped after the database is closed.
#[derive(Debug)]
pub(super) struct DatabaseLock {
    file: Option<File>,
}

impl Drop for DatabaseLock {
    /// Closing the file is not enough: a process that another thread is just starting has a copy of
    /// the handle for a moment, and would keep the lock.
    fn drop(&mut self) {
        if let Some(Err(error)) = self.file.as_ref().map(File::unlock) {
            tracing::warn!(%error, "the database could not be unlocked");
        }
    }
}

/// Why the database may not be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseLockError {
    /// Another service uses it.
    #[error(
        "a service is already running with the database {}; stop it first, or choose another \
         database with database.url. Several control services can share PostgreSQL only",
        .0.display()
    )]
    InUse(PathBuf),
    /// The file cannot be opened or locked.
    #[error("the database file {} cannot be locked: {source}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl DatabaseLock {
    /// The same if there is a file, which is not created.
    pub fn acquire_existing(url: &str) -> Result<Option<Self>, DatabaseLockError> {
        match path_in(url) {
            Some(path) if !path.exists() => Ok(None),
            _ => Self::acquire(url).map(Some),
        }
    }

    /// Locks the database at a URL, creating the file of a new one.
    pub fn acquire(url: &str) -> Result<Self, DatabaseLockError> {
        let Some(path) = path_in(url) else {
            return Ok(Self { file: None });
        };
        let unusable = |source| DatabaseLockError::Unusable {
            path: path.to_owned(),
            source,
        };
        loop {
            let file = open(path).map_err(unusable)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(DatabaseLockError::InUse(path.to_owned()));
                }
                Err(TryLockError::Error(error)) => return Err(unusable(error)),
            }
            // `restore` may have put another file in its place meanwhile.
            let (locked, named) = (file.metadata(), std::fs::metadata(path));
            let (locked, named) = (locked.map_err(unusable)?, named.map_err(unusable)?);
            if (locked.dev(), locked.ino()) == (named.dev(), named.ino()) {
                return Ok(Self { file: Some(file) });
            }
        }
    }
}

/// The file of a SQLite database.
fn path_in(url: &str) -> Option<&Path> {
    let path = url.strip_prefix("sqlite://")?;
    Some(Path::new(
        path.split_once('?').map_or(path, |(path, _)| path),
    ))
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_the_handle_does_not_keep_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", dir.path().join("portcullis.db").display());
        let lock = DatabaseLock::acquire(&url).unwrap();
        let copy = lock.file.as_ref().unwrap().try_clone().unwrap();
        assert!(matches!(
            DatabaseLock::acquire(&url),
            Err(DatabaseLockError::InUse(_))
        ));
        drop(lock);
        DatabaseLock::acquire(&url).unwrap();
        drop(copy);
    }
}
