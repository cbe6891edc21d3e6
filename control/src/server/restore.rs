//! `restore`: works on the database itself, without the running service.
//!
//! After a restore, revocations since the backup are missing. So all sessions end: the database gets
//! a new epoch, a version that no filter has seen, and a new signing key; all old keys are refused.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::data_dir::{DataDir, DataDirError};
use super::database_lock::{DatabaseLock, DatabaseLockError};
use super::marker::{Marker, RESTORING};
use crate::audit::Actor;
use crate::config::Config;
use crate::seal::source::Source;
use crate::seal::{NewKeyError, Seal};
use crate::storage::{
    BackupError, Database, OpenError, REPLACED, Restore, SealingError, StorageError, copy_sqlite,
    is_unrestored_copy,
};
use crate::system::clock::Clock;
use crate::system::os_user;
use crate::system::randomness::{NoRandomness, Randomness, SystemRandomness};
use crate::tokens::signing_key::{GenerateError, SigningKey};

/// The files of a SQLite database, by what follows the name of the first.
const SQLITE_FILES: [&str; 3] = ["", "-wal", "-shm"];
/// What is appended to the names of the files that a backup replaces.
const REPLACED_SUFFIX: &str = ".replaced";

/// A database that was restored.
#[derive(Debug, Serialize)]
pub struct Restored {
    /// The epoch that begins.
    pub epoch: String,
    /// The feed's version.
    pub version: u64,
    /// How many global sessions ended.
    pub sessions_ended: u64,
    /// The new signing key.
    pub kid: String,
    /// Where the database is that the backup replaced.
    pub replaced: Option<PathBuf>,
}

/// Why nothing was restored or backed up.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The data directory cannot be used, or a service is running.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The marker cannot be written.
    #[error("cannot write in {}: {source}", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The backup is not one.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// There is no database.
    #[error(
        "there is no database at {}, so nothing is restored. Is its disk mounted, and are --data-dir \
         and database.url right? To restore from a backup, name the file: `restore <FILE>`",
        .0.display()
    )]
    NoDatabase(PathBuf),
    /// The database is not SQLite.
    #[error(
        "the database is PostgreSQL, which has its own tools: make backups with pg_dump or a \
         snapshot. To restore, put the backup back with pg_restore, then run `restore` without a \
         file"
    )]
    NotSqlite,
    /// A service uses the database.
    #[error(transparent)]
    DatabaseLock(#[from] DatabaseLockError),
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No new signing key.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The keys that seal secrets cannot be loaded.
    #[error(transparent)]
    SealKeys(#[from] NewKeyError),
    /// The new signing key cannot be stored.
    #[error(transparent)]
    Sealing(#[from] SealingError),
}

/// Makes a database that was restored from a backup safe to use; with `backup`, puts that file in
/// place of the SQLite database first.
///
/// # Errors
/// When the database is as it was; or, after the backup was put in place, not yet safe to use: the
/// service does not start then.
pub async fn restore(
    config: &Config,
    data_dir: &Path,
    backup: Option<&Path>,
    clock: &dyn Clock,
) -> Result<Restored, RestoreError> {
    let random: &dyn Randomness = &SystemRandomness;
    let url = url(config, data_dir);
    if backup.is_none() {
        ensure_there(&url)?;
    }
    DataDir::prepare(data_dir).await?;
    let source = Source::of(config.keys.seal.as_ref(), data_dir);
    // All old keys are refused, so what sealed them is not needed.
    let seal = Seal::load(source, true, random)?;
    let key = SigningKey::generate(config.keys.algorithm, random)?.to_plain();
    let former = DatabaseLock::acquire_existing(&url)?;
    // A damaged file says nothing, and is replaced.
    let seen = Marker::read(data_dir).ok().flatten();
    let seen_epoch = seen.as_ref().map(|seen| seen.epoch.clone());
    let seen = seen.map_or(0, |seen| seen.version);
    let replaced = match backup {
        Some(backup) => put_in_place(&path_in(&url)?, backup, (data_dir, seen)).await?,
        None => {
            if is_unrestored_copy(&url).await {
                set_log_aside(&path_in(&url)?)?;
            }
            None
        }
    };
    // The file may be another one now.
    drop(former);
    let _lock = DatabaseLock::acquire(&url)?;
    let database = Database::open(&url, &random.id()?).await?;
    let restore = Restore {
        epoch: random.id()?,
        above: seen,
        seen_epoch: seen_epoch.filter(|epoch| epoch != RESTORING && epoch != REPLACED),
        key: &key,
        seal: &seal,
        by: &Actor::command_line(Some(os_user::own())).into(),
        now: clock.now_seconds(),
    };
    let ended = database.restore(&restore).await?;
    let marker = Marker::from(database.position().await?);
    database.close().await;
    marker.write(data_dir).map_err(cannot_write(data_dir))?;
    Ok(Restored {
        epoch: marker.epoch,
        version: marker.version,
        sessions_ended: ended,
        kid: key.kid,
        replaced,
    })
}

pub(super) fn url(config: &Config, data_dir: &Path) -> String {
    let configured = config.database.url.clone();
    configured.unwrap_or_else(|| DataDir::database_url_in(data_dir))
}

pub(super) fn path_in(url: &str) -> Result<PathBuf, RestoreError> {
    let path = url
        .strip_prefix("sqlite://")
        .ok_or(RestoreError::NotSqlite)?;
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    Ok(PathBuf::from(path))
}

/// Refuses a SQLite database that is not there: opening would create an empty one, with which the
/// service would then start.
fn ensure_there(url: &str) -> Result<(), RestoreError> {
    match path_in(url) {
        Ok(path) if !std::fs::metadata(&path).is_ok_and(|file| file.len() > 0) => {
            Err(RestoreError::NoDatabase(path))
        }
        _ => Ok(()),
    }
}

/// Puts a backup in place of the database. Returns where the replaced one is, if there was one.
async fn put_in_place(
    database: &Path,
    backup: &Path,
    (data_dir, seen): (&Path, u64),
) -> Result<Option<PathBuf>, RestoreError> {
    let unready = with_suffix(database, ".restoring");
    let failed = cannot_write(database);
    remove(&unready).map_err(&failed)?;
    copy_sqlite(backup, &unready).await?;
    // From here on the service does not start before the restore is complete.
    let restoring = Marker {
        epoch: RESTORING.to_owned(),
        version: seen,
    };
    restoring.write(data_dir).map_err(cannot_write(data_dir))?;
    let replaced = unused_name(database);
    let exists = std::fs::metadata(database).is_ok_and(|file| file.len() > 0);
    for suffix in SQLITE_FILES {
        let (from, to) = (
            with_suffix(database, suffix),
            with_suffix(&replaced, suffix),
        );
        move_if_there(&from, &to).map_err(&failed)?;
    }
    std::fs::rename(&unready, database).map_err(&failed)?;
    if let Some(directory) = database.parent().filter(|path| path.is_dir()) {
        let synced = File::open(directory).and_then(|directory| directory.sync_all());
        synced.map_err(&failed)?;
    }
    Ok(exists.then_some(replaced))
}

/// A log beside a backup that was put in place by hand belongs to the former database.
fn set_log_aside(database: &Path) -> Result<(), RestoreError> {
    let replaced = unused_name(database);
    for suffix in SQLITE_FILES.into_iter().filter(|suffix| !suffix.is_empty()) {
        let aside = (
            with_suffix(database, suffix),
            with_suffix(&replaced, suffix),
        );
        move_if_there(&aside.0, &aside.1).map_err(cannot_write(database))?;
    }
    Ok(())
}

/// Where the files of a database can go without replacing others. After an interrupted restore, a log
/// that was left behind joins its database there.
fn unused_name(database: &Path) -> PathBuf {
    let is_free = |name: &PathBuf| {
        SQLITE_FILES.iter().all(|suffix| {
            !with_suffix(database, suffix).exists() || !with_suffix(name, suffix).exists()
        })
    };
    let first = with_suffix(database, REPLACED_SUFFIX);
    let numbered = (2_u32..).map(|number| with_suffix(&first, &format!("-{number}")));
    let mut names = std::iter::once(first.clone()).chain(numbered);
    names.find(is_free).unwrap_or(first)
}

fn move_if_there(from: &Path, to: &Path) -> std::io::Result<()> {
    match std::fs::rename(from, to) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

fn remove(file: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn cannot_write(path: &Path) -> impl Fn(std::io::Error) -> RestoreError + use<> {
    let path = path.to_owned();
    move |source| RestoreError::Write {
        path: path.clone(),
        source,
    }
}
