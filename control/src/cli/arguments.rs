//! The arguments, and the help that people read.

mod admin_token;
mod applied;
mod revoke;
mod session;
mod settings;
mod team_domain;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use portcullis::protocol::origin::Origin;

pub use admin_token::AdminTokenCommand;
pub use applied::{ProxyCommand, RevocationCommand, Wait};
pub use revoke::RevokeCommand;
pub use session::SessionCommand;
use settings::Settings;
use team_domain::team_domain;

/// Signs users in for applications behind Envoy, and ends their sessions.
///
/// Start it with `serve`. All other commands except `check` and `token` talk to the running service
/// over a Unix socket in its data directory, and take effect at once.
#[derive(Debug, Parser)]
#[command(
    name = "portcullis-control",
    version,
    after_help = "\
Examples:
  portcullis-control serve
  portcullis-control user add ana@example.com
  portcullis-control application add wiki --origin https://wiki.example.com --allow-domain example.com
  portcullis-control revoke user ana@example.com --wait

Exit status: 0 done, 1 refused, 2 wrong usage."
)]
pub struct Arguments {
    /// The configuration file; without one, every setting has its default
    #[arg(long, global = true, value_name = "FILE", env = "PORTCULLIS_CONFIG")]
    pub config: Option<PathBuf>,

    /// Where the database, run.json and the control socket are
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "PORTCULLIS_DATA_DIR",
        default_value = "data"
    )]
    pub data_dir: PathBuf,

    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub json: bool,

    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one in the life of a process"
)]
pub enum Command {
    /// Run the service
    ///
    /// Listens for people on server.listen, for filters on server.filters, and for the other
    /// commands on the control socket. Without a configuration file the first start makes an
    /// administrator and a filter credential, and prints them once.
    ///
    /// Every setting can be overridden from the environment, as
    /// PORTCULLIS_SERVER__LISTEN=0.0.0.0:8081. PORTCULLIS_LOG sets what is logged, as `debug`.
    Serve,

    /// Check the configuration, and say all that is wrong
    Check,

    /// Get a token for scripts, which you confirm in a browser
    ///
    /// Works from any machine. Shows an address and a code, waits until somebody who is signed in
    /// confirms it there, and prints the token, alone, on standard output. The application must
    /// allow it (`application set NAME --header-tokens true`). The token ends when its user signs
    /// out, or is revoked.
    #[command(after_help = "\
Examples:
  portcullis-control token wiki --team-domain https://team.example.com
  curl -H \"x-access-token: $(portcullis-control token wiki --team-domain https://team.example.com)\" \\
      https://wiki.example.com/")]
    Token(TokenArguments),

    /// Users that sign in with a password
    #[command(subcommand)]
    User(UserCommand),

    /// What is protected, how long its sessions last, who is admitted
    #[command(subcommand)]
    Application(ApplicationCommand),

    /// Who is signed in, in which browser, from where, since when
    #[command(subcommand)]
    Session(SessionCommand),

    /// End sessions now
    #[command(subcommand)]
    Revoke(RevokeCommand),

    /// What programs show to the admin API
    #[command(subcommand)]
    AdminToken(AdminTokenCommand),

    /// What is revoked, and which proxies have applied it
    #[command(subcommand)]
    Revocation(RevocationCommand),

    /// Who follows the feed: Envoy processes with the filter
    #[command(subcommand)]
    Proxy(ProxyCommand),

    /// What filters show to the service
    #[command(subcommand)]
    FilterCredential(FilterCredentialCommand),

    /// Shift the running service's clock
    #[cfg(feature = "test-clock")]
    #[command(hide = true)]
    TestClock {
        /// Seconds that are added to the machine's time
        #[arg(allow_negative_numbers = true)]
        offset_seconds: i64,
    },
}

/// `token`.
#[derive(Debug, Args)]
pub struct TokenArguments {
    /// The application's name, or where it is reached, as https://wiki.example.com
    pub application: String,
    /// The team domain, where people sign in; http:// is only for names of this machine
    #[arg(long, value_name = "URL", value_parser = team_domain)]
    pub team_domain: Origin,
    /// Trust the certificate authorities in this PEM file, and not those of the system
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
}

/// `user`.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user; prints the password that it makes up, once
    #[command(after_help = "\
Examples:
  portcullis-control user add ana@example.com
  pass show ana | portcullis-control user add ana@example.com --password-stdin")]
    Add {
        /// The e-mail address
        email: String,
        /// Read the password from standard input instead of making one up
        #[arg(long)]
        password_stdin: bool,
    },
    /// List all users
    List,
    /// Keep a user from signing in, and revoke what they have
    Disable {
        /// The e-mail address
        email: String,
    },
}

/// `application`.
#[derive(Debug, Subcommand)]
pub enum ApplicationCommand {
    /// Add an application; nobody is admitted unless an --allow option says so
    #[command(after_help = "\
Examples:
  portcullis-control application add wiki --origin https://wiki.example.com --allow-everyone
  portcullis-control application add chat --origin https://example.com/chat \\
      --allow-email ana@example.com bob@example.org --session-duration 8h")]
    Add {
        /// The application's name
        name: String,
        /// Its settings
        #[command(flatten)]
        settings: Settings,
    },
    /// List all applications
    List,
    /// Change the settings that are given, and leave the others
    #[command(after_help = "\
Applications of the configuration file can be changed there only.

Examples:
  portcullis-control application set wiki --session-duration 12h --same-site strict
  portcullis-control application set wiki --allow-domain example.com --allow-email guest@example.org")]
    Set {
        /// The application's name
        name: String,
        /// A new name
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,
        /// What to change
        #[command(flatten)]
        settings: Settings,
    },
}

/// `filter-credential`.
#[derive(Debug, Subcommand)]
pub enum FilterCredentialCommand {
    /// Make a credential, and print it once
    New(NewFilterCredential),
}

/// `filter-credential new`.
#[derive(Debug, Args)]
pub struct NewFilterCredential {
    /// Only for these applications; all if not given
    #[arg(long, value_name = "NAME", num_args(1..))]
    pub application: Vec<String>,
}
