//! The command line. `serve` runs the service, `check` checks the configuration, `token` calls the
//! team domain from any machine. All other commands call the running service over its Unix socket.
//!
//! Exit status: 0 success, 1 failure, 2 wrong usage.

mod arguments;
mod check;
mod client;
mod commands;
mod confirmation;
mod error;
mod output;
mod serve;
mod token;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use arguments::{Arguments, Command};
use error::CliError;
use output::Output;

const LOG_VARIABLE: &str = "PORTCULLIS_LOG";
const DEFAULT_LOG: &str = "info,sqlx=warn";

/// Runs the program with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output::new(arguments.json);
    match run(arguments, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments, output: Output) -> Result<(), CliError> {
    match &arguments.command {
        Command::Serve => {
            log_to_stderr();
            serve::serve(&arguments, output)
        }
        Command::Check => check::check(&arguments, output),
        Command::Token(request) => token::token(request, output),
        command => commands::run(command, &arguments.data_dir, output),
    }
}

fn log_to_stderr() {
    let filter =
        EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|_| EnvFilter::new(DEFAULT_LOG));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .init();
}
