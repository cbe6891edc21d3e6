//! Envoy as a child process.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::process::{Process, ProcessError};

/// Envoy's own default.
pub const DRAIN: Duration = Duration::from_secs(600);
/// Compiling the filter takes most of it.
const START_LIMIT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(10);
/// The admin endpoint is on this machine.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// What to start.
pub struct Settings<'a> {
    /// The program.
    pub program: &'a Path,
    /// Where the log and the admin endpoint's address go.
    pub directory: &'a Path,
    /// The bootstrap file, YAML or JSON by its extension.
    pub bootstrap: &'a Path,
    /// The filter's credential; only the environment carries it.
    pub credential: &'a str,
    /// The node id, so that it is known again after a restart.
    pub node: Option<&'a str>,
    /// The number of worker threads.
    pub workers: u32,
    /// How long an old configuration serves the connections that it has.
    pub drain: Duration,
}

/// Why Envoy does not run.
#[derive(Debug, thiserror::Error)]
pub enum EnvoyError {
    /// It did not start, or has ended.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// It takes no requests.
    #[error("Envoy was not ready within {limit:?}; its log is {log}")]
    NotReady {
        /// How long it was waited for.
        limit: Duration,
        /// The file with its log.
        log: String,
    },
}

/// Starts Envoy and waits until it takes requests. Returns the address of its admin endpoint as well.
///
/// # Errors
/// When Envoy ends, with the end of its log, or is not ready in a minute.
pub fn start(settings: &Settings<'_>) -> Result<(Process, SocketAddr), EnvoyError> {
    let admin_file = settings.directory.join("envoy-admin");
    let _ = fs::remove_file(&admin_file);
    let log = settings.directory.join("envoy.log");
    let mut process = Process::start("Envoy", &command(settings, &admin_file), &log)?;
    let start = Instant::now();
    while start.elapsed() < START_LIMIT {
        process.check_running()?;
        // The file is there before its text is.
        let admin = fs::read_to_string(&admin_file);
        if let Some(admin) = admin.ok().and_then(|text| text.parse().ok())
            && is_ready(admin).unwrap_or(false)
        {
            return Ok((process, admin));
        }
        thread::sleep(PAUSE);
    }
    Err(EnvoyError::NotReady {
        limit: START_LIMIT,
        log: log.display().to_string(),
    })
}

fn command(settings: &Settings<'_>, admin_file: &Path) -> Command {
    let mut command = Command::new(settings.program);
    command
        .arg("--config-path")
        .arg(settings.bootstrap)
        .arg("--admin-address-path")
        .arg(admin_file)
        .args(["--concurrency", &settings.workers.to_string()])
        // Shared memory of hot restarts would let only one Envoy run on this machine.
        .arg("--disable-hot-restart")
        .args(["--log-level", "info"])
        .args(["--drain-time-s", &settings.drain.as_secs().to_string()])
        // Access logs are written at once, so that they can be read while Envoy runs.
        .args(["--file-flush-interval-msec", "50"])
        .env("PORTCULLIS_FILTER_CREDENTIAL", settings.credential);
    if let Some(node) = settings.node {
        command.args(["--service-node", node]);
    }
    command
}

/// Whether the admin endpoint says that Envoy takes requests.
fn is_ready(admin: SocketAddr) -> io::Result<bool> {
    let mut connection = TcpStream::connect_timeout(&admin, ANSWER_LIMIT)?;
    connection.set_read_timeout(Some(ANSWER_LIMIT))?;
    write!(
        connection,
        "GET /ready HTTP/1.1\r\nhost: {admin}\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    Ok(answer.starts_with(b"HTTP/1.1 200 "))
}
