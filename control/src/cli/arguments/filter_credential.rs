//! `filter-credential`.

use clap::Subcommand;

/// `filter-credential`.
#[derive(Debug, Subcommand)]
pub enum FilterCredentialCommand {
    /// Make a credential, and print it once
    #[command(after_help = "\
Examples:
  portcullis-control filter-credential new --name edge-eu
  portcullis-control filter-credential new --name wiki-sidecar --application wiki")]
    New {
        /// A name by which you recognise it
        #[arg(
            long,
            value_name = "NAME",
            default_value = "",
            hide_default_value = true
        )]
        name: String,
        /// The applications that it is for; all if not given
        #[arg(long, value_name = "NAME", num_args(1..))]
        application: Vec<String>,
    },
    /// List all credentials, when each was used, and how many proxies follow the feed with it
    List,
    /// Revoke a credential, whose calls are refused from then on
    ///
    /// Filters that use it get no more changes. When their feed is stale they do what their
    /// configuration says in when_stale: deny every request, or keep admitting users with what they
    /// have. To replace a credential, make a new one, restart every Envoy with it, then revoke the
    /// old one.
    #[command(after_help = "\
Examples:
  portcullis-control filter-credential list
  portcullis-control filter-credential revoke 3q2-7wEjRVZ4mrze8BI0Vg")]
    Revoke {
        /// The credential's id, the part before the dot
        // An id may begin with a dash.
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
}
