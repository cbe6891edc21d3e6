//! `check`: everything that is wrong with the configuration, at once.

use serde::Serialize;

use super::arguments::Arguments;
use super::error::CliError;
use super::output::Output;
use crate::applications::neighbours::notes;
use crate::config::{Config, ConfigError};
use crate::words::counted;

/// A valid configuration.
#[derive(Serialize)]
struct Checked<'a> {
    ok: bool,
    /// How many it declares.
    applications: usize,
    /// What the wildcards among them leave to others, and groups that do not fit.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
}

pub fn check(arguments: &Arguments, output: Output) -> Result<(), CliError> {
    let config = load(arguments)?;
    let declared = &config.applications;
    let team_domain = config.server.team_domain.as_ref();
    let notes = declared
        .iter()
        .flat_map(|definition| {
            let notes = notes(definition, declared, team_domain).into_iter();
            notes.chain(definition.note_on_groups())
        })
        .collect::<Vec<_>>();
    let result = Checked {
        ok: true,
        applications: declared.len(),
        notes: &notes,
    };
    output.result(&result, || {
        let applications = counted(declared.len() as u64, "application", "applications");
        let notes = notes.iter().map(|note| format!("\nnote: {note}"));
        let notes: String = notes.collect();
        format!("The configuration is valid. It declares {applications}.{notes}")
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
