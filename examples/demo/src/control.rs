//! The control service as a child process, driven by its own command line.

mod applications;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::blocking::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use applications::{Allow, EnvoyConfig, NewApplication};

use crate::process::Process;
use crate::wait;

/// Making keys and the database takes most of it.
const START_LIMIT: Duration = Duration::from_secs(30);

/// A running control service.
#[derive(Debug)]
pub struct ControlService {
    process: Process,
    program: PathBuf,
    data: PathBuf,
    addresses: Addresses,
}

/// Where it listens, as it says in `run.json`.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Addresses {
    /// For people.
    pub listen: SocketAddr,
    /// For filters.
    pub filters: SocketAddr,
    /// For Prometheus.
    pub metrics: SocketAddr,
    /// Whose file it is: an older run may have left one.
    pid: u32,
}

/// A user who can sign in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct User {
    /// `sub` of their tokens.
    pub id: String,
    /// What they type.
    pub email: String,
    /// What else they type.
    pub password: String,
}

impl ControlService {
    /// Starts the service on the configuration file in `directory` and waits until it listens.
    ///
    /// # Errors
    /// When it ends, with the end of its log, or is not up in half a minute.
    pub fn start(program: &Path, directory: &Path, configuration: &str) -> Result<Self> {
        let file = directory.join("control.toml");
        fs::write(&file, configuration)
            .with_context(|| format!("cannot write {}", file.display()))?;
        let data = directory.join("data");
        let (process, addresses) = serve(program, directory, None)?;
        Ok(Self {
            process,
            program: program.to_owned(),
            data,
            addresses,
        })
    }

    /// Ends the service as a crash would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts the service again after [`Self::kill`], on the same addresses and data.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn restart(&mut self) -> Result<()> {
        let directory = self.data.parent().context("no directory")?;
        (self.process, self.addresses) = serve(&self.program, directory, Some(self.addresses))?;
        Ok(())
    }

    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// What it serves to Prometheus.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn metrics(&self) -> Result<String> {
        let client = Client::builder().no_proxy().build()?;
        let url = format!("http://{}/metrics", self.addresses.metrics);
        Ok(client.get(url).send()?.error_for_status()?.text()?)
    }

    /// The process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// The file with its log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.process.log().to_owned()
    }

    /// The file with its database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.data.join("portcullis.db")
    }

    /// What to type before a command to reach this service from a terminal.
    #[must_use]
    pub fn command_line(&self) -> String {
        format!(
            "{} --data-dir {}",
            self.program.display(),
            self.data.display()
        )
    }

    /// Runs a command and reads its answer.
    ///
    /// # Errors
    /// When the command is refused, with its own words, or answers something else.
    pub fn command<T: DeserializeOwned>(&self, arguments: &[&str]) -> Result<T> {
        let output = self
            .prepare(arguments)
            .output()
            .with_context(|| format!("cannot run {}", self.program.display()))?;
        if !output.status.success() {
            bail!(
                "`{}` failed ({}): {}{}",
                arguments.join(" "),
                output.status,
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("`{}` answered something else", arguments.join(" ")))
    }

    /// A command that answers in JSON, to be run.
    #[must_use]
    pub fn prepare(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg("--data-dir")
            .arg(&self.data)
            .arg("--json")
            .args(arguments);
        command
    }

    /// Adds a user, with a password that the service makes up.
    ///
    /// # Errors
    /// As [`Self::command`].
    pub fn add_user(&self, email: &str) -> Result<User> {
        self.command(&["user", "add", email])
    }

    /// Gives a user a role in the dashboard.
    ///
    /// # Errors
    /// As [`Self::command`].
    pub fn give_role(&self, email: &str, role: &str) -> Result<()> {
        let _: serde_json::Value = self.command(&["user", "role", email, role])?;
        Ok(())
    }

    /// A new filter credential for all audiences.
    ///
    /// # Errors
    /// As [`Self::command`].
    pub fn new_filter_credential(&self) -> Result<String> {
        #[derive(Deserialize)]
        struct Answer {
            credential: String,
        }
        let answer: Answer = self.command(&["filter-credential", "new"])?;
        Ok(answer.credential)
    }

    /// Ends all sessions of a user; the feed's version of it is the answer.
    ///
    /// # Errors
    /// As [`Self::command`].
    pub fn revoke_user(&self, email: &str) -> Result<u64> {
        self.revoke(&["revoke", "user", email])
    }

    /// Ends all sessions of an application; the feed's version of it is the answer.
    ///
    /// # Errors
    /// As [`Self::command`].
    pub fn revoke_application(&self, name: &str) -> Result<u64> {
        self.revoke(&["revoke", "application", name])
    }

    fn revoke(&self, arguments: &[&str]) -> Result<u64> {
        #[derive(Deserialize)]
        struct Answer {
            version: u64,
        }
        let answer: Answer = self.command(arguments)?;
        Ok(answer.version)
    }
}

/// Starts the service in a directory, on the addresses of its file or on others.
fn serve(
    program: &Path,
    directory: &Path,
    addresses: Option<Addresses>,
) -> Result<(Process, Addresses)> {
    let data = directory.join("data");
    let mut command = Command::new(program);
    command
        .arg("--data-dir")
        .arg(&data)
        .arg("--config")
        .arg(directory.join("control.toml"))
        .arg("serve")
        .env("PORTCULLIS_SERVER__METRICS", "127.0.0.1:0");
    if let Some(addresses) = addresses {
        command
            .env("PORTCULLIS_SERVER__METRICS", addresses.metrics.to_string())
            .env("PORTCULLIS_SERVER__LISTEN", addresses.listen.to_string())
            .env("PORTCULLIS_SERVER__FILTERS", addresses.filters.to_string());
    }
    let log = directory.join("control.log");
    let mut process = Process::start("the control service", &command, &log)?;
    let addresses = wait::until("the control service to listen", START_LIMIT, || {
        process.check_running()?;
        Ok(read_addresses(&data.join("run.json")).filter(|found| found.pid == process.id()))
    })?;
    Ok((process, addresses))
}

fn read_addresses(file: &Path) -> Option<Addresses> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}
