//! `make demo`: control service, Envoy with TLS and a demo application, until Ctrl-C.
//!
//! `demo --check` (`make demo-check`) starts the same on free ports, uses it as a person would,
//! and ends it.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it talks to a person at a terminal"
)]

mod check;
mod run;
mod scene;
mod settings;

use std::env;
use std::process::ExitCode;

/// Runs the program with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => run::run(),
        ["--check"] => check::check(),
        _ => {
            eprintln!("usage: demo [--check]");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
