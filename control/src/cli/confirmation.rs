//! Asking before something is removed for good.
//!
//! Only a person at a terminal is asked. A script has said what it wants.

use std::io::{BufRead, IsTerminal, Write};

use super::error::CliError;

/// Asks a question, unless `yes` answers it already or no person is there.
///
/// # Errors
/// When the answer is no, or the person would not see the question.
pub fn confirm(question: &str, yes: bool) -> Result<(), CliError> {
    if yes || !std::io::stdin().is_terminal() {
        return Ok(());
    }
    if !std::io::stderr().is_terminal() {
        return Err(CliError::CannotAsk);
    }
    let mut answer = String::new();
    write!(std::io::stderr(), "{question} [y/N] ")?;
    std::io::stdin().lock().read_line(&mut answer)?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(CliError::Declined),
    }
}
