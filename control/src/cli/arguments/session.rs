//! `session`.

use clap::Subcommand;

/// `session`.
#[derive(Debug, Subcommand)]
pub enum SessionCommand {
    /// List all live global sessions, newest first
    ///
    /// A global session is one sign-in in one browser. `revoke session` ends one.
    #[command(after_help = "\
Examples:
  portcullis-control session list
  portcullis-control session list --user ana@example.com")]
    List {
        /// List only those of the user with this e-mail address
        #[arg(long, value_name = "EMAIL")]
        user: Option<String>,
    },
}
