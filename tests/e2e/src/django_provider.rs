//! A Django project that signs people in by django-oauth-toolkit, with its own pages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portcullis_demo::ports::free_port;
use portcullis_demo::process::Process;
use portcullis_demo::tools::Tools;
use portcullis_demo::wait;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/providers/django/provider.py");
/// Making the database takes some seconds on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// A running provider.
pub struct DjangoProvider {
    /// Its issuer, which has a path.
    pub issuer: String,
    directory: PathBuf,
    _process: Process,
}

/// What it knows from the start.
pub struct Settings<'a> {
    /// Where its database and its log are.
    pub directory: &'a Path,
    /// The origin of the team domain.
    pub team_domain: &'a str,
    /// The last parts of its callbacks, with commas between them.
    pub ids: &'a str,
    /// The client's secret.
    pub secret: &'a str,
    /// The names of those who have an account, with commas between them.
    pub people: &'a str,
}

/// What an administrator does with an account.
#[derive(Debug, Clone, Copy)]
pub enum Change {
    /// It can sign in nowhere any more.
    Disable,
    /// It can sign in again.
    Enable,
    /// It is in no group any more.
    LeaveGroups,
    /// It is in the group `engineering` again.
    JoinGroup,
}

impl DjangoProvider {
    /// Starts it.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(settings: &Settings<'_>) -> Result<Self> {
        let directory = settings.directory.to_owned();
        let port = free_port()?;
        let mut command = script(&directory)?;
        command
            .args(["serve", &port.to_string()])
            .env("TEAM_DOMAIN", settings.team_domain)
            .env("PROVIDER_IDS", settings.ids)
            .env("CLIENT_SECRET", settings.secret)
            .env("PEOPLE", settings.people);
        let log = directory.join("django.log");
        let mut process = Process::start("django-oauth-toolkit", &command, &log)?;
        wait::until("django-oauth-toolkit to listen", LIMIT, || {
            process.check_running()?;
            let text = fs::read_to_string(&log).unwrap_or_default();
            Ok(text.contains("listening at").then_some(()))
        })?;
        Ok(Self {
            issuer: format!("http://127.0.0.1:{port}/o"),
            directory,
            _process: process,
        })
    }

    /// Changes a person's account, as the provider's administrator.
    ///
    /// # Errors
    /// When the provider knows nobody of that name.
    pub fn change(&self, name: &str, change: Change) -> Result<()> {
        let what = match change {
            Change::Disable => "disable",
            Change::Enable => "enable",
            Change::LeaveGroups => "leave",
            Change::JoinGroup => "join",
        };
        let output = script(&self.directory)?.args([what, name]).output();
        let output = output.context("cannot run Python")?;
        ensure!(
            output.status.success(),
            "{what} {name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }
}

/// The script, with the provider's directory.
fn script(directory: &Path) -> Result<Command> {
    let python = Tools::target()?.join("providers/venv/bin/python");
    ensure!(
        python.is_file(),
        "{} is missing: run `make providers`",
        python.display()
    );
    let mut command = Command::new(python);
    command
        .arg(SCRIPT)
        .env("PROVIDER_DIRECTORY", directory)
        // Nothing is written beside the script.
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}
