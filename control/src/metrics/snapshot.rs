//! What is true at the moment of reading: the feed and who follows it, the database, and the queue
//! of password hashing.

use std::collections::BTreeSet;
use std::time::Duration;

use portcullis::time::UnixMillis;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::PREFIX;
use crate::feed::proxies::{ProxyState, Standing, standings};
use crate::service::Service;
use crate::sign_in::password_hashing::Queue;
use crate::storage::{Database, StorageError, error_counts};

/// How long the database may take before the rest is given without it.
const DATABASE_LIMIT: Duration = Duration::from_secs(1);
/// The most versions whose commit time is looked up. The oldest one counts.
const MOST_LOOKUPS: usize = 16;

type Gauges = Family<[(&'static str, &'static str); 1], Gauge>;

/// What was true at a moment.
pub struct Snapshot {
    /// The feed's newest version that this process knows.
    version: u64,
    /// Polls that this process answers now.
    polls: u64,
    /// `None` if the database did not answer: then the metrics about proxies are absent.
    proxies: Option<ProxyFigures>,
    open_connections: u64,
    idle_connections: u64,
    hashing: Queue,
}

/// The proxies by state.
struct ProxyFigures([(ProxyState, OfState); ProxyState::ALL.len()]);

#[derive(Clone, Copy, Default)]
struct OfState {
    count: u64,
    /// For how long the one that is furthest behind has not applied what was committed.
    lag: Duration,
}

impl Snapshot {
    /// Takes it.
    pub async fn take(service: &Service) -> Self {
        let figures = figures(&service.storage, service.clock.now());
        let proxies = match tokio::time::timeout(DATABASE_LIMIT, figures).await {
            Ok(Ok(figures)) => Some(figures),
            Ok(Err(error)) => {
                tracing::warn!(error = ?error, "metrics without proxies: the database cannot be read");
                None
            }
            Err(_) => {
                tracing::warn!("metrics without proxies: the database takes too long to answer");
                None
            }
        };
        let (open_connections, idle_connections) = service.storage.connections();
        Self {
            version: service.notifier.newest(),
            polls: service.proxies.open_polls(),
            proxies,
            open_connections,
            idle_connections,
            hashing: service.passwords.queue(),
        }
    }

    /// Its metrics.
    pub fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix(PREFIX);
        self.register_numbers(&mut registry);
        let used = self.open_connections.saturating_sub(self.idle_connections);
        registry.register(
            "database_connections",
            "Connections to the database that are open",
            gauges("state", [("idle", self.idle_connections), ("used", used)]),
        );
        if let Some(proxies) = &self.proxies {
            proxies.register(&mut registry);
        }
        let errors: Family<_, Counter> = Family::default();
        for (kind, count) in error_counts() {
            errors.get_or_create(&[("kind", kind)]).inc_by(count);
        }
        registry.register(
            "database_errors",
            "Errors of the database in this process, by kind",
            errors,
        );
        registry
    }

    fn register_numbers(&self, registry: &mut Registry) {
        for (name, help, value) in [
            (
                "feed_version",
                "The newest version of the feed",
                self.version,
            ),
            (
                "feed_polls",
                "Polls of the feed that this process holds open",
                self.polls,
            ),
            (
                "database_up",
                "Whether the database answered when the metrics were read",
                u64::from(self.proxies.is_some()),
            ),
            (
                "password_hashes_running",
                "Passwords that are being hashed or checked",
                self.hashing.running,
            ),
            (
                "password_hashes_waiting",
                "Passwords that wait for a thread",
                self.hashing.waiting,
            ),
        ] {
            let gauge: Gauge = Gauge::default();
            gauge.set(signed(value));
            registry.register(name, help, gauge);
        }
    }
}

impl ProxyFigures {
    fn register(&self, registry: &mut Registry) {
        let counts = self.0.map(|(state, of)| (state.as_str(), of.count));
        registry.register(
            "feed_proxies",
            "Proxies that follow the feed at any control service of the database, by state",
            gauges("state", counts),
        );
        let lags = self.0.map(|(state, of)| (state.as_str(), of.lag.as_secs()));
        registry.register(
            "feed_lag_seconds",
            "For how long the proxy that is furthest behind has not applied a committed version",
            gauges("state", lags),
        );
    }
}

fn gauges<const N: usize>(label: &'static str, values: [(&'static str, u64); N]) -> Gauges {
    let gauges = Gauges::default();
    for (name, value) in values {
        gauges.get_or_create(&[(label, name)]).set(signed(value));
    }
    gauges
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

async fn figures(storage: &Database, now: UnixMillis) -> Result<ProxyFigures, StorageError> {
    let newest = storage.newest_version().await?;
    let proxies = standings(storage.proxies().await?, now);
    let mut figures = ProxyState::ALL.map(|state| (state, OfState::default()));
    for (state, of) in &mut figures {
        let in_state = || {
            let proxies = proxies.iter();
            proxies.filter(|standing| standing.state == *state)
        };
        of.count = in_state().count() as u64;
        of.lag = lag(storage, in_state(), newest, now).await?;
    }
    Ok(ProxyFigures(figures))
}

/// For how long the proxy that is furthest behind has been behind. What was committed before a
/// proxy's first poll counts from that poll.
async fn lag(
    storage: &Database,
    proxies: impl Iterator<Item = &Standing> + Clone,
    newest: u64,
    now: UnixMillis,
) -> Result<Duration, StorageError> {
    let proxies = proxies.map(|standing| &standing.proxy);
    let behind = proxies.filter(|proxy| proxy.applied < newest);
    let versions: BTreeSet<u64> = behind.clone().map(|proxy| proxy.applied).collect();
    let mut longest = Duration::ZERO;
    for version in versions.into_iter().take(MOST_LOOKUPS) {
        let Some(committed) = storage.first_commit_after(version).await? else {
            continue;
        };
        let at_version = behind.clone().filter(|proxy| proxy.applied == version);
        let since = at_version
            .map(|proxy| committed.max(proxy.first_seen))
            .min();
        longest = longest.max(since.map_or(Duration::ZERO, |since| now.duration_since(since)));
    }
    Ok(longest)
}
