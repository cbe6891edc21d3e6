//! The arguments of the process, or what is wrong with them.

use std::io::Write;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use serde_json::json;

use super::arguments::{ApplicationCommand, Arguments, Command};
use super::error::USAGE;

/// Wrong usage, as in many programs.
const WRONG_USAGE: u8 = 2;

/// The arguments of the process. Otherwise what was shown instead: help, or what is wrong.
pub fn arguments() -> Result<Arguments, ExitCode> {
    Arguments::try_parse().and_then(checked).map_err(|wrong| {
        let is_help = !wrong.use_stderr();
        // An error means that the reader closed the pipe.
        let _ = if wants_json() && !is_help {
            writeln!(std::io::stderr(), "{}", as_json(&wrong))
        } else {
            wrong.print()
        };
        ExitCode::from(if is_help { 0 } else { WRONG_USAGE })
    })
}

/// What clap cannot express.
fn checked(arguments: Arguments) -> Result<Arguments, clap::Error> {
    match &arguments.command {
        Command::Application(ApplicationCommand::Set {
            name,
            rename: None,
            settings,
            ..
        }) if settings.is_empty() => Err(error_of(
            &["application", "set"],
            &format!(
                "nothing to change: name at least one setting, such as --session-duration 12h\n\n\
                 `application show {name}` shows the settings as they are."
            ),
        )),
        _ => Ok(arguments),
    }
}

/// Wrong usage of a subcommand, with its usage line.
fn error_of(path: &[&str], message: &str) -> clap::Error {
    let mut command = Arguments::command();
    command.build();
    let found = path
        .iter()
        .try_fold(&command, |command, name| command.find_subcommand(name))
        .cloned();
    found
        .unwrap_or(command)
        .error(ErrorKind::MissingRequiredArgument, message)
}

/// Whether `--json` is among the arguments, although they cannot be parsed.
fn wants_json() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    arguments
        .by_ref()
        .take_while(|argument| argument != "--")
        .any(|argument| argument == "--json")
}

fn as_json(wrong: &clap::Error) -> String {
    let text = match wrong.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "a command is missing; see --help".to_owned()
        }
        _ => wrong.render().to_string(),
    };
    let text = text.trim().trim_start_matches("error: ");
    json!({ "error": text, "reason": USAGE, "problems": [] }).to_string()
}
