//! `check`: everything that is wrong with the configuration, at once.

use serde_json::json;

use super::arguments::Arguments;
use super::error::CliError;
use super::output::Output;
use crate::config::{Config, ConfigError};
use crate::words::counted;

pub fn check(arguments: &Arguments, output: Output) -> Result<(), CliError> {
    let config = load(arguments)?;
    let applications = config.applications.len();
    output.result(&json!({ "ok": true, "applications": applications }), || {
        let applications = counted(applications as u64, "application", "applications");
        format!("The configuration is valid. It declares {applications}.")
    });
    Ok(())
}

/// The configuration that the arguments name.
pub fn load(arguments: &Arguments) -> Result<Config, CliError> {
    let file = arguments.config.as_deref();
    Config::load(file, environment()).map_err(|source| match source {
        source @ ConfigError::Refused(_) => CliError::Refused {
            file: arguments.config.clone(),
            source,
        },
        source => source.into(),
    })
}

/// The environment variables that are valid Unicode, as all settings are.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}
