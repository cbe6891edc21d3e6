//! Asking providers again, with the refresh token of each session, whether the person may still have
//! it, and how they are described now (`recheck`).
//!
//! A provider that refuses the token with `invalid_grant`, or describes somebody who could not sign in,
//! ends the session. One that is away, slow or wrongly configured ends nothing: it is asked again,
//! after ever longer waits.

use std::sync::Arc;
use std::time::Duration;

use portcullis::time::UnixSeconds;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::audit::{Actor, Initiator};
use crate::identity_providers::IdentityProvider;
use crate::identity_providers::error::{ProviderError, RefreshError};
use crate::identity_providers::identity::{ProvenIdentity, Refreshed};
use crate::metrics::RecheckResult;
use crate::service::Service;
use crate::sign_in::provider::identity_email;
use crate::storage::{
    CheckOutcome, Checked, CheckedPerson, ClaimedSession, DueRechecks, SealingError,
};
use crate::tokens::secret::Plain;

/// How often it is looked for sessions that are due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// So many sessions of one provider are checked at once; sign-ins need the provider, too.
const AT_ONCE: usize = 8;
/// Longer than a check can take: a few calls of 5 seconds each.
const CLAIM: Duration = Duration::from_secs(90);
/// The wait after the first failure; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_secs(30);
const MOST_DOUBLINGS: u32 = 7;
/// How often storing a result is tried: the provider may have replaced the refresh token.
const STORE_TRIES: u32 = 5;
const STORE_AGAIN: Duration = Duration::from_secs(1);

/// Goes on for as long as the service runs.
pub async fn keep(service: Arc<Service>) {
    let mut providers = JoinSet::new();
    for provider in service.identity_providers.all() {
        if let Some(every) = provider.settings().recheck {
            let (service, id) = (Arc::clone(&service), provider.id().to_owned());
            providers.spawn(async move { keep_provider(&service, &id, every).await });
        }
    }
    while providers.join_next().await.is_some() {}
}

async fn keep_provider(service: &Arc<Service>, id: &str, every: Duration) {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut failing = false;
    loop {
        let due = DueRechecks {
            provider_id: id,
            now: service.now(),
            after: earliest(every),
            longest_wait: every.max(longest_backoff()),
            claim_for: CLAIM,
            at_most: room.available_permits(),
        };
        let claimed = match service.storage.claim_rechecks(&due).await {
            Ok(claimed) => {
                failing = false;
                claimed
            }
            Err(error) => {
                if !failing {
                    tracing::warn!(provider = id, error = ?error, "no session can be checked");
                }
                failing = true;
                Vec::new()
            }
        };
        if claimed.is_empty() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        for session in claimed {
            let Ok(place) = Arc::clone(&room).acquire_owned().await else {
                return;
            };
            let running = service.rechecks.enter().await;
            let (service, id) = (Arc::clone(service), id.to_owned());
            tokio::spawn(async move {
                if let Some(provider) = service.identity_providers.by_id(&id) {
                    check(&service, provider, &session, every).await;
                }
                drop((place, running));
            });
        }
        // The next ones are claimed when there is room for one at least.
        let _ = room.acquire().await;
    }
}

/// Checks one session, and stores what came of it.
async fn check(
    service: &Service,
    provider: &IdentityProvider,
    session: &ClaimedSession,
    every: Duration,
) {
    let by = Initiator::from(Actor::Provider(provider.id().to_owned()));
    let answer = match session.open(&service.seal) {
        Ok(token) => provider.refresh(&token, &session.subject).await,
        Err(error) => {
            // It is tried again when the claim ends: another control service may have the key.
            tracing::error!(session = session.id, error = ?error, "a refresh token cannot be read");
            return;
        }
    };
    let conclusion = Conclusion::of(answer);
    let mut tries = 0;
    let stored = loop {
        tries += 1;
        match store(service, provider, session, (&conclusion, &by, every)).await {
            Err(error) if tries < STORE_TRIES => {
                tracing::warn!(session = session.id, error = ?error, "a check is not stored yet");
                tokio::time::sleep(STORE_AGAIN).await;
            }
            stored => break stored,
        }
    };
    match stored {
        Ok(result) => service.metrics.recheck(result),
        Err(error) => {
            tracing::error!(session = session.id, error = ?error, "a check could not be stored");
            service.metrics.recheck(RecheckResult::Failed);
        }
    }
}

/// What follows from a provider's answer.
enum Conclusion {
    /// The session goes on, and the person is described so.
    Keep(Option<Box<ProvenIdentity>>, Option<Plain>),
    /// The session ends, for this reason.
    End(&'static str),
    /// Nothing is known.
    Wait(ProviderError, Option<Plain>),
}

impl Conclusion {
    fn of(answer: Result<Refreshed, RefreshError>) -> Self {
        match answer {
            Err(RefreshError::InvalidGrant) => Self::End("recheck_refused"),
            Err(RefreshError::Failed(error)) => Self::Wait(error, None),
            Ok(Refreshed {
                identity,
                refresh_token,
            }) => match identity {
                Ok(identity) => Self::Keep(identity.map(Box::new), refresh_token),
                Err(error) if error.is_about_the_person() => Self::End(error.reason()),
                Err(error) => Self::Wait(error, refresh_token),
            },
        }
    }
}

async fn store(
    service: &Service,
    provider: &IdentityProvider,
    session: &ClaimedSession,
    (conclusion, by, every): (&Conclusion, &Initiator, Duration),
) -> Result<RecheckResult, SealingError> {
    let (storage, now) = (&service.storage, service.now());
    match conclusion {
        Conclusion::End(reason) => {
            let version = storage.end_rechecked(session, by, reason).await?;
            if let Some(version) = version {
                service.notifier.committed(version);
            }
            tracing::info!(
                provider = provider.id(),
                session = session.id,
                user = session.user_id,
                reason,
                version,
                "the provider ended a session"
            );
            Ok(RecheckResult::Ended)
        }
        Conclusion::Wait(error, refresh_token) => {
            let next = now + backoff(service, session.failures, every);
            let token = (refresh_token.as_ref(), service.seal.as_ref());
            storage.put_off_recheck(session, next, token).await?;
            tracing::warn!(
                provider = provider.id(),
                session = session.id,
                reason = error.reason(),
                %error,
                "a session could not be checked with its provider; it goes on"
            );
            Ok(RecheckResult::Failed)
        }
        Conclusion::Keep(identity, refresh_token) => {
            let described = identity.as_deref();
            let checked = Checked {
                person: described.map(|identity| described_as(service, identity)),
                refresh_token: refresh_token.as_ref(),
                by,
                now,
                next: next_check(service, now, every),
            };
            let outcome = storage.note_rechecked(session, &checked, &service.seal);
            Ok(kept(service, provider, session, outcome.await?))
        }
    }
}

fn kept(
    service: &Service,
    provider: &IdentityProvider,
    session: &ClaimedSession,
    outcome: CheckOutcome,
) -> RecheckResult {
    match outcome {
        CheckOutcome::Changed(version) => {
            service.notifier.committed(version);
            tracing::info!(
                provider = provider.id(),
                session = session.id,
                user = session.user_id,
                version,
                "the provider describes a user differently: their tokens are replaced"
            );
            RecheckResult::Changed
        }
        CheckOutcome::Kept | CheckOutcome::Lost => RecheckResult::Kept,
    }
}

fn described_as(service: &Service, identity: &ProvenIdentity) -> CheckedPerson {
    CheckedPerson {
        email: identity_email(&service.identity_providers, identity),
        groups: identity.groups.clone(),
        claims: identity.claims.clone(),
    }
}

/// A check is due after nine tenths of the time at the earliest, and after all of it at the latest, so
/// that sessions that began together are not checked together for ever.
fn earliest(every: Duration) -> Duration {
    every.mul_f64(0.9)
}

fn next_check(service: &Service, now: UnixSeconds, every: Duration) -> UnixSeconds {
    now + earliest(every) + part_of(service, every - earliest(every))
}

/// The wait after a failure, of which the half is random. Never longer than the time between two
/// checks, if that is longer than the first wait.
fn backoff(service: &Service, failures: u32, every: Duration) -> Duration {
    let wait = FIRST_WAIT * 2_u32.pow(failures.min(MOST_DOUBLINGS));
    let wait = wait.min(every.max(FIRST_WAIT));
    wait / 2 + part_of(service, wait / 2)
}

fn longest_backoff() -> Duration {
    FIRST_WAIT * 2_u32.pow(MOST_DOUBLINGS)
}

/// A random part.
fn part_of(service: &Service, span: Duration) -> Duration {
    let [byte] = service.random.bytes::<1>().unwrap_or([u8::MAX]);
    span.mul_f64(f64::from(byte) / f64::from(u8::MAX))
}
