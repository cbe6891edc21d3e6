//! `check`: all that is wrong with the configuration, at once.

use serde_json::json;

use super::CliError;
use super::arguments::Arguments;
use super::output::Output;
use crate::config::{Config, ConfigError};

pub fn check(arguments: &Arguments, output: Output) -> Result<(), CliError> {
    let config = load(arguments)?;
    let applications = config.applications.len();
    output.result(&json!({ "ok": true, "applications": applications }), || {
        format!("The configuration is good. It declares {applications} applications.")
    });
    Ok(())
}

/// The configuration that the arguments name.
pub fn load(arguments: &Arguments) -> Result<Config, CliError> {
    let file = arguments.config.as_deref();
    Config::load(file, std::env::vars()).map_err(|source| match source {
        source @ ConfigError::Refused(_) => CliError::Refused {
            file: arguments.config.clone(),
            source,
        },
        source => source.into(),
    })
}
