//! The filter's configuration, compiled: everything in it has been checked.
//!
//! It is small on purpose: applications and the duration of sessions are configured in the control
//! service and arrive by feed. It holds no secrets, since Envoy shows it in config dumps.

mod bounds;
mod problem;
pub mod schema;
mod values;
mod wire;

use std::time::Duration;

use crate::feed::MAX_REVOCATIONS;
use crate::fields::Fields;
use crate::protocol::origin::Origin;
use bounds::Bounds;

pub use problem::{ConfigErrors, ConfigProblem};

/// The filter's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    team_domain: Origin,
    control: ControlConfig,
    when_stale: WhenStale,
    unknown_hosts: UnknownHosts,
    audiences: Vec<String>,
    max_revocations: usize,
    mode: Mode,
}

/// How the control service is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlConfig {
    /// Envoy cluster of the control service's filter listener.
    pub cluster: String,
    /// `:authority` of calls.
    pub authority: String,
    /// How long a call may take. The feed's long poll has its own limit.
    pub timeout: Duration,
    /// Environment variable of the VM that holds the filter credential.
    pub credential_env: String,
}

/// What happens when no poll of the feed has succeeded for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WhenStale {
    /// How long after the last good poll the feed is stale.
    pub after: Duration,
    /// What then happens to requests.
    pub then: StaleAction,
}

/// What a stale feed means for requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaleAction {
    /// 503.
    Deny,
    /// Sessions are judged by what the feed brought last.
    Allow,
}

/// What happens to requests to a host that no application has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownHosts {
    /// 403.
    Deny,
    /// They are forwarded, without reserved headers and cookies.
    Pass,
}

/// Whether requests are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// They are.
    Enforce,
    /// A dry run: refusals are counted and logged, and the request continues without an identity.
    Report,
}

/// `control.timeout` where it is absent.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(2);
/// What `control.timeout` may be.
const TIMEOUT: Bounds = Bounds {
    least: "100ms",
    most: "30s",
};
/// What `when_stale.after` may be.
const STALE_AFTER: Bounds = Bounds {
    least: "1s",
    most: "7d",
};
/// `max_revocations` where it is absent: about 60 MB in each VM.
const DEFAULT_REVOCATIONS: usize = 2_000_000;

/// The words of `when_stale.then`.
const STALE_ACTIONS: [(&str, StaleAction); 2] =
    [("deny", StaleAction::Deny), ("allow", StaleAction::Allow)];
/// The words of `unknown_hosts`.
const UNKNOWN_HOSTS: [(&str, UnknownHosts); 2] =
    [("deny", UnknownHosts::Deny), ("pass", UnknownHosts::Pass)];

/// The words of `mode`.
const MODES: [(&str, Mode); 2] = [("enforce", Mode::Enforce), ("report", Mode::Report)];

impl Config {
    /// Reads a configuration, in JSON or as a serialized `google.protobuf.Struct`.
    ///
    /// # Errors
    /// Every unknown field, missing field and impossible value, each with its path.
    pub fn read(bytes: &[u8]) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors(Vec::new());
        let config = match wire::read(bytes) {
            Ok(value) => Self::from_fields(Fields::of(&value, &mut errors)),
            Err(error) => {
                errors.add("", format!("is not JSON: {error}"));
                None
            }
        };
        config.filter(|_| errors.0.is_empty()).ok_or(errors)
    }

    fn from_fields(mut fields: Fields<'_, ConfigErrors>) -> Option<Self> {
        let team_domain = fields.required("team_domain", values::origin);
        let control = fields
            .object("control")
            .and_then(ControlConfig::from_fields);
        let when_stale = fields.object("when_stale").and_then(WhenStale::from_fields);
        let unknown_hosts = fields.optional("unknown_hosts", UnknownHosts::Deny, |value| {
            values::choice(value, &UNKNOWN_HOSTS)
        });
        let audiences = fields.optional("audiences", Vec::new(), values::audiences);
        let max_revocations = fields.optional("max_revocations", DEFAULT_REVOCATIONS, |value| {
            values::number(value, MAX_REVOCATIONS)
        });
        let mode = fields.optional("mode", Mode::Enforce, |value| values::choice(value, &MODES));
        let mut names = fields.optional_object("names");
        names.optional("preset", (), |value| {
            values::not_yet(value, "default", &["cloudflare"])
        });
        names.finish();
        fields.finish();
        Some(Self {
            team_domain: team_domain?,
            control: control?,
            when_stale: when_stale?,
            unknown_hosts: unknown_hosts?,
            audiences: audiences?,
            max_revocations: max_revocations?,
            mode: mode?,
        })
    }

    /// The team domain's origin.
    #[must_use]
    pub fn team_domain(&self) -> &Origin {
        &self.team_domain
    }

    /// How the control service is called.
    #[must_use]
    pub fn control(&self) -> &ControlConfig {
        &self.control
    }

    /// What happens when the feed is stale.
    #[must_use]
    pub fn when_stale(&self) -> WhenStale {
        self.when_stale
    }

    /// What happens to requests to unknown hosts.
    #[must_use]
    pub fn unknown_hosts(&self) -> UnknownHosts {
        self.unknown_hosts
    }

    /// The most revocations that may be in memory.
    #[must_use]
    pub fn max_revocations(&self) -> usize {
        self.max_revocations
    }

    /// Whether requests are refused.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Audiences that this filter guards; empty for all.
    #[must_use]
    pub fn audiences(&self) -> &[String] {
        &self.audiences
    }
}

impl ControlConfig {
    fn from_fields(mut fields: Fields<'_, ConfigErrors>) -> Option<Self> {
        let cluster = fields.required("cluster", values::visible_text);
        let authority = fields.required("authority", values::visible_text);
        let timeout = fields.optional("timeout", DEFAULT_TIMEOUT, |value| {
            values::duration(value, TIMEOUT)
        });
        let credential_env = fields.required("credential_env", values::visible_text);
        fields.finish();
        Some(Self {
            cluster: cluster?,
            authority: authority?,
            timeout: timeout?,
            credential_env: credential_env?,
        })
    }
}

impl WhenStale {
    fn from_fields(mut fields: Fields<'_, ConfigErrors>) -> Option<Self> {
        let after = fields.required("after", |value| values::duration(value, STALE_AFTER));
        let then = fields.required("then", |value| values::choice(value, &STALE_ACTIONS));
        fields.finish();
        Some(Self {
            after: after?,
            then: then?,
        })
    }
}
