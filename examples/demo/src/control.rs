//! The control service as a child process, driven by its own command line.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::blocking::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

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

/// What is protected, as the command line wants it said.
#[derive(Debug, Clone)]
pub struct NewApplication<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its origin.
    pub origin: &'a str,
    /// The application session's duration, such as `10m`.
    pub session_duration: &'a str,
    /// Whether tokens are bound to a binding cookie.
    pub binding_cookie: bool,
    /// Whether scripts are kept from the token.
    pub http_only: bool,
    /// `none`, `lax` or `strict`.
    pub same_site: &'a str,
    /// Who is admitted.
    pub allow: Allow<'a>,
    /// More options of `application add`, as on the command line.
    pub options: &'a [&'a str],
}

/// What Envoy's bootstrap is printed for.
#[derive(Debug, Clone, Copy)]
pub struct EnvoyConfig<'a> {
    /// Where Envoy listens.
    pub listen: SocketAddr,
    /// The server's certificate, PEM.
    pub certificate: &'a Path,
    /// The server's private key, PEM.
    pub key: &'a Path,
    /// The filter.
    pub module: &'a Path,
    /// The access log's file.
    pub access_log: &'a Path,
    /// More options of `envoy-config`, as on the command line.
    pub options: &'a [&'a str],
}

/// Whom a policy admits.
#[derive(Debug, Clone)]
pub enum Allow<'a> {
    /// All users who can sign in.
    Everyone,
    /// These addresses.
    Emails(&'a [&'a str]),
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

    /// Adds an application; its audience is the answer.
    ///
    /// # Errors
    /// As [`Self::command`].
    pub fn add_application(&self, new: &NewApplication<'_>) -> Result<String> {
        #[derive(Deserialize)]
        struct Answer {
            audience: String,
        }
        let mut arguments = vec![
            "application",
            "add",
            new.name,
            "--origin",
            new.origin,
            "--session-duration",
            new.session_duration,
            "--binding-cookie",
            if new.binding_cookie { "true" } else { "false" },
            "--http-only",
            if new.http_only { "true" } else { "false" },
            "--same-site",
            new.same_site,
        ];
        match new.allow {
            Allow::Everyone => arguments.push("--allow-everyone"),
            Allow::Emails(emails) => {
                arguments.extend(emails.iter().flat_map(|email| ["--allow-email", email]));
            }
        }
        arguments.extend(new.options);
        let answer: Answer = self.command(&arguments)?;
        Ok(answer.audience)
    }

    /// Replaces the policy of an application by rules, in the form of the configuration file.
    ///
    /// # Errors
    /// When the service does not answer, or refuses.
    pub fn set_policy(&self, application: &str, rules: &Value) -> Result<()> {
        let socket = self.data.join("control.sock");
        let client = Client::builder().no_proxy().unix_socket(socket).build()?;
        let change = json!({ "name": application, "changes": { "policy": rules } });
        let answer = client
            .post("http://control/applications/set")
            .json(&change)
            .send()?;
        if !answer.status().is_success() {
            bail!("the policy of {application} is refused: {}", answer.text()?);
        }
        Ok(())
    }

    /// Envoy's bootstrap for the applications that exist.
    ///
    /// # Errors
    /// As [`Self::command`].
    pub fn envoy_config(&self, config: &EnvoyConfig<'_>) -> Result<String> {
        #[derive(Deserialize)]
        struct Answer {
            bootstrap: String,
        }
        let listen = config.listen.to_string();
        let mut arguments = vec!["envoy-config", "--listen", &listen];
        for (option, file) in [
            ("--certificate", config.certificate),
            ("--key", config.key),
            ("--module", config.module),
            ("--access-log", config.access_log),
        ] {
            let file = file.to_str();
            arguments.extend([option, file.context("a path that is not UTF-8")?]);
        }
        arguments.extend(config.options);
        let answer: Answer = self.command(&arguments)?;
        Ok(answer.bootstrap)
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
