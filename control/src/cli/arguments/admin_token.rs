//! `admin-token`.

use clap::Subcommand;

/// `admin-token`.
#[derive(Debug, Subcommand)]
pub enum AdminTokenCommand {
    /// Make a token, and print it once
    #[command(after_help = "\
Scopes: sessions:read, sessions:revoke, users:read, users:revoke, users:write, applications:read,
applications:revoke, applications:write, credentials:read, credentials:write, credentials:revoke,
keys:read, keys:rotate, keys:refuse. docs/ADMIN-API.md says which calls each allows.

Examples:
  portcullis-control admin-token new --scope sessions:read --scope sessions:revoke
  portcullis-control admin-token new --scope users:read --expires 7d")]
    New {
        /// What the token allows; can be repeated
        #[arg(long, value_name = "SCOPE", required = true, num_args(1..))]
        scope: Vec<String>,
        /// A name by which you recognise it
        #[arg(
            long,
            value_name = "NAME",
            default_value = "",
            hide_default_value = true
        )]
        name: String,
        /// How long it is valid, at most 366d [default: 90d]
        #[arg(long, value_name = "DURATION")]
        expires: Option<String>,
    },
    /// List all tokens and when each was used, without their secrets
    List,
    /// Revoke a token, which is refused from then on
    #[command(alias = "delete")]
    Revoke {
        /// The token's id, the part before the dot
        // An id may begin with a dash.
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
}
