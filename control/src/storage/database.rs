//! The connection pool: opens and migrates the database, and begins transactions.

pub(super) mod at_once;
pub(super) mod columns;
pub(super) mod continuity;
pub(super) mod copies;
pub(super) mod error;
mod file;
mod migrations;
pub(super) mod stats;
pub(super) mod timed;
pub(super) mod url;
pub(super) mod write;

use std::fs::Permissions;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use sqlx::any::{Any, AnyPoolOptions};
use sqlx::migrate::Migrator;
use sqlx::{AnyConnection, AnyPool, Connection, Transaction};
use tokio::sync::Semaphore;

use crate::storage::audit::Unaudited;
use crate::storage::database::columns::from_db;
use crate::storage::database::continuity::Continuity;
use crate::storage::database::error::{StorageError, Trouble};
use crate::storage::database::file::WatchedFile;
use crate::storage::database::stats::{DatabaseStats, Timer};
use crate::storage::database::timed::{Read, TimedPool};
use crate::storage::database::url::{OpenError, sqlite_path, sqlite_url};
use crate::storage::database::write::{Notes, Turn, Write};

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
    continuity: Continuity,
    /// The file, with SQLite.
    file: Option<Arc<WatchedFile>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sqlite,
    Postgres,
}

impl Database {
    /// Opens `url` (`sqlite://<path>` or `postgres://…`), creating a SQLite file that
    /// does not exist, and brings the tables up to date. `epoch` names a new database.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn open(url: &str, epoch: &str) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let file = sqlite_path(url);
        let (kind, url) = match file {
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
            .before_acquire(|connection, _| Box::pin(is_usable(connection)))
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
        let (epoch, version): (String, i64) =
            sqlx::query_as("SELECT epoch, version FROM feed_state WHERE only_row = 1")
                .fetch_one(&pool)
                .await?;
        let file = file.map(|path| WatchedFile::new(Path::new(path)));
        let turns = Arc::new(Semaphore::new(kind.writers()));
        let database = Self {
            pool,
            kind,
            turns,
            stats: DatabaseStats::default(),
            continuity: Continuity::new(epoch, from_db(version)),
            file: file.transpose()?.map(Arc::new),
        };
        database.settle_addresses().await?;
        Ok(database)
    }

    /// What was seen of it, and whether it went back.
    #[must_use]
    pub fn continuity(&self) -> &Continuity {
        &self.continuity
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
        TimedPool::new(&self.pool, &self.stats.reads, &self.continuity)
    }

    /// For a statement that runs many times a second, and would outnumber all others in the metrics.
    pub(in crate::storage) fn untimed_pool(&self) -> &AnyPool {
        &self.pool
    }

    /// In a task of its own: a caller that goes away while the transaction begins, such as a poll
    /// that is hung up, would leave a connection in the pool inside it.
    async fn begin(
        &self,
        statement: &'static str,
    ) -> Result<Transaction<'static, Any>, sqlx::Error> {
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move { pool.begin_with(statement).await });
        begun.await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }

    /// Begins a transaction that reads everything as of one moment.
    pub(in crate::storage) async fn read(&self) -> Result<Read, StorageError> {
        let begin = match self.kind {
            Kind::Sqlite => "BEGIN",
            Kind::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        self.continuity.check()?;
        let timer = Timer::new(&self.stats.reads);
        Ok(Read::new(self.begin(begin).await?, timer))
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
        self.continuity.check()?;
        let transaction = self.begin(begin).await?;
        let notes = Notes {
            revocations: self.stats.revocations.clone(),
            continuity: self.continuity.clone(),
            is_sqlite: self.is_sqlite(),
        };
        Ok(Write::new(transaction, turn, notes))
    }

    /// Its name, for people.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Sqlite => "SQLite",
            Kind::Postgres => "PostgreSQL",
        }
    }

    /// Whether it is a file.
    pub(in crate::storage) fn is_sqlite(&self) -> bool {
        self.kind == Kind::Sqlite
    }

    /// Notices that the file of a SQLite database was replaced.
    ///
    /// # Errors
    /// When it was.
    pub(in crate::storage) async fn check_file(&self) -> Result<(), StorageError> {
        if let Some(file) = &self.file
            && file.was_replaced().await
        {
            tracing::error!("another file has taken the place of the database");
            self.continuity.was_replaced();
        }
        self.continuity.check()
    }

    /// Writes what changes nothing, to learn whether the database can be written again.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn try_write(&self) -> Result<(), StorageError> {
        let mut write = self.write().await?;
        write.lock().await?;
        write.commit_unaudited(Unaudited::Nothing).await?;
        Trouble::is_over();
        Ok(())
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

/// After a commit that failed, as on a full disk, SQLite has ended the transaction and the driver has
/// not: such a connection begins none any more, and is replaced.
async fn is_usable(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    if !Trouble::was_ever() {
        return Ok(true);
    }
    match connection.begin_with("BEGIN").await {
        Ok(transaction) => Ok(transaction.rollback().await.is_ok()),
        Err(_) => Ok(false),
    }
}

/// Creates the file, or takes other users' access to it away: it holds addresses and hashes of passwords. SQLite
/// gives the files beside it the same permissions.
fn keep_private(path: &str) -> Result<(), OpenError> {
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
