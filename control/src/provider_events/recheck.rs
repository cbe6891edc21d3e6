//! Asking providers again, with the refresh token of each session, whether the person may still have
//! it, and how they are described now (`recheck`).
//!
//! A provider that refuses the token with `invalid_grant`, or describes somebody who could not sign in,
//! ends the session. One that is away, slow or wrongly configured ends nothing: it is asked again,
//! after ever longer waits.

mod check;
mod pause;
mod waits;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::identity_providers::IdentityProvider;
use crate::service::Service;
use crate::storage::{ClaimedSession, DueRechecks};
use check::Check;
use pause::Pause;

/// How often it is looked for sessions that are due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// So many sessions of one provider are checked at once; sign-ins need the provider, too.
const AT_ONCE: usize = 8;
/// For how long nobody else checks a session that is claimed: what it may wait for its turn, and
/// [`LONGEST_CHECK`].
const CLAIM: Duration = Duration::from_secs(90);
/// Longer than a check can take: a few calls of 5 seconds each.
const LONGEST_CHECK: Duration = Duration::from_secs(60);

/// The checks of one provider.
struct Rechecks {
    service: Arc<Service>,
    provider_id: String,
    every: Duration,
    pause: Pause,
}

/// Goes on for as long as the service runs.
pub async fn keep(service: Arc<Service>) {
    let mut providers = JoinSet::new();
    for provider in service.identity_providers.all() {
        if let Some(every) = provider.settings().recheck {
            let rechecks = Arc::new(Rechecks {
                service: Arc::clone(&service),
                provider_id: provider.id().to_owned(),
                every,
                pause: Pause::default(),
            });
            providers.spawn(rechecks.keep());
        }
    }
    while providers.join_next().await.is_some() {}
}

impl Rechecks {
    async fn keep(self: Arc<Self>) {
        let room = Arc::new(Semaphore::new(AT_ONCE));
        let mut failing = false;
        loop {
            let places = room.available_permits();
            let allowed = self.pause.allows(self.service.now(), AT_ONCE - places);
            let claimed = self.claim(allowed.min(places), &mut failing).await;
            if claimed.is_empty() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            for session in claimed {
                let Ok(place) = Arc::clone(&room).acquire_owned().await else {
                    return;
                };
                let running = self.service.rechecks.enter().await;
                let all = Arc::clone(&self);
                tokio::spawn(async move {
                    all.check(&session).await;
                    drop((place, running));
                });
            }
            // The next ones are claimed when there is room for one at least.
            let _ = room.acquire().await;
        }
    }

    async fn claim(&self, at_most: usize, failing: &mut bool) -> Vec<ClaimedSession> {
        if at_most == 0 {
            return Vec::new();
        }
        let due = DueRechecks {
            provider_id: &self.provider_id,
            now: self.service.now(),
            after: waits::earliest(self.every),
            longest_wait: self.every.max(waits::longest_backoff()),
            claim_for: CLAIM,
            at_most,
        };
        let claimed = self.service.storage.claim_rechecks(&due).await;
        if let Err(error) = &claimed
            && !*failing
        {
            tracing::warn!(provider = self.provider_id, error = ?error, "no session can be checked");
        }
        *failing = claimed.is_err();
        claimed.unwrap_or_default()
    }

    async fn check(&self, session: &ClaimedSession) {
        let Some(provider) = self.provider() else {
            return;
        };
        // It waited too long for its turn. When the claim has ended, it is claimed again: until then
        // nobody redeems the refresh token.
        if session.claimed_for(self.service.now()) < LONGEST_CHECK {
            return;
        }
        let check = Check {
            service: &self.service,
            provider,
            session,
            every: self.every,
            pause: &self.pause,
        };
        check.run().await;
    }

    fn provider(&self) -> Option<&IdentityProvider> {
        self.service.identity_providers.by_id(&self.provider_id)
    }
}
