//! `access-group`.

use std::path::PathBuf;

use clap::Subcommand;

/// `access-group`.
#[derive(Debug, Subcommand)]
pub enum AccessGroupCommand {
    /// List all access groups, whom each fits, and which policies name it
    List,
    /// Show an access group, as `access-group set` takes it
    Show {
        /// The access group's name
        name: String,
    },
    /// Add or replace an access group; policies that name it follow at once
    ///
    /// The file holds `include`, and may hold `require` and `exclude`, as `access-group show` prints
    /// them. People who are still admitted keep their sessions; requests of all others are refused
    /// within a second. If a policy cannot use the group as it would be, nothing is changed. An access
    /// group in the configuration file can only be changed there.
    #[command(after_help = "\
Examples:
  portcullis-control access-group show staff > staff.toml
  portcullis-control access-group set staff staff.toml")]
    Set {
        /// The access group's name
        name: String,
        /// The file, in TOML
        file: PathBuf,
    },
    /// Delete an access group that no policy names
    #[command(alias = "remove")]
    Delete {
        /// The access group's name
        name: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}
