//! The command, and what it prints.

use std::ffi::OsStr;
use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portcullis_demo::browser::Browser;
use portcullis_demo::control::User;
use portcullis_demo::process::Process;
use portcullis_demo::tools::Tools;
use portcullis_demo::wait;
use portcullis_e2e::directories;
use rustix::process::Signal;
use serde_json::Value;

/// Envoy compiles the filter, beside other tests.
const START_LIMIT: Duration = Duration::from_secs(90);
/// How long the command may take to end.
pub const END_LIMIT: Duration = Duration::from_secs(15);

/// A running `try`, and what it said.
pub struct Try {
    pub process: Process,
    pub said: Value,
}

impl Try {
    /// Starts it and waits until it says where it is.
    pub fn start(data_dir: &Path, port: u16, applications: &[String]) -> Result<Self> {
        fs::create_dir_all(data_dir)?;
        let log = data_dir.join(format!("try-{port}.log"));
        Self::start_command(&command(data_dir, port, applications)?, &log)
    }

    /// The same for a command that is made already.
    pub fn start_command(command: &Command, log: &Path) -> Result<Self> {
        let mut process = Process::start("try", command, log)?;
        let said = wait::until("`try` to be ready", START_LIMIT, || {
            process.check_running()?;
            let log = fs::read_to_string(log)?;
            let objects = log.lines().filter(|line| line.starts_with('{'));
            Ok(objects
                .filter_map(|line| serde_json::from_str(line).ok())
                .next())
        })?;
        Ok(Self { process, said })
    }

    /// A text of what it said.
    pub fn text(&self, pointer: &str) -> Result<&str> {
        let text = self.said.pointer(pointer).and_then(Value::as_str);
        text.with_context(|| format!("no {pointer} in {}", self.said))
    }

    /// The user whom it named.
    pub fn user(&self) -> Result<User> {
        Ok(User {
            id: String::new(),
            email: self.text("/user")?.to_owned(),
            password: self.text("/password")?.to_owned(),
        })
    }

    /// A browser that trusts the authority.
    pub fn browser(&self) -> Result<Browser> {
        Browser::new(Path::new(self.text("/certificate_authority")?))
    }

    /// Runs another command on the same data.
    pub fn control(&self, arguments: &[&str]) -> Result<Output> {
        let output = Command::new(Tools::find("control-with-clock")?.control)
            .args(["--data-dir", self.text("/data_dir")?])
            .args(arguments)
            .output()?;
        let error = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{arguments:?}: {error}");
        Ok(output)
    }

    /// Ends it as Ctrl-C does, and checks that it says that all is well.
    pub fn interrupt(mut self) -> Result<()> {
        self.process.signal(Signal::INT);
        let status = self.process.wait_for_end(END_LIMIT)?;
        let log = fs::read_to_string(self.process.log())?;
        ensure!(status.code() == Some(0), "{status}: {log}");
        Ok(())
    }

    /// The process id of its Envoy: its only child.
    pub fn envoy(&self) -> Result<i32> {
        let parent = self.process.id().to_string();
        for entry in fs::read_dir("/proc")? {
            let stat = entry?.path().join("stat");
            // The name, in parentheses, may hold spaces; state and parent follow.
            let stat = fs::read_to_string(stat).unwrap_or_default();
            let Some((before, after)) = stat.rsplit_once(')') else {
                continue;
            };
            if after.split_whitespace().nth(1) == Some(&parent) {
                let pid = before.split(' ').next().unwrap_or_default();
                return Ok(pid.parse()?);
            }
        }
        anyhow::bail!("`try` has no child")
    }
}

/// A directory of a test's own. Unix sockets have short paths only, so it is not a deep one.
pub fn directory(name: &str) -> Result<PathBuf> {
    directories::of_stand(name)
}

/// The command, to be run.
pub fn command(data_dir: &Path, port: u16, applications: &[String]) -> Result<Command> {
    let program = Tools::find("control-with-clock")?.control;
    Ok(command_of(
        program.as_os_str(),
        data_dir,
        port,
        applications,
    ))
}

/// The same for a program elsewhere.
pub fn command_of(program: &OsStr, data_dir: &Path, port: u16, applications: &[String]) -> Command {
    let mut command = Command::new(program);
    command
        .args(["--json", "try", "--port", &port.to_string(), "--data-dir"])
        .arg(data_dir);
    for application in applications {
        command.args(["--app", application]);
    }
    command
}

/// The command's error, where it does not start.
pub fn refused(mut command: Command) -> Result<String> {
    let output = command.output()?;
    ensure!(output.status.code() == Some(1), "{output:?}");
    let error = String::from_utf8(output.stderr)?;
    // The refusal alone: nothing says before it that something starts.
    let object: Value = serde_json::from_str(&error).context(error.clone())?;
    let error = object.pointer("/error").and_then(Value::as_str);
    Ok(error.context("no error")?.to_owned())
}

/// Waits until nothing accepts connections on a port any more.
pub fn wait_until_closed(port: u16) -> Result<()> {
    wait::until("Envoy's port to close", END_LIMIT, || {
        let open = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
        Ok((!open).then_some(()))
    })
}
