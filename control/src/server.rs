//! Starting and stopping: the data directory, the database, three listeners.
//!
//! `run.json` in the data directory appears when all listeners are up, and says where.

mod assemble;
mod connections;
mod data_dir;
pub mod first_start;
mod listeners;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::Config;
use crate::server::first_start::{FirstStart, FirstStartError};
use crate::service::Service;
use crate::sign_in::passwords::PasswordError;
use crate::storage::{ChangeError, Database, OpenError, StorageError};
use crate::system::clock::Clock;
use crate::system::randomness::{NoRandomness, Randomness, SystemRandomness};
use crate::tokens::keys::KeysError;

pub use data_dir::{CONTROL_SOCKET, DataDir, DataDirError};
use listeners::Listeners;

/// How long open requests have to end when the service ends.
const PATIENCE: Duration = Duration::from_millis(600);
/// How long the database has to close. Whatever was answered is durable already.
const CLOSING: Duration = Duration::from_millis(200);
const TIDY_EVERY: Duration = Duration::from_secs(60);

/// What a service is started with.
pub struct Start {
    /// The configuration.
    pub config: Config,
    /// The data directory.
    pub data_dir: PathBuf,
    /// Whether an empty database gets an administrator and a filter credential.
    pub first_start: bool,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The clock again, where it can be shifted.
    #[cfg(feature = "test-clock")]
    pub shifted_clock: Arc<crate::system::clock::ShiftedClock>,
}

/// A service that listens.
pub struct Running {
    /// Where people come in.
    pub listen: SocketAddr,
    /// Where filters come in.
    pub filters: SocketAddr,
    /// What was made on the first start, to be told once.
    pub first_start: Option<FirstStart>,
    /// What the endpoints share.
    pub service: Arc<Service>,
    database: Database,
    data_dir: DataDir,
    stopping: watch::Sender<bool>,
    listeners: JoinSet<std::io::Result<()>>,
    background: JoinSet<()>,
}

/// Why a service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address} ({setting}): {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The setting that says it.
        setting: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// The default team domain cannot be made of the port.
    #[error("server.team_domain must be set for this address")]
    TeamDomain,
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database does not answer.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Passwords cannot be hashed.
    #[error(transparent)]
    Passwords(#[from] PasswordError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// A declared application cannot be.
    #[error("the declared applications cannot be taken over: {0}")]
    Declare(#[from] ChangeError),
    /// The administrator or the credential.
    #[error(transparent)]
    FirstStart(#[from] FirstStartError),
}

/// Starts a service.
///
/// # Errors
/// When it cannot run; nothing listens then.
pub async fn start(start: Start) -> Result<Running, StartError> {
    let random: Arc<dyn Randomness> = Arc::new(SystemRandomness);
    let data_dir = DataDir::prepare(&start.data_dir).await?;
    let url = match &start.config.database.url {
        Some(url) => url.clone(),
        None => data_dir.default_database_url()?,
    };
    let listeners = Listeners::bind(&start.config.server, &data_dir).await?;
    let database = Database::open(&url, &random.id()?).await?;
    let (stopping, stopped) = watch::channel(false);
    let parts = assemble::Parts {
        database: database.clone(),
        random,
        team_domain: assemble::team_domain(&start.config, listeners.listen)?,
        stopping: stopped,
    };
    let wants_first_start = start.first_start;
    let service = Arc::new(assemble::assemble(start, parts).await?);
    let first_start = if wants_first_start {
        first_start::make(&service).await?
    } else {
        None
    };
    let (listen, filters) = (listeners.listen, listeners.filters);
    let running = Running {
        listen,
        filters,
        first_start,
        listeners: listeners.serve(&service)?,
        background: background(&service),
        service,
        database,
        data_dir,
        stopping,
    };
    running.data_dir.write_run_file(listen, filters)?;
    tracing::info!(
        %listen,
        %filters,
        team_domain = %running.service.team_domain,
        socket = %running.data_dir.socket().display(),
        "listening"
    );
    Ok(running)
}

impl Running {
    /// Waits until a listener fails, which none should.
    pub async fn failed(&mut self) {
        if let Some(ended) = self.listeners.join_next().await {
            tracing::error!(?ended, "a listener ended");
        }
    }

    /// Stops listening, answers long polls, gives other requests a moment, closes the database.
    pub async fn stop(mut self) {
        self.stopping.send_replace(true);
        self.data_dir.remove_run_files();
        self.background.shutdown().await;
        let all = async { while self.listeners.join_next().await.is_some() {} };
        if tokio::time::timeout(PATIENCE, all).await.is_err() {
            tracing::warn!("requests were cut off at the end");
        }
        self.listeners.shutdown().await;
        let _ = tokio::time::timeout(CLOSING, self.database.close()).await;
        tracing::info!("stopped");
    }
}

fn background(service: &Arc<Service>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(Arc::clone(&service.notifier).follow(service.storage.clone()));
    tasks.spawn(
        Arc::clone(&service.proxies)
            .keep_writing(service.storage.clone(), Arc::clone(&service.notifier)),
    );
    let service = Arc::clone(service);
    tasks.spawn(async move {
        let mut ticks = tokio::time::interval(TIDY_EVERY);
        loop {
            ticks.tick().await;
            if let Err(error) = service.storage.tidy(service.now()).await {
                tracing::warn!(error = ?error, "the database could not be tidied");
            }
        }
    });
    tasks
}
