//! The settings, checked.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use portcullis::protocol::origin::Origin;
use portcullis::session::signature::Algorithm;

use crate::administration::role::Role;
use crate::policy::selector::Selector;

/// `[server]`.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// `listen`: the team domain's listener, 127.0.0.1:8081 by default.
    pub listen: SocketAddr,
    /// `filters`: the filter API's listener, 127.0.0.1:8082 by default.
    pub filters: SocketAddr,
    /// `metrics`: the listener for Prometheus; none by default.
    pub metrics: Option<SocketAddr>,
    /// `team_domain`: the public origin; `http://localhost:<port of listen>` by default.
    pub team_domain: Option<Origin>,
    /// `trusted_proxies`: the proxies whose `x-forwarded-for` is believed; none by default.
    pub trusted_proxies: Vec<IpNet>,
    /// `demo`: allows very short durations, and says so on every page.
    pub demo: bool,
}

/// `[database]`.
#[derive(Clone)]
pub struct DatabaseConfig {
    /// `url`: `sqlite://<path>` or `postgres://…`; `portcullis.db` in the data directory by
    /// default. It can hold a password, so `Debug` hides it.
    pub url: Option<String>,
}

/// `[sessions]`.
#[derive(Debug, Clone)]
pub struct SessionsConfig {
    /// `global_duration`; absent: that of the application through which the sign-in began. Zero:
    /// every `/login` asks for a sign-in.
    pub global_duration: Option<Duration>,
    /// `login_block_after_revoke`: how long a revoked user cannot sign in, 60s by default.
    pub login_block_after_revoke: Duration,
}

/// `[keys]`.
#[derive(Debug, Clone)]
pub struct KeysConfig {
    /// `algorithm`: the algorithm of new keys, ES256 by default.
    pub algorithm: Algorithm,
    /// `rotate_every`: how long a key signs, six weeks by default; absent: until an administrator
    /// rotates.
    pub rotate_every: Option<Duration>,
    /// `seal`: where the keys are that seal secrets in the database; absent: in a file in the data
    /// directory.
    pub seal: Option<SealConfig>,
}

/// `[keys] seal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealConfig {
    /// `file`: a file with a key on each line.
    File(PathBuf),
    /// `env`: the variable of the environment that holds the keys.
    Environment(String),
}

/// `[audit]`.
#[derive(Debug, Clone)]
pub struct AuditConfig {
    /// `retention`: how long events are kept, 90 days by default; absent: for ever.
    pub retention: Option<Duration>,
}

/// `[sign_in]`: whether people sign in with passwords, and how many such sign-ins may fail in a
/// minute.
#[derive(Debug, Clone, Copy)]
pub struct SignInConfig {
    /// `passwords`: by default true while no identity provider is configured.
    pub passwords: bool,
    /// `failures_per_email`: 10 by default.
    pub failures_per_email: u32,
    /// `failures_per_address`: 60 by default; many people can share an address.
    pub failures_per_address: u32,
}

/// `[dashboard]`.
#[derive(Debug, Clone)]
pub struct DashboardConfig {
    /// `enabled`: true by default.
    pub enabled: bool,
    /// `source_ranges`: the networks from which dashboard and admin API answer; empty: all.
    pub source_ranges: Vec<IpNet>,
    /// `administrators`: conditions of which one makes a person administrator.
    pub administrators: Vec<Selector>,
    /// `help_desk`.
    pub help_desk: Vec<Selector>,
    /// `viewers`.
    pub viewers: Vec<Selector>,
}

impl DashboardConfig {
    /// The conditions of which one gives a role.
    #[must_use]
    pub fn list_of(&self, role: Role) -> &[Selector] {
        match role {
            Role::Viewer => &self.viewers,
            Role::HelpDesk => &self.help_desk,
            Role::Administrator => &self.administrators,
        }
    }

    /// Whether dashboard and admin API answer an address.
    #[must_use]
    pub fn answers(&self, address: IpAddr) -> bool {
        let mut ranges = self.source_ranges.iter();
        self.source_ranges.is_empty() || ranges.any(|range| range.contains(&address))
    }
}

impl std::fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseConfig(hidden)")
    }
}
