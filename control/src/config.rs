//! The control service's configuration: one TOML file, every field with an environment override
//! `PORTCULLIS_<SECTION>__<FIELD>`.
//!
//! What is unknown, of the wrong type or impossible is refused with path and value, all of it at
//! once. Without a file everything has a default that works on one machine.

mod environment;
mod origins;
mod reader;
mod sections;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use portcullis::protocol::origin::Origin;

use crate::applications::Definition;
use crate::problems::{InputProblems, Refused};
use reader::Reader;

/// What the service runs with.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[server]`.
    pub server: Server,
    /// `[database]`.
    pub database: Database,
    /// `[sessions]`.
    pub sessions: Sessions,
    /// `[sign_in]`.
    pub sign_in: SignIn,
    /// `[[applications]]`.
    pub applications: Vec<Definition>,
}

/// `[server]`.
#[derive(Debug, Clone)]
pub struct Server {
    /// `listen`: the team domain's listener, 127.0.0.1:8081 by default.
    pub listen: SocketAddr,
    /// `filters`: the filter API's listener, 127.0.0.1:8082 by default.
    pub filters: SocketAddr,
    /// `team_domain`: the public origin; `http://localhost:<port of listen>` by default.
    pub team_domain: Option<Origin>,
    /// `trusted_proxies`: whose `x-forwarded-for` is believed; none by default.
    pub trusted_proxies: Vec<IpNet>,
    /// `demo`: lifts the lower bound of durations and says so on every page.
    pub demo: bool,
}

/// `[database]`.
#[derive(Clone)]
pub struct Database {
    /// `url`: `sqlite://<path>` or `postgres://…`; `portcullis.db` in the data directory by
    /// default. It can hold a password, so it is not printed.
    pub url: Option<String>,
}

/// `[sessions]`.
#[derive(Debug, Clone)]
pub struct Sessions {
    /// `global_duration`; absent: that of the application through which the sign-in began. Zero:
    /// every `/login` asks.
    pub global_duration: Option<Duration>,
    /// `login_block_after_revoke`: how long a revoked user cannot sign in, 60s by default.
    pub login_block_after_revoke: Duration,
}

/// `[sign_in]`: how often signing in may fail before one has to wait.
#[derive(Debug, Clone, Copy)]
pub struct SignIn {
    /// `failures_per_email`: 10 a minute by default.
    pub failures_per_email: u32,
    /// `failures_per_address`: 60 a minute by default; many people can share an address.
    pub failures_per_address: u32,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("the configuration {} is not TOML: line {line}: {why}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why, without the line's text: it may hold a password.
        why: String,
    },
    /// It is TOML, and wrong.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl Config {
    /// Reads a file, or takes the defaults, under what `environment` overrides.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut table = match file {
            Some(path) => parse_file(path)?,
            None => toml::Table::new(),
        };
        let mut problems = InputProblems::default();
        environment::apply(&mut table, environment, &mut problems);
        let config = Self::compile(table, &mut problems);
        problems.finish()?;
        // Without a problem there is a configuration.
        config.ok_or_else(|| Refused(Vec::new()).into())
    }

    fn compile(table: toml::Table, problems: &mut InputProblems) -> Option<Self> {
        let mut root = Reader::new("", table);
        let server = sections::server(root.table("server", problems), problems);
        let database = sections::database(root.table("database", problems), problems);
        let demo = server.as_ref().is_some_and(|server| server.demo);
        let sessions = sections::sessions(root.table("sessions", problems), demo, problems);
        let sign_in = sections::sign_in(root.table("sign_in", problems), problems);
        let applications =
            sections::applications(root.tables("applications", problems), demo, problems);
        root.finish(problems);
        Some(Self {
            server: server?,
            database: database?,
            sessions: sessions?,
            sign_in: sign_in?,
            applications: applications?,
        })
    }
}

fn parse_file(path: &Path) -> Result<toml::Table, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    text.parse().map_err(|error: toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or_default();
        ConfigError::Syntax {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            why: error.message().to_owned(),
        }
    })
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Database(hidden)")
    }
}

#[cfg(test)]
mod tests;
