//! The log: to standard error, or to a file.

use std::fs::File;
use std::io;
use std::path::Path;

use tracing_subscriber::EnvFilter;

const VARIABLE: &str = "PORTCULLIS_LOG";
const DEFAULT: &str = "info,sqlx=warn";

/// Logs to standard error, in colour on a terminal.
pub fn to_stderr() {
    tracing_subscriber::fmt()
        .with_env_filter(filter())
        .with_writer(io::stderr)
        .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
        .init();
}

/// Logs to a file, which is overwritten. Only the first call of a process has an effect.
///
/// # Errors
/// When the file cannot be written.
pub fn to_file(path: &Path) -> io::Result<()> {
    let file = File::create(path)?;
    // An error means that this process logs already.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter())
        .with_writer(file)
        .with_ansi(false)
        .try_init();
    Ok(())
}

fn filter() -> EnvFilter {
    EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new(DEFAULT))
}
