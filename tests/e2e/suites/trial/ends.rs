//! Envoy and the command end together, whichever ends first; and what it says where it cannot start.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};

use anyhow::{Context, Result};
use portcullis_demo::ports::free_port;
use rustix::process::{Pid, Signal, kill_process};

use super::command::{END_LIMIT, Try, command, directory, refused, wait_until_closed};

fn application() -> [String; 1] {
    // Nothing listens there, which `try` says and does not mind.
    ["wiki=http://127.0.0.1:1".to_owned()]
}

#[test]
fn envoy_ends_with_the_command() -> Result<()> {
    let data = directory("try-ends")?;
    let port = free_port()?;
    let trial = Try::start(&data, port, &application())?;
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok());
    trial.interrupt()?;
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());

    let mut trial = Try::start(&data, port, &application())?;
    trial.process.kill();
    wait_until_closed(port)?;
    // What a killed one left behind is no obstacle, and no revocation waits for its Envoy.
    let trial = Try::start(&data, port, &application())?;
    trial.control(&["revoke", "user", "you@example.com", "--wait"])?;
    trial.interrupt()
}

#[test]
fn the_command_ends_with_envoy_and_shows_its_log() -> Result<()> {
    let data = directory("try-died")?;
    let port = free_port()?;
    let mut trial = Try::start(&data, port, &application())?;
    let envoy = Pid::from_raw(trial.envoy()?).context("no process")?;
    kill_process(envoy, Signal::ABORT)?;
    let status = trial.process.wait_for_end(END_LIMIT)?;
    assert_eq!(status.code(), Some(1));
    let log = fs::read_to_string(trial.process.log())?;
    assert!(
        log.contains("Envoy ended") && log.contains("starting main dispatch loop"),
        "{log}"
    );
    Ok(())
}

#[test]
fn a_missing_program_is_named_with_what_to_do() -> Result<()> {
    let data = directory("try-missing")?;
    let mut without = command(&data, free_port()?, &application())?;
    without.env("PORTCULLIS_MODULE", data.join("nowhere.wasm"));
    let error = refused(without)?;
    assert!(
        error.starts_with("PORTCULLIS_MODULE") && error.contains("nowhere.wasm"),
        "{error}"
    );
    assert!(!data.exists());
    Ok(())
}

#[test]
fn an_application_that_envoy_cannot_lead_to_is_refused() -> Result<()> {
    let data = directory("try-none")?;
    let error = refused(command(&data, free_port()?, &[])?)?;
    assert!(
        error.contains("--app wiki=http://127.0.0.1:3000"),
        "{error}"
    );

    let twice = [application(), application()].concat();
    let error = refused(command(&data, free_port()?, &twice)?)?;
    assert!(error.contains("wiki twice"), "{error}");

    let mut with_file = command(&data, free_port()?, &application())?;
    with_file.env("PORTCULLIS_CONFIG", "control.toml");
    let error = refused(with_file)?;
    assert!(error.contains("PORTCULLIS_CONFIG"), "{error}");
    Ok(())
}
