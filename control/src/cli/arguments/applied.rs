//! `revocation`, `proxy`, and the `--wait` of `revoke`.

use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use portcullis::duration::parse_combined_duration;

use crate::administration::coverage::WaitFor;

/// Whether, for whom and how long `revoke` waits.
#[derive(Debug, Clone, Copy, Args)]
#[command(group = ArgGroup::new("waiting").multiple(true))]
pub struct Wait {
    /// Wait until every proxy has applied the revocation
    ///
    /// If one does not in time, print which and until when it is waited for, and exit with status 1;
    /// the revocation remains in force.
    #[arg(long, group = "waiting")]
    wait: bool,
    /// Wait for all proxies that may admit users, or only for those that poll (implies --wait)
    ///
    /// A proxy that stopped polling without a successor may run on, cut off from the control
    /// service, and admits users until its own configuration (`when_stale`) ends that. `live` does
    /// not wait for such proxies, and prints which they are; `complete` in the JSON result then
    /// stays false.
    #[arg(long, value_name = "WHICH", group = "waiting")]
    wait_for: Option<Which>,
    /// How long to wait
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "10s",
        requires = "waiting",
        value_parser = parse_timeout
    )]
    timeout: Duration,
}

/// Which proxies `revoke` waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    /// All that may admit users
    All,
    /// Those that poll
    Live,
}

impl Wait {
    /// For whom to wait, and how long; `None` if not at all.
    pub fn limit(self) -> Option<(WaitFor, Duration)> {
        let wait_for = match self.wait_for {
            Some(Which::Live) => WaitFor::Live,
            Some(Which::All) => WaitFor::All,
            None if self.wait => WaitFor::All,
            None => return None,
        };
        Some((wait_for, self.timeout))
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
    /// A proxy is `live` while it polls. A proxy that has stopped polling is `replaced` once its
    /// Envoy was restarted with the same node id, `unknown` as long as it may still admit users, and
    /// `stale` once its own configuration (`when_stale`) makes it deny every request. Revocations
    /// wait for live and unknown proxies, for the latter UNTIL the time shown.
    List,
    /// Forget a proxy that is gone for good, so that revocations no longer wait for it
    Forget {
        /// Its name, as `proxy list` shows it
        #[arg(allow_hyphen_values = true)]
        instance: String,
    },
}
