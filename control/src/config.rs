//! The control service's configuration: one TOML file, every field with an environment override
//! `PORTCULLIS_<SECTION>__<FIELD>`.
//!
//! Unknown, ill-typed and invalid settings are refused with path and value, all at once. Without a
//! file, every setting has a default that works on one machine.

mod dashboard;
mod environment;
mod identity_providers;
mod json;
mod provider_reports;
mod provider_values;
mod sections;
pub mod settings;
mod told;
pub(crate) mod values;

use std::path::{Path, PathBuf};

use portcullis::fields::Fields;

use crate::applications::Definition;
use crate::identity_providers::settings::ProviderConfig;
use crate::policy::check::context::Names;
use crate::policy::rules::AccessGroup;
use crate::problems::{InputProblems, Refused};
use settings::{
    AuditConfig, DashboardConfig, DatabaseConfig, KeysConfig, ServerConfig, SessionsConfig,
    SignInConfig,
};
use values::Table;

/// The configuration of the service.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[server]`.
    pub server: ServerConfig,
    /// `[database]`.
    pub database: DatabaseConfig,
    /// `[sessions]`.
    pub sessions: SessionsConfig,
    /// `[keys]`.
    pub keys: KeysConfig,
    /// `[audit]`.
    pub audit: AuditConfig,
    /// `[sign_in]`.
    pub sign_in: SignInConfig,
    /// `[dashboard]`.
    pub dashboard: DashboardConfig,
    /// `[[identity_providers]]`.
    pub identity_providers: Vec<ProviderConfig>,
    /// `[[access_groups]]`.
    pub access_groups: Vec<AccessGroup>,
    /// `[[applications]]`.
    pub applications: Vec<Definition>,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("the configuration {} is not TOML: line {line}: {why}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why, without the text of the line, which may hold a password.
        why: String,
    },
    /// The settings are invalid.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl Config {
    /// Reads a file or takes the defaults, and applies the overrides in `environment`.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut table = match file {
            Some(path) => parse_file(path)?,
            None => toml::Table::new(),
        };
        let mut problems = InputProblems::default();
        environment::apply(&mut table, environment, &mut problems);
        let config = json::from_toml(table, &mut problems)
            .and_then(|file| Self::from_table(Fields::of(&file, &mut problems)));
        problems.finish()?;
        // There is a configuration if there is no problem.
        config.ok_or_else(|| Refused(Vec::new()).into())
    }

    fn from_table(mut root: Table<'_>) -> Option<Self> {
        let server = sections::server(root.optional_object("server"));
        let database = sections::database(root.optional_object("database"));
        let demo = server.as_ref().is_some_and(|server| server.demo);
        let sessions = sections::sessions(root.optional_object("sessions"), demo);
        let keys = sections::keys(root.optional_object("keys"));
        let audit = sections::audit(root.optional_object("audit"));
        let providers = identity_providers::identity_providers(&mut root, demo);
        let has_providers = providers.as_ref().is_none_or(|all| !all.is_empty());
        let sign_in = sections::sign_in(root.optional_object("sign_in"), has_providers);
        let ids: Option<Vec<String>> = providers
            .as_ref()
            .map(|all| all.iter().map(|provider| provider.id.clone()).collect());
        let names = Names {
            providers: ids.as_deref(),
            ..Names::NONE
        };
        let dashboard = dashboard::dashboard(root.optional_object("dashboard"), names);
        let access_groups = sections::access_groups(&mut root, names);
        let names = Names {
            access_groups: access_groups.as_deref().unwrap_or_default(),
            ..names
        };
        let applications = sections::applications(&mut root, demo, names);
        root.finish();
        Some(Self {
            server: server?,
            database: database?,
            sessions: sessions?,
            keys: keys?,
            audit: audit?,
            sign_in: sign_in?,
            dashboard: dashboard?,
            identity_providers: providers?,
            access_groups: access_groups?,
            applications: applications?,
        })
    }
}

fn parse_file(path: &Path) -> Result<toml::Table, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    text.parse().map_err(|error: toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or_default();
        ConfigError::Syntax {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            why: error.message().to_owned(),
        }
    })
}

#[cfg(test)]
mod tests;
