//! Envoy as a child process.

pub mod admin;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use admin::Admin;

use crate::process::Process;
use crate::wait;

/// Envoy's own default.
pub const DRAIN: Duration = Duration::from_secs(600);
/// Compiling the filter takes most of it.
const START_LIMIT: Duration = Duration::from_secs(60);

/// What to start.
#[derive(Debug)]
pub struct Settings<'a> {
    /// The program.
    pub program: &'a Path,
    /// Where the log and the admin endpoint's address go.
    pub directory: &'a Path,
    /// The bootstrap file, YAML or JSON by its extension.
    pub bootstrap: &'a Path,
    /// The filter's credential; only the environment carries it.
    pub credential: &'a str,
    /// The number of worker threads.
    pub workers: u32,
    /// How long an old configuration serves the connections that it has.
    pub drain: Duration,
}

/// A running Envoy.
#[derive(Debug)]
pub struct Envoy {
    process: Process,
    admin: Admin,
}

impl Envoy {
    /// Starts Envoy and waits until it takes requests.
    ///
    /// # Errors
    /// When Envoy ends, with the end of its log, or is not ready in a minute.
    pub fn start(settings: &Settings<'_>) -> Result<Self> {
        let admin_file = settings.directory.join("envoy-admin");
        let _ = fs::remove_file(&admin_file);
        let mut process = Process::start(
            "Envoy",
            &command(settings, &admin_file),
            &settings.directory.join("envoy.log"),
        )?;
        let address = wait::until("Envoy's admin endpoint", START_LIMIT, || {
            process.check_running()?;
            // The file is there before its text is.
            Ok(fs::read_to_string(&admin_file)
                .ok()
                .and_then(|text| text.parse().ok()))
        })?;
        let mut envoy = Self {
            process,
            admin: Admin::new(address)?,
        };
        wait::until("Envoy to be ready", START_LIMIT, || envoy.ready())?;
        Ok(envoy)
    }

    /// The process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// The file with Envoy's own log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.process.log().to_owned()
    }

    /// Its admin endpoint.
    #[must_use]
    pub fn admin(&self) -> &Admin {
        &self.admin
    }

    fn ready(&mut self) -> Result<Option<()>> {
        self.process.check_running()?;
        Ok(self.admin.is_ready().then_some(()))
    }
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
    command
}
