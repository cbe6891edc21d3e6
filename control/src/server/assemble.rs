//! Making the service from its configuration and its database.

use std::net::SocketAddr;
use std::sync::Arc;

use portcullis::protocol::origin::Origin;
use tokio::sync::{Mutex, Semaphore, watch};

use super::access_groups;
use super::error::StartError;
use crate::applications::Application;
use crate::applications::neighbours::{notes, taken_over};
use crate::audit::Initiator;
use crate::audit::strangers::Strangers;
use crate::config::Config;
use crate::dashboard::revocations::streams::Streams;
use crate::feed::notifier::Notifier;
use crate::feed::proxies::Proxies;
use crate::identity_providers::IdentityProviders;
use crate::metrics::Metrics;
use crate::policy::notes as policy_notes;
use crate::provider_events::limits::ReportLimits;
use crate::provider_events::running_checks::RunningChecks;
use crate::seal::Seal;
use crate::service::Service;
use crate::sign_in::known_browser::KnownBrowsers;
use crate::sign_in::limits::SignInLimits;
use crate::sign_in::password_hashing::Passwords;
use crate::sign_in::provider_limits::ProviderLimits;
use crate::sign_in::used_attempts::UsedAttempts;
use crate::storage::Database;
use crate::system::clock::Clock;
use crate::system::disk::DataDirState;
use crate::system::randomness::Randomness;
use crate::system::rate_limit::RateLimit;
use crate::tokens::credential::Uses;
use crate::tokens::device_codes::guess_limits::GuessLimits;
use crate::tokens::device_codes::request_limits::RequestLimits;
use crate::tokens::keys::ring::{KeyRing, NewKey};

/// Refusals of service tokens that are logged in a minute, for one filter credential.
const REFUSED_SERVICES_LOGGED: u32 = 60;

/// How many pages of snapshots are read at once.
const SNAPSHOTS: usize = 2;

/// What the service is made of.
pub struct Parts {
    pub config: Config,
    pub database: Database,
    pub clock: Arc<dyn Clock>,
    #[cfg(feature = "test-clock")]
    pub shifted_clock: Arc<crate::system::clock::ShiftedClock>,
    pub random: Arc<dyn Randomness>,
    pub seal: Arc<Seal>,
    pub team_domain: Origin,
    pub stopping: watch::Receiver<bool>,
}

/// Makes the service, and stores the applications that the configuration file declares.
pub async fn assemble(parts: Parts) -> Result<Service, StartError> {
    let Parts {
        config,
        database: storage,
        clock,
        random,
        ..
    } = parts;
    let seal = parts.seal;
    let first_key = NewKey {
        algorithm: config.keys.algorithm,
        random: &random,
    };
    let key_ring = KeyRing::open(&storage, clock.as_ref(), first_key, Arc::clone(&seal)).await?;
    let known_browsers = KnownBrowsers::open(&storage, &seal, random.as_ref()).await?;
    let identity_providers = IdentityProviders::open(&config.identity_providers, &clock, &random)
        .map_err(StartError::IdentityProviders)?;
    let passwords = Passwords::new(random.as_ref())?;
    let service = Service {
        team_domain: parts.team_domain,
        key_ring,
        identity_providers,
        seal,
        resealing: Mutex::new(()),
        metrics: Metrics::new(&storage, &passwords),
        passwords,
        known_browsers,
        limits: Arc::new(SignInLimits::new(config.sign_in)),
        used_attempts: UsedAttempts::default(),
        provider_limits: ProviderLimits::default(),
        strangers: Strangers::default(),
        guess_limits: GuessLimits::new(),
        request_limits: RequestLimits::new(),
        report_limits: ReportLimits::default(),
        streams: Streams::default(),
        rechecks: RunningChecks::default(),
        credential_uses: Uses::default(),
        refused_services_logged: RateLimit::new(REFUSED_SERVICES_LOGGED),
        notifier: Arc::new(Notifier::new(0, Arc::clone(&clock))),
        proxies: Arc::new(Proxies::new(Arc::clone(&clock))),
        data_dir: DataDirState::default(),
        snapshot_reads: Semaphore::new(SNAPSHOTS),
        stopping: parts.stopping,
        storage,
        clock,
        random,
        config,
        #[cfg(feature = "test-clock")]
        shifted_clock: parts.shifted_clock,
    };
    service.storage.store_missing_words().await?;
    declare(&service).await?;
    // Only now: what the service does not start with is not in force.
    let by = Initiator::system("configuration file");
    let settings = service.config.told();
    if service.storage.note_settings(&settings, &by).await? {
        tracing::info!("the settings changed since the last start; the audit log tells which");
    }
    let newest = service.storage.newest_version().await?;
    service.notifier.observed(newest);
    Ok(service)
}

/// Stores the applications that the configuration file declares.
async fn declare(service: &Service) -> Result<(), StartError> {
    let mut declared = Vec::new();
    for definition in &service.config.applications {
        declared.push(Application {
            audience: service.random.audience()?,
            declared: true,
            definition: definition.clone(),
        });
    }
    let until = service.tokens_end();
    let before = service.storage.applications().await?;
    let version = service
        .storage
        .declare(&declared, until, &Initiator::system("configuration file"))
        .await?;
    let after = service.storage.applications().await?;
    access_groups::declare(service).await?;
    if let Some(version) = version {
        tracing::info!(version, "declared applications changed");
    }
    for taken in taken_over(&before, &after) {
        tracing::warn!(
            hostname = taken.hostname,
            application = taken.holder,
            "{taken}; if Envoy still has a route to another application's server there, take it out"
        );
    }
    let all = || after.iter().map(|one| &one.definition);
    for definition in &service.config.applications {
        for note in notes(definition, all(), Some(&service.team_domain)) {
            tracing::info!(application = definition.name, "{note}");
        }
        let policy_notes = policy_notes::notes(&definition.policy).into_iter();
        for note in policy_notes.chain(definition.note_on_groups()) {
            tracing::warn!(application = definition.name, "{note}");
        }
    }
    Ok(())
}

/// The configured team domain, or `localhost` with the port on which the service listens.
pub fn team_domain(config: &Config, listen: SocketAddr) -> Result<Origin, StartError> {
    match &config.server.team_domain {
        Some(origin) => Ok(origin.clone()),
        None => format!("http://localhost:{}", listen.port())
            .parse()
            .map_err(|_| StartError::TeamDomain),
    }
}
