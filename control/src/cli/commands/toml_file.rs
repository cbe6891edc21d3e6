//! What a command reads from a file in TOML.

use std::path::Path;

use super::super::error::CliError;

/// The table in a file.
pub fn table(file: &Path) -> Result<toml::Table, CliError> {
    let text = std::fs::read_to_string(file).map_err(|error| wrong(file, error))?;
    text.parse()
        .map_err(|error: toml::de::Error| wrong(file, error))
}

/// Why the file cannot be used.
pub fn wrong(file: &Path, why: impl ToString) -> CliError {
    CliError::InputFile {
        file: file.to_owned(),
        why: why.to_string(),
    }
}
