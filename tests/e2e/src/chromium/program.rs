//! The program, started so that it ends with this process.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use portcullis_demo::process::Process;
use portcullis_demo::wait;

use super::{LIMIT, profile};

/// Where Debian's package puts it; the variable overrides it.
const PROGRAM: &str = "/usr/bin/chromium";
const VARIABLE: &str = "PORTCULLIS_CHROMIUM";

/// Starts Chromium on the profile in a directory, with more arguments; the answer is where it takes
/// commands.
pub(super) fn start(directory: &Path, arguments: &[String]) -> Result<(Process, String)> {
    let user_data = directory.join(profile::USER_DATA);
    let mut command = Command::new(find()?);
    command
        .env("HOME", directory)
        .args(["--headless=new", "--remote-debugging-port=0"])
        .arg(format!("--user-data-dir={}", user_data.display()))
        .args(["--no-first-run", "--no-default-browser-check"])
        .args(["--disable-gpu", "--disable-sync", "--disable-extensions"])
        .args(["--disable-component-update", "--password-store=basic"])
        // Nothing but this machine.
        .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE *.localhost, EXCLUDE *.localhost., EXCLUDE 127.0.0.1")
        .args(arguments)
        .arg("about:blank");
    if rustix::process::geteuid().is_root() {
        // Chromium's sandbox refuses to run as root, as continuous integration does.
        command.arg("--no-sandbox");
    }
    let mut process = Process::start("Chromium", &command, &directory.join("chromium.log"))?;
    let file = user_data.join("DevToolsActivePort");
    let address = wait::until("Chromium to take commands", LIMIT, || {
        process.check_running()?;
        Ok(fs::read_to_string(&file).ok().and_then(|text| parse(&text)))
    })?;
    Ok((process, address))
}

fn find() -> Result<PathBuf> {
    let program = env::var_os(VARIABLE).map_or_else(|| PROGRAM.into(), PathBuf::from);
    if !program.is_file() {
        bail!(
            "{} is missing: run `make chromium`, or name another in {VARIABLE}",
            program.display()
        );
    }
    Ok(program)
}

/// The port stands in the first line, the path in the second; the file is there before its text.
fn parse(text: &str) -> Option<String> {
    let (port, path) = text.split_once('\n')?;
    let port: u16 = port.parse().ok()?;
    let path = path.trim_end();
    (!path.is_empty()).then(|| format!("ws://127.0.0.1:{port}{path}"))
}
