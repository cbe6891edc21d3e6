//! The running service: what every endpoint is given.

use std::sync::Arc;
use std::time::Duration;

use portcullis::protocol::origin::Origin;
use tokio::sync::{Semaphore, watch};

use crate::config::Config;
use crate::feed::notifier::Notifier;
use crate::feed::proxies::Proxies;
use crate::sessions::durations::{LONGEST_SESSION, MOMENT};
use crate::sign_in::limits::SignInLimits;
use crate::sign_in::password_hashing::Passwords;
use crate::storage::Database;
use crate::system::clock::Clock;
use crate::system::randomness::Randomness;
use crate::tokens::device_codes::guess_limits::GuessLimits;
use crate::tokens::device_codes::request_limits::RequestLimits;
use crate::tokens::keys::Keys;

/// Shared by all endpoints.
pub struct Service {
    /// The configuration.
    pub config: Config,
    /// The public origin, issuer of every token.
    pub team_domain: Origin,
    /// What is stored.
    pub storage: Database,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids and secrets.
    pub random: Arc<dyn Randomness>,
    /// Signing keys.
    pub keys: Keys,
    /// Password hashing.
    pub passwords: Passwords,
    /// Limits on failed sign-ins.
    pub limits: SignInLimits,
    /// Limits on guessed user codes.
    pub(crate) guess_limits: GuessLimits,
    /// Limits on requests for device codes, and on polls.
    pub(crate) request_limits: RequestLimits,
    /// What wakes long polls.
    pub notifier: Arc<Notifier>,
    /// What proxies have applied.
    pub proxies: Arc<Proxies>,
    /// Pages of snapshots that are read at a time. Each is long: filters that all begin at once
    /// must leave connections to everybody else.
    pub snapshot_turns: Semaphore,
    /// Becomes true when the service ends.
    pub stopping: watch::Receiver<bool>,
    /// The clock again, where it can be shifted.
    #[cfg(feature = "test-clock")]
    pub shifted_clock: Arc<crate::system::clock::ShiftedClock>,
}

impl Service {
    /// Now, seconds since 1970.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.clock.now_seconds()
    }

    /// When no token that exists now can be alive any more, seconds since 1970.
    #[must_use]
    pub fn tokens_end(&self) -> u64 {
        self.now() + LONGEST_SESSION.as_secs() + crate::CLOCK_LEEWAY_SECONDS
    }

    /// How long a global session lasts that begins through an application with this duration.
    #[must_use]
    pub fn global_duration(&self, application: Option<Duration>) -> Duration {
        const WITHOUT_APPLICATION: Duration = Duration::from_secs(24 * 60 * 60);
        match self.config.sessions.global_duration {
            Some(duration) if duration.is_zero() => MOMENT,
            Some(duration) => duration,
            None => application
                // What asks for every navigation says nothing of how long a sign-in is good.
                .filter(|duration| !duration.is_zero())
                .unwrap_or(WITHOUT_APPLICATION),
        }
    }

    /// Whether a global session lets its user into applications without a prompt.
    #[must_use]
    pub fn single_sign_on(&self) -> bool {
        self.config.sessions.global_duration != Some(Duration::ZERO)
    }

    /// Waits until the service ends.
    pub async fn stopped(&self) {
        let mut stopping = self.stopping.clone();
        // An error says that the sender is gone, which is an end too.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }
}
