//! `revoke`.

use clap::Subcommand;

use super::applied::Wait;

/// `revoke`.
#[derive(Debug, Subcommand)]
pub enum RevokeCommand {
    /// End all sessions of a user, in all applications
    ///
    /// The user cannot sign in again for sessions.login_block_after_revoke, one minute by
    /// default. To keep a user out for good, use `user disable`.
    User {
        /// The e-mail address; if several users have it, all are revoked
        email: String,
        /// `--wait` and `--timeout`
        #[command(flatten)]
        wait: Wait,
    },
    /// End all sessions at an application
    ///
    /// Users with a live global session get a new session without a prompt, if the policy still
    /// admits them.
    Application {
        /// The application's name
        name: String,
        /// Require a new sign-in before anybody has access again
        #[arg(long)]
        fresh_login: bool,
        /// `--wait` and `--timeout`
        #[command(flatten)]
        wait: Wait,
    },
    /// End one global session, in all applications
    Session {
        /// The session's id, as `session list` shows it
        // An id may begin with a dash.
        #[arg(allow_hyphen_values = true)]
        id: String,
        /// `--wait` and `--timeout`
        #[command(flatten)]
        wait: Wait,
    },
}
