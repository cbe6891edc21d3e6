//! `service-token`.

use clap::Subcommand;

use super::applied::Wait;

/// `service-token`.
#[derive(Debug, Subcommand)]
pub enum ServiceTokenCommand {
    /// Make a service token, and print its secret once
    ///
    /// It opens nothing until the policy of an application has a rule for it, such as
    /// { id = "ci", action = "service", include = [ { service_token = "ci" } ] }.
    #[command(
        alias = "create",
        after_help = "\
Examples:
  portcullis-control service-token new ci
  portcullis-control --json service-token new nightly-backup --expires 90d"
    )]
    New {
        /// Its name, by which policies admit it
        name: String,
        /// How long it lasts, at most 3660d [default: 365d]
        #[arg(long, value_name = "DURATION")]
        expires: Option<String>,
    },
    /// List all service tokens, when each expires and was last used, without their secrets
    List,
    /// Give a service token a new secret, and print it once
    ///
    /// The client id stays. The present secret is good for a while, so that programs can change to
    /// the new one without an interruption, unless the service token is disabled or has expired. A
    /// secret that was replaced before is good no longer.
    #[command(after_help = "\
Examples:
  portcullis-control service-token rotate ci
  portcullis-control service-token rotate ci --grace 7d --expires 365d")]
    Rotate {
        /// Its name, client id or id
        // An id may begin with a dash.
        #[arg(allow_hyphen_values = true)]
        name: String,
        /// How long the present secret is good, between 1h and 30d [default: 24h]
        #[arg(long, value_name = "DURATION")]
        grace: Option<String>,
        /// How long the service token then lasts [default: as before]
        #[arg(long, value_name = "DURATION")]
        expires: Option<String>,
    },
    /// Disable a service token: its access ends now, also of open connections
    Disable {
        /// Its name, client id or id
        #[arg(allow_hyphen_values = true)]
        name: String,
        /// `--wait` and `--timeout`
        #[command(flatten)]
        wait: Wait,
    },
    /// Let a service token that was disabled be used again
    Enable {
        /// Its name, client id or id
        #[arg(allow_hyphen_values = true)]
        name: String,
    },
    /// Delete a service token: its access ends now, also of open connections
    #[command(alias = "remove")]
    Delete {
        /// Its name, client id or id
        #[arg(allow_hyphen_values = true)]
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        /// `--wait` and `--timeout`
        #[command(flatten)]
        wait: Wait,
    },
}
