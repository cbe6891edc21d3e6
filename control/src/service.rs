//! The state that all endpoints share.

use std::sync::Arc;
use std::time::Duration;

use portcullis::protocol::origin::Origin;
use portcullis::time::UnixSeconds;
use tokio::sync::{Semaphore, watch};

use crate::audit::Event;
use crate::audit::strangers::Strangers;
use crate::config::Config;
use crate::dashboard::revocations::streams::Streams;
use crate::feed::notifier::Notifier;
use crate::feed::proxies::Proxies;
use crate::identity_providers::IdentityProviders;
use crate::metrics::Metrics;
use crate::provider_events::limits::ReportLimits;
use crate::provider_events::running_checks::RunningChecks;
use crate::seal::Seal;
use crate::sessions::durations::{LONGEST_SESSION, MOMENT};
use crate::sign_in::known_browser::KnownBrowsers;
use crate::sign_in::limits::SignInLimits;
use crate::sign_in::password_hashing::Passwords;
use crate::sign_in::provider_limits::ProviderLimits;
use crate::sign_in::used_attempts::UsedAttempts;
use crate::storage::{Database, StorageError};
use crate::system::clock::Clock;
use crate::system::disk::DataDirState;
use crate::system::randomness::Randomness;
use crate::system::rate_limit::RateLimit;
use crate::tokens::credential::Uses;
use crate::tokens::device_codes::guess_limits::GuessLimits;
use crate::tokens::device_codes::request_limits::RequestLimits;
use crate::tokens::keys::Keys;
use crate::tokens::keys::ring::KeyRing;

/// The state of the running service.
pub struct Service {
    /// The configuration.
    pub config: Config,
    /// The public origin, the issuer of every token.
    pub team_domain: Origin,
    /// The database.
    pub storage: Database,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The source of ids and secrets.
    pub random: Arc<dyn Randomness>,
    /// What seals secrets in the database.
    pub seal: Arc<Seal>,
    /// Held while secrets are sealed with another key.
    pub resealing: tokio::sync::Mutex<()>,
    /// The signing keys: see [`Self::keys`].
    pub key_ring: KeyRing,
    /// The identity providers.
    pub identity_providers: IdentityProviders,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
    /// Recognises browsers in which users signed in before.
    pub(crate) known_browsers: KnownBrowsers,
    /// Limits on failed sign-ins.
    pub limits: Arc<SignInLimits>,
    /// The sign-ins with a provider that have ended.
    pub(crate) used_attempts: UsedAttempts,
    /// Limits on sign-ins with a provider that fail.
    pub(crate) provider_limits: ProviderLimits,
    /// Bounds what strangers write into the audit log.
    pub(crate) strangers: Strangers,
    /// Limits on wrong user codes.
    pub(crate) guess_limits: GuessLimits,
    /// Limits on requests for device codes, and on polls.
    pub(crate) request_limits: RequestLimits,
    /// Limits on reports of identity providers that are refused.
    pub report_limits: ReportLimits,
    /// The sessions that are being checked with their providers.
    pub rechecks: RunningChecks,
    /// When each credential was last noted as used.
    pub(crate) credential_uses: Uses,
    /// Limits how many refusals of service tokens are logged: a flood must not fill the disk.
    pub(crate) refused_services_logged: RateLimit,
    /// Wakes long polls.
    pub notifier: Arc<Notifier>,
    /// The proxies and what they have applied.
    pub proxies: Arc<Proxies>,
    /// Streams that show how far a version has come.
    pub(crate) streams: Streams,
    /// Whether the data directory can be written.
    pub data_dir: DataDirState,
    /// What is counted.
    pub metrics: Metrics,
    /// Limits how many pages of snapshots are read at once, so that many starting filters leave
    /// database connections to other requests.
    pub snapshot_reads: Semaphore,
    /// Becomes true when the service stops.
    pub stopping: watch::Receiver<bool>,
    /// The clock again, as one that tests can shift.
    #[cfg(feature = "test-clock")]
    pub shifted_clock: Arc<crate::system::clock::ShiftedClock>,
}

impl Service {
    /// Now.
    #[must_use]
    pub fn now(&self) -> UnixSeconds {
        self.clock.now_seconds()
    }

    /// The signing keys in force now. A key that was refused before this call is not among them,
    /// whichever replica refused it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn keys(&self) -> Result<Arc<Keys>, StorageError> {
        self.key_ring.current(&self.storage).await
    }

    /// When every token that exists now has expired.
    #[must_use]
    pub fn tokens_end(&self) -> UnixSeconds {
        self.now() + LONGEST_SESSION + crate::CLOCK_LEEWAY
    }

    /// When a revocation of a user may end at the earliest. Storage extends it to the end of the
    /// user's last session: every token of a user, also one for scripts, belongs to a session.
    #[must_use]
    pub fn past_leeway(&self) -> UnixSeconds {
        self.now() + crate::CLOCK_LEEWAY
    }

    /// How long a global session lasts that begins through an application with this session duration.
    #[must_use]
    pub fn global_duration(&self, application: Option<Duration>) -> Duration {
        const WITHOUT_APPLICATION: Duration = Duration::from_secs(24 * 60 * 60);
        match self.config.sessions.global_duration {
            Some(duration) if duration.is_zero() => MOMENT,
            Some(duration) => duration,
            None => application
                // A duration of 0 means that every navigation goes through the team domain, not that the
                // sign-in lasts no time.
                .filter(|duration| !duration.is_zero())
                .unwrap_or(WITHOUT_APPLICATION),
        }
    }

    /// Whether a global session admits its user to applications without a prompt.
    #[must_use]
    pub fn single_sign_on(&self) -> bool {
        self.config.sessions.global_duration != Some(Duration::ZERO)
    }

    /// Stores an event that anyone can cause by failing, or counts it if there are too many. Nothing
    /// else depends on it, so an error is only logged.
    pub async fn tell_of_failure(&self, event: Event) {
        if self.strangers.admit(&event, self.clock.now())
            && let Err(error) = self.storage.add_event(event).await
        {
            tracing::warn!(?error, "an event of the audit log is not stored");
        }
    }

    /// Stores what [`Self::tell_of_failure`] has counted.
    ///
    /// # Errors
    /// When it is not stored; it is kept for the next call.
    pub async fn store_counts(&self) -> Result<(), StorageError> {
        let counted = self.strangers.take();
        if counted.is_empty() {
            return Ok(());
        }
        let stored = self.storage.count_events(&counted).await;
        if stored.is_err() {
            self.strangers.put_back(counted);
        }
        stored
    }

    /// Waits until the service stops.
    pub async fn stopped(&self) {
        let mut stopping = self.stopping.clone();
        // An error means that the sender is gone: the service has stopped.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }
}
