//! The demo itself.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use portcullis_control::local::{DEFAULT_PORT, ports};

use super::scene::{Demo, EMAIL, Scene, WIKI, empty};
use super::settings::Settings;
use crate::tools::Tools;

/// As the control service does it without being told.
const LOGIN_BLOCK: Duration = Duration::from_secs(60);

/// Starts the demo and keeps it until a signal.
///
/// # Errors
/// When a setting is wrong, the port is taken, or a part ends by itself.
pub fn run() -> Result<()> {
    let Settings {
        port,
        session_duration,
        provider,
    } = Settings::read(|name| env::var_os(name))?;
    ports::check_free(port)
        .map_err(|error| anyhow!("{error}, as in `make demo DEMO_PORT=9443`"))?;
    let tools = Tools::find("portcullis-control")?;
    let directory = directory_of(&tools.target, port);
    // One that no demo of this kind made.
    if !directory.join("account.json").exists() {
        empty(&directory)?;
    }
    println!("starting the control service, Envoy and the demo application …");
    let mut demo = Scene {
        tools: &tools,
        directory: &directory,
        port,
        session_duration: &session_duration,
        login_block: LOGIN_BLOCK,
        provider,
    }
    .open()?;
    let user = demo.user();
    let password = user.as_ref().map_or("", |user| &user.password);
    write_env(&directory, &demo, password)?;
    explain(&demo, &tools, &session_duration);
    if let Some(provider) = &demo.provider {
        println!(
            "  The sign-in page also leads to an OpenID provider at {}: type any name there, and any\n  \
             password. Its own logout button ends your sessions here, too: {}\n",
            provider.issuer,
            provider.logout_page()
        );
    }
    println!(
        "ready: {} dashboard {}/dashboard user {EMAIL} password {}",
        demo.origin_of("wiki.localhost"),
        demo.team_domain(),
        if password.is_empty() {
            "(the one that was set last)"
        } else {
            password
        }
    );
    demo.local.wait()?;
    println!("\nending …");
    Ok(())
}

/// Each port has a directory of its own, so that several demos can run.
fn directory_of(target: &Path, port: u16) -> PathBuf {
    target.join(match port {
        DEFAULT_PORT => "demo".to_owned(),
        port => format!("demo-{port}"),
    })
}

/// For scripts: `. target/demo/env`.
fn write_env(directory: &Path, demo: &Demo, password: &str) -> Result<()> {
    let text = format!(
        "DEMO_PORT={}\nDEMO_CA={}\nDEMO_TEAM={}\nDEMO_WIKI={}\nDEMO_NOTES={}\nDEMO_BOARD={}\n\
         DEMO_CONTROL_PORT={}\nDEMO_FILTERS_PORT={}\nDEMO_ORIGIN_PORT={}\n\
         DEMO_EMAIL={}\nDEMO_PASSWORD={}\n",
        demo.local.team_domain.port(),
        demo.local.certificates.authority.display(),
        demo.team_domain(),
        demo.origin_of("wiki.localhost"),
        demo.origin_of("notes.localhost"),
        demo.origin_of("board.team.localhost"),
        demo.local.listen.port(),
        demo.local.filters.port(),
        demo.origin.address().port(),
        EMAIL,
        password,
    );
    let file = directory.join("env");
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
}

fn explain(demo: &Demo, tools: &Tools, session_duration: &str) {
    println!(
        "
  {wiki}   with binding cookie and HttpOnly; refreshed inside the request
  {notes}  with neither; never refreshed
  {board}  with both; never refreshed, on the same site as the team domain
  {team}   the team domain, where users sign in and see their sessions

  An application session lasts {session_duration} (DEMO_SESSION), plus 30 seconds because clocks
  differ. Watch it end: without the script the page says so; with it (/with-script) board renews
  the session by itself, and notes asks you to sign in and then continues.

  The browser warns because it does not know this demo's certificate authority. Accept the
  certificate, or trust {ca}: Firefox, Settings, Privacy & Security,
  View Certificates, Authorities, Import; Chromium, Settings, Privacy and security, Security, Manage
  certificates. The authority is valid for names under localhost only, and is kept for the next
  start; so are the user and the password.

  Keep the page open and, in a second terminal, revoke
    the user          {command} revoke user {EMAIL} --wait
    the application   {command} revoke application {WIKI} --wait

  Logs: {directory}/*.log. Ctrl-C ends everything.
",
        wiki = demo.origin_of("wiki.localhost"),
        notes = demo.origin_of("notes.localhost"),
        board = demo.origin_of("board.team.localhost"),
        team = demo.team_domain(),
        ca = demo.local.certificates.authority.display(),
        command = demo.command_line(tools),
        directory = demo.directory().display(),
    );
}
