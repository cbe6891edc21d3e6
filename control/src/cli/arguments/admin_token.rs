//! `admin-token`.

use clap::Subcommand;

/// `admin-token`.
#[derive(Debug, Subcommand)]
pub enum AdminTokenCommand {
    /// Make a token, and print it once
    #[command(after_help = "\
Scopes: sessions:read, sessions:revoke, users:read, users:revoke, applications:read,
applications:revoke.

Examples:
  portcullis-control admin-token new --scope sessions:read --scope sessions:revoke
  portcullis-control admin-token new --scope users:read --expires 7d")]
    New {
        /// What the token is good for; may be given several times
        #[arg(long, value_name = "SCOPE", required = true, num_args(1..))]
        scope: Vec<String>,
        /// How long it is good, at most 366d [default: 90d]
        #[arg(long, value_name = "DURATION")]
        expires: Option<String>,
    },
    /// List all tokens, without their secrets
    List,
    /// Refuse a token from now on
    Delete {
        /// The token's id, the part before the dot
        // An id may begin with a dash.
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
}
