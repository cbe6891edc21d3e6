//! `database.json` in the data directory: the epoch and the newest version of the feed that this
//! directory's service has seen. It is kept apart from the database, so that a database that was
//! restored from a backup is recognised: later revocations are missing in it.
//!
//! The file is written within a fraction of a second after each change, and when the service stops.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::service::Service;
use crate::storage::{
    Continuity, Database, Lost, Position, REPLACED, StorageError, is_unrestored_copy,
};

const FILE: &str = "database.json";
/// Stands for the epoch from when a restore begins until it is complete.
pub const RESTORING: &str = "restoring";
/// How long the next write waits: changes may come by the thousand.
const PAUSE: Duration = Duration::from_millis(100);
/// How long the next write waits after one that failed.
const RETRY: Duration = Duration::from_secs(1);
/// Held while the file is written: what was seen of a lost database must stay.
static WRITING: Mutex<()> = Mutex::new(());

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The epoch of the database.
    pub epoch: String,
    /// The newest version seen.
    pub version: u64,
}

/// Why a database is not used, or the file not read.
#[derive(Debug, thiserror::Error)]
pub enum MarkerError {
    /// The database is older than what the service has seen.
    #[error(
        "the database was restored from a backup, or is another one: it has version {found} of the \
         feed, and this service has seen version {seen}. Revocations since the backup are missing \
         in it. Run `portcullis-control restore` to end all sessions, then start the service again. \
         If you chose the wrong database by mistake, correct database.url instead. ({})",
        file.display()
    )]
    Older {
        /// The version in the database.
        found: u64,
        /// The newest version seen.
        seen: u64,
        /// The file that says so.
        file: PathBuf,
    },
    /// The database is a copy.
    #[error(
        "the database is a backup that was only put in place: revocations since then are missing in \
         it. Run `portcullis-control restore` to end all sessions, then start the service again"
    )]
    Copy,
    /// The database is new, and the service has seen another.
    #[error(
        "the database is new, and this service has used another one. If you chose the wrong database \
         by mistake, correct database.url. If a restore was interrupted, run `portcullis-control \
         restore` with the backup again. To begin anew without the former users and applications, \
         delete {}",
        file.display()
    )]
    New {
        /// The file that says so.
        file: PathBuf,
    },
    /// A restore was interrupted.
    #[error(
        "a restore was interrupted: run `portcullis-control restore` with the backup again. The \
         database that it replaces is kept beside it, as ….replaced"
    )]
    Interrupted,
    /// The file of the database was replaced while the service ran.
    #[error(
        "the file of the database was replaced, overwritten or deleted while the service ran: what \
         the service wrote last may be missing in it. Run `portcullis-control restore` with a backup; \
         without one, it makes the file safe that is there now"
    )]
    Replaced,
    /// The file cannot be written.
    #[error("{} cannot be written: {source}", file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file cannot be read.
    #[error(
        "{} cannot be read: {source}. It tells whether the database was restored from a backup. If \
         it is damaged, run `portcullis-control restore`, which ends all sessions",
        file.display()
    )]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<Position> for Marker {
    fn from(position: Position) -> Self {
        Self {
            epoch: position.epoch,
            version: position.version,
        }
    }
}

impl Marker {
    /// The file in a data directory; `None` if there is none yet.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(data_dir: &Path) -> Result<Option<Self>, MarkerError> {
        let file = data_dir.join(FILE);
        let read = || match std::fs::read(&file) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        read().map_err(|source| MarkerError::Unreadable {
            file: file.clone(),
            source,
        })
    }

    /// Writes the file, on disk when this returns.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn write(&self, data_dir: &Path) -> std::io::Result<()> {
        let unready = data_dir.join("database.new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unready)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_all()?;
        std::fs::rename(&unready, data_dir.join(FILE))?;
        File::open(data_dir)?.sync_all()
    }

    /// The same, unless the database was lost since it was read. Returns whether it was.
    fn write_unless_lost(&self, continuity: &Continuity, data_dir: &Path) -> std::io::Result<bool> {
        let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        let is_lost = continuity.lost().is_some();
        if !is_lost {
            self.write(data_dir)?;
        }
        Ok(is_lost)
    }
}

/// Refuses to open a database while a restore is not complete: its files may be apart, and opening
/// would put a new database in their place. Refuses a backup in the place of the database, too:
/// opening would mix it with the log of the former one.
///
/// # Errors
/// When the database must not be opened, or the file cannot be read.
pub async fn check_before_open(data_dir: &Path, url: &str) -> Result<(), MarkerError> {
    match Marker::read(data_dir)? {
        Some(seen) if seen.epoch == RESTORING => Err(MarkerError::Interrupted),
        Some(seen) if seen.epoch == REPLACED => Err(MarkerError::Replaced),
        _ if is_unrestored_copy(url).await => Err(MarkerError::Copy),
        _ => Ok(()),
    }
}

/// Refuses a database that is older than what the file says, or that has just been created
/// (`new_epoch` is its epoch) although the file tells of another.
///
/// # Errors
/// When the database must not be used.
pub async fn check(
    data_dir: &Path,
    database: &Database,
    new_epoch: &str,
) -> Result<(), MarkerError> {
    let Some(seen) = Marker::read(data_dir)? else {
        return Ok(());
    };
    let found = database.position().await?;
    if found.epoch == new_epoch {
        return Err(MarkerError::New {
            file: data_dir.join(FILE),
        });
    }
    compare(&seen, &found, database, data_dir).await
}

async fn compare(
    seen: &Marker,
    found: &Position,
    database: &Database,
    data_dir: &Path,
) -> Result<(), MarkerError> {
    // Another replica may have restored the database: its former epochs are known then.
    let known = found.epoch == seen.epoch || database.is_former_epoch(&seen.epoch).await?;
    if known && found.version >= seen.version {
        return Ok(());
    }
    Err(MarkerError::Older {
        found: found.version,
        seen: seen.version,
        file: data_dir.join(FILE),
    })
}

/// Writes the file after each change.
pub async fn keep(service: Arc<Service>, data_dir: PathBuf) {
    let mut written = 0;
    let mut failing = false;
    loop {
        let noted = write_now(&service.storage, &data_dir).await;
        service.data_dir.note(match &noted {
            Err(MarkerError::Unwritable { source, .. }) => Some(source),
            _ => None,
        });
        match noted {
            Ok(version) => {
                written = version;
                failing = false;
            }
            // Logged once for each outage, which may last for hours.
            Err(error) if !failing => {
                failing = true;
                tracing::error!(%error, file = FILE, "cannot be written");
            }
            Err(_) => {}
        }
        tokio::time::sleep(if failing { RETRY } else { PAUSE }).await;
        service.notifier.wait_above(written).await;
    }
}

/// Notes what was seen of a database that is lost, so that the service does not start with the one
/// that took its place, even if nobody shows a newer version again.
///
/// # Errors
/// When the file is not written.
pub fn note_lost(lost: Lost, data_dir: &Path) -> std::io::Result<()> {
    let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let lost = Marker {
        epoch: lost.epoch,
        version: lost.version,
    };
    let seen = Marker::read(data_dir).ok().flatten();
    let version = lost.version.max(seen.map_or(0, |seen| seen.version));
    let lost = Marker { version, ..lost };
    lost.write(data_dir)
}

/// Writes the file; the version that it then has. What it says about a newer database stays: it is
/// the only sign that the database went back.
///
/// # Errors
/// When the database cannot be read or is older, or the file not written.
pub async fn write_now(database: &Database, data_dir: &Path) -> Result<u64, MarkerError> {
    let found = database.position().await?;
    if let Some(seen) = Marker::read(data_dir)? {
        compare(&seen, &found, database, data_dir).await?;
    }
    let marker = Marker::from(found);
    let version = marker.version;
    let (directory, continuity) = (data_dir.to_owned(), database.continuity().clone());
    let write = move || marker.write_unless_lost(&continuity, &directory);
    let written = tokio::task::spawn_blocking(write).await;
    let is_lost = written
        .unwrap_or_else(|panicked| Err(std::io::Error::other(panicked)))
        .map_err(|source| MarkerError::Unwritable {
            file: data_dir.join(FILE),
            source,
        })?;
    if is_lost {
        return Err(StorageError::WentBack.into());
    }
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_seen_of_a_lost_database_is_not_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("test.db").display());
        let database = Database::open(&url, "epoch").await.unwrap();
        let before = Marker::from(database.position().await.unwrap());
        let lost = Lost {
            epoch: "epoch".to_owned(),
            version: before.version + 7,
        };
        let write = || before.write_unless_lost(database.continuity(), directory.path());
        assert!(!write().unwrap());
        database.continuity().went_back(lost.clone());
        note_lost(lost, directory.path()).unwrap();
        // Read before, and written after.
        assert!(write().unwrap());
        let noted = Marker::read(directory.path()).unwrap().unwrap();
        assert_eq!(noted.version, before.version + 7);
    }
}
