//! The arguments, and the help that people read.

mod access_group;
mod admin_token;
mod application;
mod applied;
mod audit;
mod envoy_config;
mod filter_credential;
mod key;
mod policy;
mod provider;
mod restore;
mod revoke;
mod service_token;
mod session;
mod settings;
mod team_domain;
mod trial;
mod user;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use portcullis::protocol::origin::Origin;

pub use access_group::AccessGroupCommand;
pub use admin_token::AdminTokenCommand;
pub use application::ApplicationCommand;
pub use applied::{ProxyCommand, RevocationCommand, Wait};
pub use audit::{AuditCommand, AuditFilters};
pub use envoy_config::{EnvoyConfigOptions, UpstreamOf};
pub use filter_credential::FilterCredentialCommand;
pub use key::KeyCommand;
pub use policy::{PolicyCommand, PolicyTest};
pub use provider::ProviderCommand;
pub use restore::{BackupArguments, RestoreArguments};
pub use revoke::RevokeCommand;
pub use service_token::ServiceTokenCommand;
pub use session::SessionCommand;
use team_domain::team_domain;
pub use trial::{TryApplication, TryOptions};
pub use user::UserCommand;

/// Signs users in for applications behind Envoy, and ends their sessions.
///
/// `try` shows it with an application on this machine. For real use, start the service with `serve`.
/// All other commands except `check`, `provider`, `token`, `backup` and `restore` call the running
/// service over a Unix socket in its data directory, or with `--server` from another machine, and take
/// effect at once.
#[derive(Debug, Parser)]
#[command(
    name = "portcullis-control",
    version,
    after_help = "\
Examples:
  portcullis-control try --app wiki=http://127.0.0.1:3000
  portcullis-control serve
  portcullis-control user add ana@example.com
  portcullis-control application add wiki --origin https://wiki.example.com --allow-domain example.com
  portcullis-control revoke user ana@example.com --wait

Exit status: 0 success, 1 failure, 2 wrong usage."
)]
pub struct Arguments {
    /// The configuration file; without one, every setting has its default
    #[arg(long, global = true, value_name = "FILE", env = "PORTCULLIS_CONFIG")]
    pub config: Option<PathBuf>,

    /// The directory of the database, run.json and the control socket
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "PORTCULLIS_DATA_DIR",
        default_value = "data"
    )]
    pub data_dir: PathBuf,

    /// Call a service on another machine, over the admin API of its team domain
    ///
    /// The admin token is in the environment variable PORTCULLIS_ADMIN_TOKEN, and has the scopes of what
    /// the command does. Making admin tokens, backups and the configuration for Envoy work only
    /// where the service runs.
    #[arg(long, global = true, value_name = "URL", value_parser = team_domain)]
    pub server: Option<Origin>,

    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub json: bool,

    /// The command
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the service
    ///
    /// Listens for people on server.listen, for filters on server.filters, and for the other
    /// commands on the control socket. Without a configuration file, the first start makes an
    /// administrator and a filter credential, and prints them once.
    ///
    /// An environment variable can override every setting, for example
    /// PORTCULLIS_SERVER__LISTEN=0.0.0.0:8081. PORTCULLIS_LOG sets the log level, such as `debug`.
    Serve,

    /// Guard an application on this machine, to try Portcullis with it
    ///
    /// Starts the control service and Envoy, with a certificate authority of its own, and prints the
    /// application's address (https://NAME.localhost:8443), a user and their password. Envoy listens
    /// on this machine only. Ctrl-C ends both.
    ///
    /// Everything is kept in the directory try-<PORT> below --data-dir, so that the next start has the
    /// same user, password and certificate authority, and the applications of earlier starts as well.
    #[command(after_help = "\
Examples:
  portcullis-control try --app wiki=http://127.0.0.1:3000
  portcullis-control try --app wiki=http://127.0.0.1:3000 --app chat=http://127.0.0.1:4000 --port 9443

While it runs, all other commands work with --data-dir data/try-8443, as in
  portcullis-control --data-dir data/try-8443 revoke user you@example.com --wait")]
    Try(TryOptions),

    /// Check the configuration, and report everything that is wrong
    Check,

    /// Copy the SQLite database to a file, while the service runs or not
    ///
    /// The copy is complete as of one moment. It holds signing keys, password hashes and credentials;
    /// only its owner can read it. For PostgreSQL use its own tools.
    #[command(after_help = "\
Examples:
  portcullis-control --config control.toml backup /backups/portcullis-$(date +%F).db")]
    Backup(BackupArguments),

    /// Make a database from a backup safe to use; ends all sessions. The service must be stopped
    ///
    /// Revocations since the backup are missing in it, so all users sign in again: the database gets a
    /// new epoch, a higher version and a new signing key, and all old keys are refused. Users,
    /// applications, policies, filter credentials and admin tokens are as in the backup. The service
    /// refuses to start with an older database until this was run.
    ///
    /// With PostgreSQL, put the backup back with its own tools first, then run this without a file.
    #[command(after_help = "\
Examples:
  portcullis-control --config control.toml restore /backups/portcullis-2026-11-26.db
  portcullis-control --config control.toml restore")]
    Restore(RestoreArguments),

    /// Show the identity providers in the configuration file, and whether they can be used
    #[command(subcommand)]
    Provider(ProviderCommand),

    /// Get a token for scripts, which you confirm in a browser
    ///
    /// Works from any machine. Shows an address and a code, waits until a signed-in user confirms the
    /// code there, and prints only the token on standard output. The application must allow tokens
    /// for scripts (`application set NAME --header-tokens true`). The token ends when its user signs
    /// out or is revoked.
    #[command(after_help = "\
Examples:
  portcullis-control token wiki --team-domain https://team.example.com
  curl -H \"x-access-token: $(portcullis-control token wiki --team-domain https://team.example.com)\" \\
      https://wiki.example.com/")]
    Token(TokenArguments),

    /// Manage users who sign in with a password
    #[command(subcommand)]
    User(UserCommand),

    /// Manage applications: where they are, how long sessions last, who has access
    #[command(subcommand)]
    Application(ApplicationCommand),

    /// Show, replace and test policies: who may use an application, and from where
    #[command(subcommand)]
    Policy(PolicyCommand),

    /// Manage access groups: conditions with a name, which policies share
    #[command(subcommand)]
    AccessGroup(AccessGroupCommand),

    /// Print Envoy's configuration for the applications that exist
    ///
    /// A complete bootstrap: TLS, routes for the team domain and each application, the filter, access
    /// log, limits. Start Envoy with it, and with the filter's credential in the environment. Print it
    /// again when applications or their upstreams change.
    #[command(after_help = "\
Examples:
  portcullis-control application set wiki --upstream http://127.0.0.1:3000
  portcullis-control envoy-config --redirect-port 80 > envoy.yaml
  PORTCULLIS_FILTER_CREDENTIAL=… envoy --config-path envoy.yaml --service-node \"$(hostname)\"")]
    EnvoyConfig(EnvoyConfigOptions),

    /// Show who is signed in, in which browser, from where, and since when
    #[command(subcommand)]
    Session(SessionCommand),

    /// End sessions now
    #[command(subcommand)]
    Revoke(RevokeCommand),

    /// Manage the keys that sign tokens
    #[command(subcommand)]
    Key(KeyCommand),

    /// Manage tokens of the admin API
    #[command(subcommand)]
    AdminToken(AdminTokenCommand),

    /// Show what happened, who did it, and what was changed
    #[command(subcommand)]
    Audit(AuditCommand),

    /// Show revocations, and which proxies have applied them
    #[command(subcommand)]
    Revocation(RevocationCommand),

    /// Manage proxies, the Envoy processes that follow the feed
    #[command(subcommand)]
    Proxy(ProxyCommand),

    /// Manage the credentials with which filters call the service
    #[command(subcommand)]
    FilterCredential(FilterCredentialCommand),

    /// Manage service tokens, with which programs use applications
    #[command(subcommand)]
    ServiceToken(ServiceTokenCommand),

    /// Print a script that completes commands and options in a shell
    #[command(after_help = "\
Examples:
  portcullis-control completions bash > /etc/bash_completion.d/portcullis-control
  portcullis-control completions zsh > /usr/local/share/zsh/site-functions/_portcullis-control")]
    Completions {
        /// The shell: bash, zsh, fish, elvish or powershell
        shell: Shell,
    },

    /// Print the description of the admin API (OpenAPI 3.1), from which clients can be generated
    #[command(after_help = "\
Examples:
  portcullis-control openapi > openapi.json")]
    Openapi,

    /// Print the manual page, or write a page for each command
    #[command(after_help = "\
Examples:
  portcullis-control man | man -l -
  portcullis-control man /usr/local/share/man/man1")]
    Man {
        /// The directory to write to; without one, the program's page goes to standard output
        #[arg(value_name = "DIR")]
        directory: Option<PathBuf>,
    },

    /// Shift the running service's clock
    #[cfg(feature = "test-clock")]
    #[command(hide = true)]
    TestClock {
        /// Seconds to add to the machine's time
        #[arg(allow_negative_numbers = true)]
        offset_seconds: i64,
    },
}

/// `token`.
#[derive(Debug, Args)]
pub struct TokenArguments {
    /// The application's name or one of its origins, such as https://wiki.example.com
    pub application: String,
    /// The team domain, where people sign in; http:// is only allowed for this machine
    #[arg(long, value_name = "URL", value_parser = team_domain)]
    pub team_domain: Origin,
    /// Trust the certificate authorities in this PEM file instead of the system's
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
}
