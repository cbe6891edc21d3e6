//! The connection pool: opens and migrates the database, and begins transactions.

pub(super) mod columns;
pub(super) mod error;
mod migrations;
pub(super) mod stats;
pub(super) mod timed;
pub(super) mod write;

use std::fs::Permissions;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use sqlx::AnyPool;
use sqlx::any::AnyPoolOptions;
use sqlx::migrate::{MigrateError, Migrator};
use tokio::sync::Semaphore;

use crate::storage::database::error::StorageError;
use crate::storage::database::stats::{DatabaseStats, Timer};
use crate::storage::database::timed::{Read, TimedPool};
use crate::storage::database::write::{Turn, Write};

/// With WAL, readers are not blocked by a writer. With FULL, a commit survives a loss of power: a
/// revocation that was answered must never be undone.
const SQLITE_PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; \
                              PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON";

const MAX_CONNECTIONS: u32 = 8;

/// How many transactions write at a time. SQLite allows one and lets the others retry, in no order,
/// until they give up. PostgreSQL allows many, but changes that filters learn of are serialised
/// anyway. Here the others wait in order, and leave connections to readers.
const SQLITE_WRITERS: usize = 1;
const POSTGRES_WRITERS: usize = 4;

/// SQLite or PostgreSQL.
#[derive(Debug, Clone)]
pub struct Database {
    pool: AnyPool,
    kind: Kind,
    turns: Arc<Semaphore>,
    stats: DatabaseStats,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sqlite,
    Postgres,
}

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
}

impl Database {
    /// Opens `url` (`sqlite://<path>` or `postgres://…`), creating a SQLite file that
    /// does not exist, and brings the tables up to date. `epoch` names a new database.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn open(url: &str, epoch: &str) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let (kind, url) = match url.strip_prefix("sqlite://") {
            Some(path) => {
                keep_private(path)?;
                (Kind::Sqlite, sqlite_url(path)?)
            }
            None => (Kind::Postgres, url.to_owned()),
        };
        let pool = AnyPoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .acquire_timeout(std::time::Duration::from_secs(5))
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if kind == Kind::Sqlite {
                        sqlx::raw_sql(SQLITE_PRAGMAS).execute(connection).await?;
                    }
                    Ok(())
                })
            })
            .connect(&url)
            .await?;
        kind.migrator().run(&pool).await?;
        sqlx::query(
            "INSERT INTO feed_state (only_row, epoch, version, log_start) VALUES (1, $1, 1, 1) \
             ON CONFLICT (only_row) DO NOTHING",
        )
        .bind(epoch)
        .execute(&pool)
        .await?;
        let turns = Arc::new(Semaphore::new(kind.writers()));
        Ok(Self {
            pool,
            kind,
            turns,
            stats: DatabaseStats::default(),
        })
    }

    /// How it performs.
    #[must_use]
    pub fn stats(&self) -> &DatabaseStats {
        &self.stats
    }

    /// How many connections are open, and how many of them are idle.
    #[must_use]
    pub fn connections(&self) -> (u64, u64) {
        let idle = u64::try_from(self.pool.num_idle()).unwrap_or(u64::MAX);
        (u64::from(self.pool.size()), idle)
    }

    /// For single statements.
    pub(in crate::storage) fn pool(&self) -> TimedPool<'_> {
        TimedPool::new(&self.pool, &self.stats.reads)
    }

    /// For a statement that runs many times a second, and would outnumber all others in the metrics.
    pub(in crate::storage) fn untimed_pool(&self) -> &AnyPool {
        &self.pool
    }

    /// Begins a transaction that reads everything as of one moment.
    pub(in crate::storage) async fn read(&self) -> Result<Read, StorageError> {
        let begin = match self.kind {
            Kind::Sqlite => "BEGIN",
            Kind::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        let timer = Timer::new(&self.stats.reads);
        Ok(Read::new(self.pool.begin_with(begin).await?, timer))
    }

    /// Begins a transaction that writes.
    pub(in crate::storage) async fn write(&self) -> Result<Write, StorageError> {
        let begin = match self.kind {
            // A deferred transaction could fail at its first write, because another one wrote.
            Kind::Sqlite => "BEGIN IMMEDIATE",
            Kind::Postgres => "BEGIN",
        };
        let waiting = Timer::new(&self.stats.write_waits);
        let permit = Arc::clone(&self.turns).acquire_owned().await;
        drop(waiting);
        // The semaphore is never closed.
        let permit = permit.map_err(|_| sqlx::Error::PoolClosed)?;
        let turn = Turn::new(permit, Timer::new(&self.stats.writes));
        let transaction = self.pool.begin_with(begin).await?;
        let revocations = self.stats.revocations.clone();
        Ok(Write::new(transaction, turn, revocations))
    }

    /// Closes all connections once they are idle.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl Kind {
    fn writers(self) -> usize {
        match self {
            Self::Sqlite => SQLITE_WRITERS,
            Self::Postgres => POSTGRES_WRITERS,
        }
    }

    fn migrator(self) -> Migrator {
        match self {
            Self::Sqlite => migrations::sqlite(),
            Self::Postgres => migrations::postgres(),
        }
    }
}

/// Creates the file, or takes other users' access to it away: it holds the signing keys. SQLite
/// gives the files beside it the same permissions.
fn keep_private(path: &str) -> Result<(), OpenError> {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let unusable = |source| OpenError::Path {
        path: path.to_owned(),
        source,
    };
    let file = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(unusable)?;
    file.set_permissions(Permissions::from_mode(0o600))
        .map_err(unusable)
}

/// The driver takes a URL, in which there are neither relative paths nor spaces.
fn sqlite_url(path: &str) -> Result<String, OpenError> {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    Ok(file_url(Path::new(path))? + "?mode=rwc")
}

/// The URL of a SQLite file that must exist, to read it.
pub(in crate::storage) fn existing_sqlite_url(path: &Path) -> Result<String, OpenError> {
    Ok(file_url(path)? + "?mode=ro")
}

fn file_url(path: &Path) -> Result<String, OpenError> {
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
