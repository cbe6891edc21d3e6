//! `provider`.

use clap::Subcommand;

/// `provider`.
#[derive(Debug, Subcommand)]
pub enum ProviderCommand {
    /// List the identity providers in the configuration file
    List,
    /// Call a provider, and say what fits and what does not
    ///
    /// Fetches its discovery document and its keys from this machine, and says what to register at the
    /// provider. Exits with 1 if something must be changed. Prints no secret.
    #[command(after_help = "\
Examples:
  portcullis-control --config control.toml provider check corp")]
    Check {
        /// The id of the provider
        id: String,
    },
}
