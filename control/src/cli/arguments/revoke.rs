//! What ends sessions.

use clap::Subcommand;

use super::applied::Wait;

/// `revoke`.
#[derive(Debug, Subcommand)]
pub enum RevokeCommand {
    /// End all sessions of a user, in all applications
    ///
    /// The user cannot sign in again for sessions.login_block_after_revoke, one minute by
    /// default. To keep somebody out for good, use `user disable`.
    User {
        /// The e-mail address; every user with it is revoked
        email: String,
        /// Whether to wait for proxies
        #[command(flatten)]
        wait: Wait,
    },
    /// End all sessions at an application
    ///
    /// Users whose global session lives get a new one without being asked, if the policy still
    /// admits them.
    Application {
        /// The application's name
        name: String,
        /// Admit nobody again before they have signed in anew
        #[arg(long)]
        fresh_login: bool,
        /// Whether to wait for proxies
        #[command(flatten)]
        wait: Wait,
    },
    /// End one global session, in all applications
    Session {
        /// The session's id, as `session list` shows it
        // An id may begin with a dash.
        #[arg(allow_hyphen_values = true)]
        id: String,
        /// Whether to wait for proxies
        #[command(flatten)]
        wait: Wait,
    },
}
