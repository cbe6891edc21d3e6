//! What asks which proxies have applied a revocation.

use std::time::Duration;

use clap::{Args, Subcommand};

/// Whether, and how long, `revoke` waits.
#[derive(Debug, Clone, Copy, Args)]
pub struct Wait {
    /// Return when every proxy has applied it; if one does not in time, end with status 1 and say
    /// which. The revocation stands either way
    #[arg(long)]
    wait: bool,
    /// How long to wait
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "10s",
        requires = "wait",
        value_parser = humantime::parse_duration
    )]
    timeout: Duration,
}

impl Wait {
    /// How long to wait; `None`: not at all.
    pub fn limit(self) -> Option<Duration> {
        self.wait.then_some(self.timeout)
    }
}

/// `revocation`.
#[derive(Debug, Subcommand)]
pub enum RevocationCommand {
    /// List the newest revocations in force, and how many proxies have applied each
    List {
        /// At most so many
        #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// Only those below this version
        #[arg(long, value_name = "VERSION")]
        below: Option<u64>,
    },
    /// Show which proxies have applied a revocation, and how long each took
    Show {
        /// The revocation's version
        version: u64,
    },
}

/// `proxy`.
#[derive(Debug, Subcommand)]
pub enum ProxyCommand {
    /// List all proxies, what each has applied, and whether it polls
    ///
    /// A proxy is `live` while it polls. One that no longer polls is `unknown` as long as it could
    /// still let people in by what it has, and `stale` once it refuses everybody by its own
    /// configuration (`when_stale`).
    List,
    /// No longer wait for a proxy that is gone for good
    Forget {
        /// Its name, as `proxy list` shows it
        #[arg(allow_hyphen_values = true)]
        instance: String,
    },
}
