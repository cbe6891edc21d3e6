//! The command line. `serve` runs the service, `try` all of Portcullis on this machine, `check`
//! checks the configuration, `provider` calls the identity providers in it, `token` calls the team
//! domain from any machine, `completions`, `man` and `openapi` print documents. All other commands call
//! the running service over its Unix socket, or with `--server` over its admin API.
//!
//! Exit status: 0 success, 1 failure, 2 wrong usage.

mod arguments;
mod check;
pub(crate) mod client;
pub(crate) mod client_error;
mod commands;
mod confirmation;
mod documentation;
mod error;
mod output;
mod provider;
mod remote;
mod restore;
mod serve;
mod token;
mod trial;
mod usage;

use std::process::ExitCode;

use crate::system::log;
use arguments::{Arguments, Command};
use error::CliError;
use output::Output;

/// Runs the program with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match usage::arguments() {
        Ok(arguments) => arguments,
        Err(wrong) => return wrong,
    };
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
            log::to_stderr();
            serve::serve(&arguments, output)
        }
        Command::Try(options) => trial::run(options, &arguments, output),
        Command::Completions { shell } => {
            documentation::completions(*shell, output);
            Ok(())
        }
        Command::Openapi => {
            documentation::openapi(output);
            Ok(())
        }
        Command::Man { directory } => documentation::man(directory.as_deref(), output),
        Command::Check => check::check(&arguments, output),
        Command::Backup(request) => restore::backup(request, &arguments, output),
        Command::Restore(request) => restore::restore(request, &arguments, output),
        Command::Provider(command) => provider::run(command, &arguments, output),
        Command::Token(request) => token::token(request, output),
        command => commands::run(command, &arguments, output),
    }
}
