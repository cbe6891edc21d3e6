//! `user`.

use clap::Subcommand;

/// `user`.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user, and print the generated password once
    #[command(after_help = "\
Examples:
  portcullis-control user add ana@example.com
  pass show ana | portcullis-control user add ana@example.com --password-stdin")]
    Add {
        /// The e-mail address
        email: String,
        /// Read the password from standard input instead of generating one
        #[arg(long)]
        password_stdin: bool,
    },
    /// List all users, and who is disabled
    List,
    /// Set a user's password, and end all their sessions
    ///
    /// Prints the generated password once. The user can sign in with it at once. People change their
    /// own password on the team domain's page /password.
    #[command(after_help = "\
Examples:
  portcullis-control user passwd ana@example.com
  pass show ana | portcullis-control user passwd ana@example.com --password-stdin")]
    Passwd {
        /// The e-mail address, or the id as `user list` shows it
        email: String,
        /// Read the password from standard input instead of generating one
        #[arg(long)]
        password_stdin: bool,
        /// Do not end the user's sessions
        #[arg(long)]
        keep_sessions: bool,
    },
    /// Keep a user from signing in, and end all their sessions
    ///
    /// `user enable` undoes it.
    Disable {
        /// The e-mail address, or the id as `user list` shows it
        email: String,
    },
    /// Let a user who was disabled sign in again
    ///
    /// Sessions from before stay ended.
    Enable {
        /// The e-mail address, or the id as `user list` shows it
        email: String,
    },
    /// Give a user a role in the dashboard, or take it away
    ///
    /// A viewer sees everything, the help desk ends sessions, too, and an administrator changes everything.
    /// It takes effect at the user's next request. Lists of `[dashboard]` in the configuration may give
    /// more.
    #[command(after_help = "\
Examples:
  portcullis-control user role ana@example.com administrator
  portcullis-control user role ana@example.com none")]
    Role {
        /// The e-mail address, or the id as `user list` shows it
        email: String,
        /// The role
        #[arg(value_parser = ["viewer", "help-desk", "administrator", "none"])]
        role: String,
    },
    /// Remove a user for good, and end all their sessions
    ///
    /// A user who is added later with the same e-mail address is another user, with another id. To
    /// keep a user out for a while, use `user disable`. On a terminal, the command asks first.
    Remove {
        /// The e-mail address, or the id as `user list` shows it
        email: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}
