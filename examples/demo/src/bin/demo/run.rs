//! The demo itself.

use std::env;
use std::fs;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use portcullis_demo::control::User;
use portcullis_demo::deployment::Deployment;
use portcullis_demo::ports::is_free;
use portcullis_demo::tools::Tools;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::scene::{EMAIL, Scene, WIKI};

const DEFAULT_PORT: u16 = 8443;
const DEFAULT_SESSION: &str = "10m";
/// As the control service does it without being told.
const LOGIN_BLOCK: Duration = Duration::from_secs(60);
/// How soon the end of a part is noticed.
const LOOK: Duration = Duration::from_millis(500);

/// Starts the demo and keeps it until a signal.
///
/// # Errors
/// When a setting is wrong, the port is taken, or a part ends by itself.
pub fn run() -> Result<()> {
    let port = port()?;
    let session_duration = env::var("DEMO_SESSION").unwrap_or_else(|_| DEFAULT_SESSION.to_owned());
    let tools = Tools::find("portcullis-control")?;
    let directory = tools.target.join("demo");
    println!("starting the control service, Envoy and the demo application …");
    let (mut deployment, user) = Scene {
        tools: &tools,
        directory: &directory,
        port,
        session_duration: &session_duration,
        login_block: LOGIN_BLOCK,
    }
    .open()?;
    write_env(&directory, &deployment, &user)?;
    let signals = signals()?;
    explain(&deployment, &session_duration);
    println!(
        "ready: {} user {} password {}",
        deployment.origin_of("wiki.localhost"),
        user.email,
        user.password
    );
    wait(&mut deployment, &signals)?;
    println!("\nending …");
    Ok(())
}

fn port() -> Result<u16> {
    let port = match env::var("DEMO_PORT") {
        Ok(text) => text
            .parse()
            .ok()
            .filter(|port| *port != 0)
            .with_context(|| format!("DEMO_PORT is `{text}`, not a port from 1 to 65535"))?,
        Err(_) => DEFAULT_PORT,
    };
    if !is_free(port) {
        bail!(
            "port {port} is taken or not allowed: choose another, as in `make demo DEMO_PORT=9443`"
        );
    }
    Ok(port)
}

/// For scripts: `. target/demo/env`.
fn write_env(directory: &Path, deployment: &Deployment, user: &User) -> Result<()> {
    let addresses = deployment.control.addresses();
    let text = format!(
        "DEMO_PORT={}\nDEMO_CA={}\nDEMO_TEAM={}\nDEMO_WIKI={}\nDEMO_NOTES={}\nDEMO_BOARD={}\n\
         DEMO_CONTROL_PORT={}\nDEMO_FILTERS_PORT={}\nDEMO_ORIGIN_PORT={}\n\
         DEMO_EMAIL={}\nDEMO_PASSWORD={}\n",
        deployment.port(),
        deployment.certificates.authority.display(),
        deployment.team_domain(),
        deployment.origin_of("wiki.localhost"),
        deployment.origin_of("notes.localhost"),
        deployment.origin_of("board.team.localhost"),
        addresses.listen.port(),
        addresses.filters.port(),
        deployment.origin.address().port(),
        user.email,
        user.password,
    );
    let file = directory.join("env");
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
}

fn explain(deployment: &Deployment, session_duration: &str) {
    let command = deployment.control.command_line();
    println!(
        "
  {wiki}   with binding cookie and HttpOnly; refreshed inside the request
  {notes}  with neither; never refreshed
  {board}  with both; never refreshed, on the same site as the team domain
  {team}   the team domain, where users sign in

  An application session lasts {session_duration} (DEMO_SESSION), plus 30 seconds because clocks
  differ. Watch it end: without the script the page says so; with it (/with-script) board renews
  the session by itself, and notes asks you to sign in and then continues.

  The browser warns because it does not know this demo's certificate authority. Accept the
  certificate, or trust {ca}: Firefox, Settings, Certificates, Import;
  Chromium, Settings, Privacy and security, Security, Manage certificates. The authority is valid
  for names under localhost only, and a new one is made at each start.

  Keep the page open and, in a second terminal, revoke
    the user          {command} revoke user {EMAIL}
    the application   {command} revoke application {WIKI}

  Logs: {directory}/*.log. Ctrl-C ends everything.
",
        wiki = deployment.origin_of("wiki.localhost"),
        notes = deployment.origin_of("notes.localhost"),
        board = deployment.origin_of("board.team.localhost"),
        team = deployment.team_domain(),
        ca = deployment.certificates.authority.display(),
        directory = deployment.directory().display(),
    );
}

/// A message for each signal that shall end the demo.
fn signals() -> Result<Receiver<i32>> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for signal in signals.forever() {
            if sender.send(signal).is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}

fn wait(deployment: &mut Deployment, signals: &Receiver<i32>) -> Result<()> {
    while let Err(RecvTimeoutError::Timeout) = signals.recv_timeout(LOOK) {
        deployment.check_running()?;
    }
    Ok(())
}
