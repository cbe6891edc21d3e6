//! The command line. `serve` is the service; `check` looks at the configuration; `token` asks the
//! team domain from anywhere; everything else asks the running service over its Unix socket.
//!
//! Exit status: 0 done, 1 refused, 2 wrong usage.

mod arguments;
mod check;
mod client;
mod commands;
mod output;
mod serve;
mod settings;
mod token;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::config::ConfigError;
use crate::server::StartError;
use arguments::{Arguments, Command};
use client::ClientError;
use output::Output;
use token::TokenError;

const LOG_VARIABLE: &str = "PORTCULLIS_LOG";
const DEFAULT_LOG: &str = "info,sqlx=warn";

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{}{source}", in_file(file.as_ref()))]
    Refused {
        file: Option<PathBuf>,
        source: ConfigError,
    },
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("cannot read the password from standard input: {0}")]
    Password(std::io::Error),
    #[error("the system refused: {0}")]
    System(#[from] std::io::Error),
    #[error("a listener failed; see the log")]
    Listener,
    #[error(
        "it is revoked, but not every proxy has applied it; `revocation show` tells when:\n{0}"
    )]
    NotApplied(String),
}

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
        Command::Token(wish) => token::token(wish, output),
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

fn in_file(file: Option<&PathBuf>) -> String {
    match file {
        Some(file) => format!("the configuration {} is refused:\n", file.display()),
        None => "the configuration is refused:\n".to_owned(),
    }
}
