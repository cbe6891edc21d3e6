//! The database behind the control service: a SQLite file, or PostgreSQL where it is given.

use std::env;
use std::path::Path;

use anyhow::{Context, Result};
use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, AssertSqlSafe, Connection};
use tokio::runtime::Runtime;

/// A PostgreSQL server on which databases can be made; `control/tests/with-postgres.sh` sets it.
const SERVER: &str = "PORTCULLIS_TEST_POSTGRES_URL";
/// What is written is made for one run, so a loss of power may take it.
const FOR_BULK: &str = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; \
     PRAGMA cache_size = -1000000; PRAGMA temp_store = MEMORY";

/// Which database.
#[derive(Debug, Clone)]
pub(super) enum Which {
    /// The control service's own file.
    Sqlite,
    /// A new database on a server, by its URL.
    Postgres(String),
}

/// An open connection.
pub(super) struct Database {
    runtime: Runtime,
    connection: AnyConnection,
    is_sqlite: bool,
}

impl Which {
    /// The one that the environment names, which is new.
    pub fn choose() -> Result<Self> {
        let Ok(server) = env::var(SERVER) else {
            return Ok(Self::Sqlite);
        };
        let name = format!("bench_{}", std::process::id());
        let mut database = Database::connect(&format!("{server}/postgres"), false)?;
        database.run(&format!("CREATE DATABASE {name}"))?;
        Ok(Self::Postgres(format!("{server}/{name}")))
    }

    /// Its name, for people.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    /// What the control service's configuration says of it.
    pub fn configuration(&self) -> String {
        match self {
            Self::Sqlite => String::new(),
            Self::Postgres(url) => format!("\n[database]\nurl = \"{url}\"\n"),
        }
    }

    /// Connects; `file` is the control service's own.
    pub fn connect(&self, file: &Path) -> Result<Database> {
        match self {
            Self::Sqlite => {
                let mut database =
                    Database::connect(&format!("sqlite://{}", file.display()), true)?;
                database.run(FOR_BULK)?;
                Ok(database)
            }
            Self::Postgres(url) => Database::connect(url, false),
        }
    }
}

impl Database {
    fn connect(url: &str, is_sqlite: bool) -> Result<Self> {
        install_default_drivers();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let connection = runtime
            .block_on(AnyConnection::connect(url))
            .with_context(|| format!("cannot connect to {url}"))?;
        Ok(Self {
            runtime,
            connection,
            is_sqlite,
        })
    }

    /// Runs statements.
    pub fn run(&mut self, sql: &str) -> Result<()> {
        let run = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.connection);
        let done = self.runtime.block_on(run);
        done.with_context(|| format!("refused: {sql}"))?;
        Ok(())
    }

    /// The number that a statement selects.
    pub fn number(&mut self, sql: &str) -> Result<i64> {
        let read =
            sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut self.connection);
        let read = self.runtime.block_on(read);
        read.with_context(|| format!("refused: {sql}"))
    }

    /// The text that a statement selects.
    pub fn text(&mut self, sql: &str) -> Result<String> {
        let read =
            sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut self.connection);
        let read = self.runtime.block_on(read);
        read.with_context(|| format!("refused: {sql}"))
    }

    /// Closes it. PostgreSQL counts its rows first, as it does by itself after a while.
    pub fn close(mut self) -> Result<()> {
        if !self.is_sqlite {
            self.run("VACUUM ANALYZE")?;
        }
        Ok(self.runtime.block_on(self.connection.close())?)
    }
}
