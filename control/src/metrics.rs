//! What the service counts and measures, in the format of Prometheus.
//!
//! Every label takes its values from a fixed list: an address, a user or an application is never
//! one. What is known only at a moment, such as the proxies and their states, is read when the
//! metrics are ([`listener`]).

pub mod listener;
pub mod refusals;
mod snapshot;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::sign_in::password_hashing::Passwords;
use crate::storage::{Database, DatabaseStats};
use crate::tokens::service_tokens::not_good::NotGood;
use refusals::Refusals;

/// Begins every name. The filter's statistics begin with `portcullis_` alone.
const PREFIX: &str = "portcullis_control";

/// Counters by one label.
type Counters = Family<[(&'static str, &'static str); 1], Counter>;

/// What became of a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInResult {
    /// A session began or was renewed.
    SignedIn,
    /// No user has the address and the password. Also counted where a user changes the password and
    /// types the old one wrong.
    WrongPassword,
    /// The user was revoked a moment ago.
    UserBlocked,
    /// The user is disabled.
    UserDisabled,
    /// An identity provider signed nobody in, or its answer could not be used.
    ProviderFailed,
    /// An identity provider cannot be reached.
    ProviderAway,
    /// Too many sign-ins failed before.
    TooManyFailures,
    /// Too many passwords are being checked.
    Busy,
    /// The database or the machine failed.
    Error,
}

/// For what a token was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuedFor {
    /// A sign-in at an application.
    Exchange,
    /// A token that expired, or soon would.
    Refresh,
    /// A script.
    Script,
    /// A service token.
    Service,
}

/// What became of asking a provider about a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecheckResult {
    /// The session goes on as before.
    Kept,
    /// It goes on with another description of the person.
    Changed,
    /// It ended.
    Ended,
    /// The provider gave no answer.
    Failed,
    /// Nothing was stored: the session ended meanwhile, somebody else checks it, or somebody else has
    /// stored what the provider said later.
    Lost,
}

/// The counters of the service.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    sign_ins: Counters,
    tokens_issued: Counters,
    rechecks: Counters,
    services_refused: Counters,
    /// Requests that were refused.
    pub refusals: Refusals,
}

impl SignInResult {
    const ALL: [Self; 9] = [
        Self::SignedIn,
        Self::WrongPassword,
        Self::UserBlocked,
        Self::UserDisabled,
        Self::ProviderFailed,
        Self::ProviderAway,
        Self::TooManyFailures,
        Self::Busy,
        Self::Error,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::WrongPassword => "wrong_password",
            Self::UserBlocked => "user_blocked",
            Self::UserDisabled => "user_disabled",
            Self::ProviderFailed => "provider_failed",
            Self::ProviderAway => "provider_away",
            Self::TooManyFailures => "too_many_failures",
            Self::Busy => "busy",
            Self::Error => "error",
        }
    }
}

impl IssuedFor {
    const ALL: [Self; 4] = [Self::Exchange, Self::Refresh, Self::Script, Self::Service];

    fn as_str(self) -> &'static str {
        match self {
            Self::Exchange => "exchange",
            Self::Refresh => "refresh",
            Self::Script => "script",
            Self::Service => "service",
        }
    }
}

impl RecheckResult {
    const ALL: [Self; 5] = [
        Self::Kept,
        Self::Changed,
        Self::Ended,
        Self::Failed,
        Self::Lost,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Changed => "changed",
            Self::Ended => "ended",
            Self::Failed => "failed",
            Self::Lost => "lost",
        }
    }
}

impl Metrics {
    /// All counters at 0, with what the database and password hashing measure themselves.
    #[must_use]
    pub fn new(database: &Database, passwords: &Passwords) -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        let sign_ins = at_zero("outcome", SignInResult::ALL.map(SignInResult::as_str));
        let tokens_issued = at_zero("for", IssuedFor::ALL.map(IssuedFor::as_str));
        let services_refused = at_zero("why", NotGood::ALL.map(NotGood::as_str));
        let rechecks = at_zero("outcome", RecheckResult::ALL.map(RecheckResult::as_str));
        let refusals = Refusals::default();
        registry.register("sign_ins", "Sign-ins by outcome", sign_ins.clone());
        registry.register(
            "tokens_issued",
            "Application tokens issued",
            tokens_issued.clone(),
        );
        registry.register(
            "services_refused",
            "Calls with a service token that is not good or not admitted",
            services_refused.clone(),
        );
        registry.register(
            "provider_rechecks",
            "Sessions checked with their identity provider, by outcome",
            rechecks.clone(),
        );
        registry.register(
            "refusals",
            "Requests refused, by endpoint and reason",
            refusals.counters(),
        );
        of_database(&mut registry, database.stats());
        registry.register(
            "password_hash_seconds",
            "Time of hashing or checking one password, without the wait for a thread",
            passwords.seconds(),
        );
        registry.register(
            "build",
            "The version of this program",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        Self {
            registry,
            sign_ins,
            tokens_issued,
            rechecks,
            services_refused,
            refusals,
        }
    }

    /// Counts a sign-in.
    pub fn sign_in(&self, outcome: SignInResult) {
        self.sign_ins
            .get_or_create(&[("outcome", outcome.as_str())])
            .inc();
    }

    /// Counts a token.
    pub fn token_issued(&self, issued_for: IssuedFor) {
        self.tokens_issued
            .get_or_create(&[("for", issued_for.as_str())])
            .inc();
    }

    /// Counts a service token that gets no token.
    pub fn service_refused(&self, why: NotGood) {
        self.services_refused
            .get_or_create(&[("why", why.as_str())])
            .inc();
    }

    /// Counts a session that was checked with its provider.
    pub fn recheck(&self, outcome: RecheckResult) {
        self.rechecks
            .get_or_create(&[("outcome", outcome.as_str())])
            .inc();
    }

    fn registry(&self) -> &Registry {
        &self.registry
    }
}

/// What the database measures.
fn of_database(registry: &mut Registry, stats: &DatabaseStats) {
    registry.register(
        "revocations",
        "Revocations committed by this process, by scope",
        stats.revocations.clone(),
    );
    registry.register(
        "database_read_seconds",
        "Time of statements and of transactions that read, with the wait for a connection",
        stats.reads.clone(),
    );
    registry.register(
        "database_write_seconds",
        "Time of transactions that write, without the wait for their turn",
        stats.writes.clone(),
    );
    registry.register(
        "database_write_wait_seconds",
        "Time that transactions waited for their turn to write",
        stats.write_waits.clone(),
    );
}

/// Counters that are there before they count.
fn at_zero(label: &'static str, values: impl IntoIterator<Item = &'static str>) -> Counters {
    let counters = Counters::default();
    for value in values {
        let _ = counters.get_or_create(&[(label, value)]);
    }
    counters
}
