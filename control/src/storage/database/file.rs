//! Notices that the file of a SQLite database is replaced or overwritten while the service runs.
//!
//! SQLite does not notice that itself: it would go on with the file that it has opened, or mix its log
//! with another file. So the file under the database's name is compared, each time it has changed,
//! with what was seen of it. A checkpoint changes it as well, and only ever to a later version.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sqlx::{AnyConnection, Connection};

use super::columns::from_db;
use super::copies::{IMMUTABLE, is_copy};
use super::url::{OpenError, file_url};

/// The file of an open database.
#[derive(Debug)]
pub(super) struct WatchedFile {
    path: PathBuf,
    url: String,
    seen: Mutex<Seen>,
}

/// Which file it is, when it changed, and the version in it, without the log beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    file: (u64, u64),
    change: (i64, i64, u64),
    version: u64,
}

impl Seen {
    fn of(path: &Path) -> std::io::Result<Self> {
        let file = std::fs::metadata(path)?;
        Ok(Self {
            file: (file.dev(), file.ino()),
            change: (file.ctime(), file.ctime_nsec(), file.len()),
            version: 0,
        })
    }
}

impl WatchedFile {
    /// Watches a file that exists.
    pub(super) fn new(path: &Path) -> Result<Self, OpenError> {
        let unusable = |source| OpenError::Path {
            path: path.display().to_string(),
            source,
        };
        Ok(Self {
            path: std::path::absolute(path).map_err(unusable)?,
            url: file_url(path)? + IMMUTABLE,
            // Of no change, so that the version is read at once.
            seen: Mutex::new(Seen {
                change: (0, 0, 0),
                ..Seen::of(path).map_err(unusable)?
            }),
        })
    }

    /// Whether another file has taken its place, or an older database was written over it.
    pub(super) async fn was_replaced(&self) -> bool {
        let before = *self.lock();
        let now = match Seen::of(&self.path) {
            Ok(now) => now,
            Err(error) => return error.kind() == std::io::ErrorKind::NotFound,
        };
        if now.file != before.file {
            return true;
        }
        if now.change == before.change {
            return false;
        }
        // While a checkpoint writes it, or before the first one, it may not be readable.
        let Ok(version) = self.version().await else {
            return false;
        };
        let Some(version) = version else {
            return true;
        };
        *self.lock() = Seen { version, ..now };
        version < before.version
    }

    /// The version in the file itself; none if it is a copy that `backup` made.
    async fn version(&self) -> Result<Option<u64>, sqlx::Error> {
        let mut connection = AnyConnection::connect(&self.url).await?;
        let read = sqlx::query_as("SELECT version FROM feed_state WHERE only_row = 1");
        let read = read.fetch_one(&mut connection).await;
        let is_copy = is_copy(&mut connection).await;
        connection.close().await?;
        let (version,): (i64,) = read?;
        Ok((!is_copy?).then(|| from_db(version)))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
