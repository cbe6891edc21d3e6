//! `revocation`, `proxy`, and the `--wait` of `revoke`.

use std::time::Duration;

use clap::{Args, Subcommand};
use portcullis::duration::parse_combined_duration;

/// Whether and how long `revoke` waits for proxies.
#[derive(Debug, Clone, Copy, Args)]
pub struct Wait {
    /// Wait until every proxy has applied the revocation. If one does not in time, print which, and
    /// exit with status 1; the revocation remains in force
    #[arg(long)]
    wait: bool,
    /// How long to wait
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "10s",
        requires = "wait",
        value_parser = parse_timeout
    )]
    timeout: Duration,
}

impl Wait {
    /// How long to wait; `None` if not at all.
    pub fn limit(self) -> Option<Duration> {
        self.wait.then_some(self.timeout)
    }
}

fn parse_timeout(text: &str) -> Result<Duration, &'static str> {
    parse_combined_duration(text).ok_or("write for example 500ms, 10s or 1m 30s")
}

/// `revocation`.
#[derive(Debug, Subcommand)]
pub enum RevocationCommand {
    /// List the newest revocations in force, and how many proxies have applied each
    List {
        /// The most to list
        #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// List only those below this version
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
    /// A proxy is `live` while it polls. A proxy that has stopped polling is `unknown` as long as it
    /// may still admit users, and `stale` once its own configuration (`when_stale`) makes it deny
    /// every request.
    List,
    /// Forget a proxy that is gone for good, so that revocations no longer wait for it
    Forget {
        /// Its name, as `proxy list` shows it
        #[arg(allow_hyphen_values = true)]
        instance: String,
    },
}
