//! `audit`.

use std::time::Duration;

use clap::{Args, Subcommand};
use portcullis::duration::parse_combined_duration;
use portcullis::time::UnixMillis;

use crate::administration::audit::asked::parse_moment;

/// `audit`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// List events, newest first
    #[command(after_help = "\
Examples:
  portcullis-control audit list --since 24h
  portcullis-control audit list --user ana@example.com --event sign_in
  portcullis-control audit list --event policy.changed --application wiki --json")]
    List {
        #[command(flatten)]
        filters: AuditFilters,
        /// The most to list
        #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Print all events, oldest first, each as one line of JSON
    ///
    /// Events that are stored meanwhile may be left out; the next export begins with them if its
    /// --since is the time of the last line.
    #[command(after_help = "\
Examples:
  portcullis-control audit export --since 2026-11-01 --until 2026-12-01 > november.jsonl
  portcullis-control audit export --since 7d --event revocation | jq .subject")]
    Export {
        #[command(flatten)]
        filters: AuditFilters,
    },
}

/// Which events.
#[derive(Debug, Args)]
pub struct AuditFilters {
    /// Only events since this time: RFC 3339, a date, or how long ago, such as 90m, 24h or 7d
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    pub since: Option<When>,
    /// Only events before this time
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    pub until: Option<When>,
    /// Only events with this name, such as user.added, or of this group, such as user
    #[arg(long, value_name = "EVENT")]
    pub event: Option<String>,
    /// Only events that concern the user with this e-mail address or id
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    /// Only events that concern the application with this name
    #[arg(long, value_name = "NAME")]
    pub application: Option<String>,
    /// Only events whose actor has this kind (user, admin_token, service_token, cli, provider, filter, system, unknown),
    /// id or name
    #[arg(long, value_name = "ACTOR")]
    pub actor: Option<String>,
    /// No events with these names, or of these groups, separated by commas
    #[arg(long, value_name = "EVENTS")]
    pub not_event: Option<String>,
    /// Only events by which somebody was let in (admitted) or not (refused)
    #[arg(long, value_name = "OUTCOME")]
    pub outcome: Option<String>,
    /// Only events from this address, or this network, such as 192.0.2.0/24
    #[arg(long, value_name = "ADDRESS")]
    pub address: Option<String>,
    /// Only events of requests whose id begins so: the reference on an error page
    #[arg(long, value_name = "REFERENCE")]
    pub reference: Option<String>,
}

/// A time, or how long ago it is.
#[derive(Debug, Clone, Copy)]
pub enum When {
    /// A time.
    At(UnixMillis),
    /// How long ago.
    Ago(Duration),
}

impl When {
    /// The time.
    pub fn before(self, now: UnixMillis) -> UnixMillis {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => now - ago,
        }
    }
}

fn parse_when(text: &str) -> Result<When, &'static str> {
    let ago = || parse_combined_duration(text).map(When::Ago);
    parse_moment(text)
        .map(When::At)
        .or_else(ago)
        .ok_or("write a time such as 2026-11-27T08:00:00Z, a date, or how long ago: 90m, 24h, 7d")
}
