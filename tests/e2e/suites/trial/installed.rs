//! What `make install` installs works where it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use portcullis_demo::ports::free_port;
use portcullis_demo::tools::Tools;

use super::command::{Try, command_of, directory, refused};

/// Runs `make install`, with the build of these tests and without cargo, as it is under `sudo`.
fn install(destination: &Path) -> Result<PathBuf> {
    let control = Tools::find("control-with-clock")?.control;
    let output = Command::new("make")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .args(["--no-print-directory", "install", "CARGO=no-such-cargo"])
        .arg(format!("RELEASE={}", control.display()))
        .arg(format!("DESTDIR={}", destination.display()))
        .arg("PREFIX=/opt")
        .env_remove("MAKEFLAGS")
        .output()?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{error}");
    Ok(destination.join("opt"))
}

#[test]
fn the_installed_program_finds_the_installed_filter() -> Result<()> {
    let directory = directory("try-inst")?;
    let prefix = install(&directory)?;
    let program = prefix.join("bin/portcullis-control");
    let module = prefix.join("share/portcullis/portcullis.wasm");
    let page = prefix.join("share/man/man1/portcullis-control-key.1");
    ensure!(page.is_file(), "{} is missing", page.display());
    for file in ["README.md", "docs/CONFIGURATION.md", "envoy/bootstrap.yaml"] {
        let file = prefix.join("share/doc/portcullis").join(file);
        ensure!(file.is_file(), "{} is missing", file.display());
    }

    let port = free_port()?;
    let application = ["wiki=http://127.0.0.1:1".to_owned()];
    let mut command = command_of(program.as_os_str(), &directory, port, &application);
    // Beside it there is no Envoy.
    let empty = directory.join("empty");
    fs::create_dir_all(&empty)?;
    command
        .env("PATH", &empty)
        .env_remove("PORTCULLIS_ENVOY")
        .env_remove("PORTCULLIS_MODULE");
    let error = refused(command)?;
    ensure!(error.contains("`make envoy`"), "{error}");

    let envoy = Tools::find("control-with-clock")?.envoy;
    let mut command = command_of(program.as_os_str(), &directory, port, &application);
    let mut path = envoy
        .parent()
        .context("no directory")?
        .as_os_str()
        .to_owned();
    path.push(":/usr/bin:/bin");
    command
        .env("PATH", path)
        .env_remove("PORTCULLIS_ENVOY")
        .env_remove("PORTCULLIS_MODULE");
    let trial = Try::start_command(&command, &directory.join("try.log"))?;
    let bootstrap = fs::read_to_string(directory.join(format!("try-{port}/envoy.yaml")))?;
    let named = format!("filename: \"{}\"", module.display());
    ensure!(bootstrap.contains(&named), "{bootstrap}");

    // `envoy-config` names it as well.
    let output = Command::new(&program)
        .args(["--data-dir", trial.text("/data_dir")?, "envoy-config"])
        .output()?;
    let printed = String::from_utf8(output.stdout)?;
    ensure!(printed.contains(&named), "{printed}");
    trial.interrupt()
}
