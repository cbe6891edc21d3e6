//! `application`.

use clap::Subcommand;

use super::settings::Settings;

/// `application`.
#[derive(Debug, Subcommand)]
pub enum ApplicationCommand {
    /// Add an application; without an --allow option it admits nobody
    #[command(after_help = "\
Examples:
  portcullis-control application add wiki --origin https://wiki.example.com --allow-everyone
  portcullis-control application add chat --origin https://example.com/chat \\
      --allow-email ana@example.com bob@example.org --session-duration 8h
  portcullis-control application add previews --origin 'https://*.preview.example.com' --allow-domain example.com")]
    Add {
        /// The application's name
        name: String,
        /// Its settings
        #[command(flatten)]
        settings: Settings,
    },
    /// List all applications, whom they admit, and what each opens
    List,
    /// Show all settings of an application
    Show {
        /// The application's name
        name: String,
    },
    /// Change the given settings of an application
    #[command(after_help = "\
An application in the configuration file can only be changed there.

Examples:
  portcullis-control application set wiki --session-duration 12h --same-site strict
  portcullis-control application set wiki --allow-domain example.com --allow-email guest@example.org")]
    Set {
        /// The application's name
        name: String,
        /// A new name
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,
        /// Let a wildcard of another application have a hostname that this one gives up
        #[arg(long)]
        leave_to_wildcard: bool,
        /// The settings to change
        #[command(flatten)]
        settings: Settings,
    },
    /// Remove an application for good, and end all its sessions
    ///
    /// Filters then refuse its hostnames, unless a wildcard of another application matches them: then
    /// the command is refused without --leave-to-wildcard. An application that is added later with
    /// the same name and origins is another application, with another audience. On a terminal, the
    /// command asks first. An application in the configuration file can only be removed there.
    Remove {
        /// The application's name
        name: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// Let a wildcard of another application have its hostnames
        ///
        /// Take their routes out of Envoy first: those whom the wildcard's application admits reach
        /// the server that Envoy has there.
        #[arg(long)]
        leave_to_wildcard: bool,
    },
}
