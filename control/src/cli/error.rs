//! Why a command fails.

use std::path::PathBuf;

use super::client_error::ClientError;
use super::commands::envoy_config::error::NoBootstrap;
use super::token::error::TokenError;
use crate::config::ConfigError;
use crate::local::LocalError;
use crate::local::programs::MissingProgram;
use crate::problems::InputProblem;
use crate::server::restore::RestoreError;
use crate::server::{Failed, StartError};

/// The reason of wrong usage.
pub const USAGE: &str = "usage";

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
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
    Restore(#[from] RestoreError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    EnvoyConfig(#[from] NoBootstrap),
    #[error(transparent)]
    MissingProgram(#[from] MissingProgram),
    #[error(transparent)]
    Local(#[from] LocalError),
    #[error("{0}, as in --port 9443")]
    TryPort(LocalError),
    #[error("--app names {0} twice: give each application a name of its own")]
    TryTwice(String),
    #[error(
        "`try` takes no configuration file: it has settings of its own, all on this machine; leave \
         out --config and PORTCULLIS_CONFIG, or start the service with `serve`"
    )]
    TryWithConfig,
    #[error("the configuration has no identity provider `{0}`; `provider list` shows all")]
    NoSuchProvider(String),
    #[error("the identity provider `{0}` cannot be used like this: see each PROBLEM")]
    ProviderUnfit(String),
    #[error("{} cannot be used: {why}", file.display())]
    InputFile { file: PathBuf, why: String },
    #[error("cannot read the password from standard input: {0}")]
    Password(std::io::Error),
    #[error("the output is incomplete: {0}")]
    CutShort(std::io::Error),
    #[error("system error: {0}")]
    System(#[from] std::io::Error),
    #[error("nothing was changed")]
    Declined,
    /// The question before a removal would go to a file.
    #[error("nothing was changed: standard error is no terminal to ask on; add --yes")]
    CannotAsk,
    /// The service ran, and cannot go on.
    #[error(transparent)]
    Failed(#[from] Failed),
    #[error(
        "revoked, but not every proxy has applied it yet (`revocation show VERSION` shows their progress):\n{0}"
    )]
    NotApplied(String),
}

impl CliError {
    /// The reason, for programs: one of a few words, which docs/COMMAND-LINE.md lists.
    pub fn reason(&self) -> &str {
        match self {
            Self::Config(_) | Self::Refused { .. } => "configuration_invalid",
            Self::Start(_) => "not_started",
            Self::Restore(_) => "not_restored",
            Self::Client(error) => error.reason(),
            Self::Token(error) => error.reason(),
            Self::EnvoyConfig(_) => "no_envoy_config",
            Self::MissingProgram(_) => "program_missing",
            Self::Local(LocalError::Application { source, .. }) => source.reason(),
            Self::Failed(failed) | Self::Local(LocalError::Failed { failed, .. }) => match failed {
                Failed::Listener => "listener_failed",
                Failed::DatabaseWentBack => "database_went_back",
            },
            Self::Local(_) | Self::TryPort(_) => "not_started",
            Self::TryTwice(_) | Self::TryWithConfig => USAGE,
            Self::NoSuchProvider(_) => "not_found",
            Self::InputFile { .. } => "request_invalid",
            Self::ProviderUnfit(_) => "provider_unfit",
            Self::Password(_) | Self::CutShort(_) | Self::System(_) => "system_error",
            Self::Declined | Self::CannotAsk => "declined",
            Self::NotApplied(_) => "not_applied",
        }
    }

    /// Each problem of an invalid input.
    pub fn problems(&self) -> &[InputProblem] {
        match self {
            Self::Config(ConfigError::Refused(refused))
            | Self::Refused {
                source: ConfigError::Refused(refused),
                ..
            } => &refused.0,
            Self::Client(error) | Self::Local(LocalError::Application { source: error, .. }) => {
                error.problems()
            }
            _ => &[],
        }
    }
}

fn in_file(file: Option<&PathBuf>) -> String {
    match file {
        Some(file) => format!("the configuration {} is invalid:\n", file.display()),
        None => "the configuration is invalid:\n".to_owned(),
    }
}
