//! Starting and stopping: the data directory, the database, the listeners.
//!
//! `run.json` appears in the data directory when all listeners are up, and holds their addresses.

mod access_groups;
mod assemble;
pub mod backup;
mod clock;
mod connections;
pub mod data_dir;
pub mod database_lock;
pub mod error;
pub mod first_start;
mod listeners;
pub mod marker;
mod open_files;
pub mod restore;
mod strangers;
mod upkeep;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::Config;
use crate::provider_events::recheck;
use crate::seal::Seal;
use crate::seal::source::Source;
use crate::server::first_start::FirstStart;
use crate::service::Service;
use crate::storage::{Database, Trouble};
use crate::system::clock::Clock;
use crate::system::randomness::{Randomness, SystemRandomness};
use crate::tokens::keys::rotation;

pub(crate) use assemble::team_domain;
use data_dir::{DataDir, RunFile};
use database_lock::DatabaseLock;
pub use error::StartError;
use listeners::Listeners;

/// How long checks of sessions with their providers may take when the service stops: as long as a call.
const RECHECK_GRACE: Duration = Duration::from_secs(5);
/// How long open requests may take to end when the service stops.
const GRACE: Duration = Duration::from_millis(600);
/// How long the database may take to close. Everything that was answered is already durable.
const DATABASE_CLOSE_LIMIT: Duration = Duration::from_millis(200);
/// How soon a database that could not be written is tried again.
const TRY_WRITE_EVERY: Duration = Duration::from_secs(1);

/// How to start the service.
pub struct Start {
    /// The configuration.
    pub config: Config,
    /// The data directory.
    pub data_dir: PathBuf,
    /// Whether to make an administrator and a filter credential if the database is empty.
    pub first_start: bool,
    /// Whether a SQLite database may have other services, as only tests of several services in one
    /// process may.
    pub shares_sqlite: bool,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The clock again, as one that tests can shift.
    #[cfg(feature = "test-clock")]
    pub shifted_clock: Arc<crate::system::clock::ShiftedClock>,
}

impl Start {
    /// A start with the machine's clock, which makes neither administrator nor credential.
    #[must_use]
    pub fn new(config: Config, data_dir: PathBuf) -> Self {
        #[cfg(feature = "test-clock")]
        let shifted_clock = Arc::new(crate::system::clock::ShiftedClock::default());
        Self {
            config,
            data_dir,
            first_start: false,
            shares_sqlite: false,
            #[cfg(feature = "test-clock")]
            clock: shifted_clock.clone(),
            #[cfg(feature = "test-clock")]
            shifted_clock,
            #[cfg(not(feature = "test-clock"))]
            clock: Arc::new(crate::system::clock::SystemClock),
        }
    }
}

/// The running service.
pub struct Running {
    /// The address of the team domain.
    pub listen: SocketAddr,
    /// The address of the filter API.
    pub filters: SocketAddr,
    /// The address of the metrics, if they are served.
    pub metrics: Option<SocketAddr>,
    /// What was made on the first start, to be shown once.
    pub first_start: Option<FirstStart>,
    /// What the endpoints share.
    pub service: Arc<Service>,
    database: Database,
    data_dir: DataDir,
    stopping: watch::Sender<bool>,
    listeners: JoinSet<std::io::Result<()>>,
    background: JoinSet<()>,
    // The last to be dropped.
    _lock: Option<DatabaseLock>,
}

/// Starts the service.
///
/// # Errors
/// When it cannot run. Nothing listens then.
pub async fn start(start: Start) -> Result<Running, StartError> {
    let random: Arc<dyn Randomness> = Arc::new(SystemRandomness);
    let data_dir = DataDir::prepare(&start.data_dir).await?;
    let listeners = Listeners::bind(&start.config.server, &data_dir).await?;
    let (lock, database) = open_database(&start, &data_dir, &random.id()?).await?;
    let seal = seal_of(&start.config, data_dir.path(), &database).await?;
    let (stopping, stopped) = watch::channel(false);
    let parts = assemble::Parts {
        team_domain: team_domain(&start.config, listeners.listen)?,
        config: start.config,
        database: database.clone(),
        clock: start.clock,
        #[cfg(feature = "test-clock")]
        shifted_clock: start.shifted_clock,
        random,
        seal: Arc::new(seal),
        stopping: stopped,
    };
    let service = Arc::new(assemble::assemble(parts).await?);
    clock::check(&service).await?;
    let first_start = if start.first_start {
        first_start::make(&service).await?
    } else {
        None
    };
    let (listen, filters, metrics) = (listeners.listen, listeners.filters, listeners.metrics);
    let running = Running {
        listen,
        filters,
        metrics,
        first_start,
        listeners: listeners.serve(&service)?,
        background: background(&service, data_dir.path()),
        service,
        database,
        data_dir,
        stopping,
        _lock: lock,
    };
    running.data_dir.write_run_file(&RunFile {
        team_domain: running.service.team_domain.clone(),
        listen,
        filters,
        metrics,
        pid: std::process::id(),
    })?;
    tracing::info!(
        %listen,
        %filters,
        metrics = metrics.map(tracing::field::display),
        team_domain = %running.service.team_domain,
        socket = %running.data_dir.socket().display(),
        "listening"
    );
    Ok(running)
}

/// The keys that seal secrets. The service makes its own only where none has sealed anything.
async fn seal_of(
    config: &Config,
    data_dir: &Path,
    database: &Database,
) -> Result<Seal, StartError> {
    let source = Source::of(config.keys.seal.as_ref(), data_dir);
    if source.is_open_to_others() {
        tracing::warn!("{source} is readable by every user of this machine: chmod o-r");
    }
    let may_create = !database.holds_sealed().await?;
    Ok(Seal::load(source, may_create, &SystemRandomness)?)
}

/// Locks and opens the database; `new_epoch` is the epoch of a new one.
async fn open_database(
    start: &Start,
    data_dir: &DataDir,
    new_epoch: &str,
) -> Result<(Option<DatabaseLock>, Database), StartError> {
    let url = match &start.config.database.url {
        Some(url) => url.clone(),
        None => data_dir.default_database_url()?,
    };
    // Before the lock, which makes the file, and again after it: now no `restore` can begin.
    marker::check_before_open(data_dir.path(), &url).await?;
    let lock = if start.shares_sqlite {
        None
    } else {
        Some(DatabaseLock::acquire(&url)?)
    };
    marker::check_before_open(data_dir.path(), &url).await?;
    let database = Database::open(&url, new_epoch).await?;
    marker::check(data_dir.path(), &database, new_epoch).await?;
    Ok((lock, database))
}

/// Why a service cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// A listener ended.
    #[error("a listener failed; see the log")]
    Listener,
    /// The database is older than what the service has seen. A start says what to do.
    #[error(
        "the database went back to an older version while the service ran: a backup or a replica \
         without the last changes took its place. Start the service again: it says what to do"
    )]
    DatabaseWentBack,
}

impl Running {
    /// Waits until the service cannot go on.
    pub async fn failed(&mut self) -> Failed {
        tokio::select! {
            lost = self.database.continuity().until_lost() => {
                if let Err(error) = marker::note_lost(lost, self.data_dir.path()) {
                    tracing::error!(%error, "what was seen of the lost database is not noted");
                }
                Failed::DatabaseWentBack
            }
            ended = self.listeners.join_next() => {
                tracing::error!(?ended, "a listener ended");
                Failed::Listener
            }
        }
    }

    /// Stops listening, answers long polls, lets other requests end, and closes the database.
    pub async fn stop(mut self) {
        self.stopping.send_replace(true);
        self.data_dir.remove_run_files();
        self.background.shutdown().await;
        let all = async { while self.listeners.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, all).await.is_err() {
            tracing::warn!("requests were cut off when the service stopped");
        }
        self.listeners.shutdown().await;
        let service = &self.service;
        // Otherwise a refresh token that a provider has just replaced would be lost.
        let _ = tokio::time::timeout(RECHECK_GRACE, service.rechecks.finished()).await;
        // What proxies did until now, such as to hang up before this service stopped.
        let written = service.proxies.write(&self.database, &service.notifier);
        let _ = tokio::time::timeout(DATABASE_CLOSE_LIMIT, written).await;
        let _ = tokio::time::timeout(DATABASE_CLOSE_LIMIT, service.store_counts()).await;
        let closed = async {
            if let Err(error) = marker::write_now(&self.database, self.data_dir.path()).await {
                tracing::warn!(%error, "the newest version is not noted");
            }
            self.database.close().await;
        };
        let _ = tokio::time::timeout(DATABASE_CLOSE_LIMIT, closed).await;
        tracing::info!("stopped");
    }
}

/// After a write that failed, tries again and again: `/readyz` says when the database can be written,
/// even if nothing else is.
async fn try_to_write(database: Database) {
    loop {
        tokio::time::sleep(TRY_WRITE_EVERY).await;
        if Trouble::now().is_some() {
            // The error is the one that was logged.
            let _ = database.try_write().await;
        }
    }
}

fn background(service: &Arc<Service>, data_dir: &Path) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(marker::keep(Arc::clone(service), data_dir.to_owned()));
    tasks.spawn(Arc::clone(&service.notifier).follow(service.storage.clone()));
    tasks.spawn(
        Arc::clone(&service.proxies)
            .keep_writing(service.storage.clone(), Arc::clone(&service.notifier)),
    );
    tasks.spawn(rotation::keep(Arc::clone(service)));
    tasks.spawn(try_to_write(service.storage.clone()));
    tasks.spawn(clock::keep(Arc::clone(service)));
    tasks.spawn(upkeep::keep(Arc::clone(service)));
    tasks.spawn(recheck::keep(Arc::clone(service)));
    tasks.spawn(strangers::keep(Arc::clone(service)));
    tasks
}
