//! Rotation: a new key is published, signs when filters know it, and the key before it is accepted
//! until its last token has expired. Refusal ends a key at once.
//!
//! Every replica looks once a second for what is due. Each step is one transaction that checks what
//! it finds, so it does not matter which replica is first.

use std::sync::Arc;
use std::time::Duration;

use portcullis::session::signature::Algorithm;
use portcullis::time::UnixSeconds;

use super::ring::{KeysError, NewKey};
use super::state::{KeyState, Readiness, readiness};
use crate::audit::Initiator;
use crate::feed::proxies::Covering;
use crate::service::Service;
use crate::storage::{MOST_KEYS, PlainKey, PublishedKey, RefusedKey, StorageError, StoredKey};
use crate::tokens::signing_key::algorithm_name;

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A new key, and what came of it.
pub struct Rotation {
    /// The new key's id. It exists only if it was published.
    pub kid: String,
    /// Its algorithm.
    pub algorithm: Algorithm,
    /// What came of it.
    pub outcome: PublishedKey,
}

/// Publishes a new key, of the configured algorithm if none is given. It signs later.
///
/// # Errors
/// When there is no new key, or the database failed.
pub async fn rotate(
    service: &Service,
    algorithm: Option<Algorithm>,
    by: &Initiator,
) -> Result<Rotation, KeysError> {
    let algorithm = algorithm.unwrap_or(service.config.keys.algorithm);
    let key = new(service, algorithm).await?;
    let outcome = service
        .storage
        .publish_signing_key(&key, &service.seal, service.now(), by)
        .await?;
    if let PublishedKey::Published(version) = outcome {
        service.notifier.committed(version);
    }
    Ok(Rotation {
        kid: key.kid,
        algorithm,
        outcome,
    })
}

/// Refuses a key at once.
///
/// # Errors
/// When there is no key to take its place, or the database failed.
pub async fn refuse(service: &Service, kid: &str, by: &Initiator) -> Result<RefusedKey, KeysError> {
    // A key is expensive to make, so first a look whether the transaction can need one.
    let keys = service.storage.signing_keys().await?.keys;
    match keys.iter().find(|key| key.material.kid == kid) {
        None => return Ok(RefusedKey::Unknown(keys)),
        Some(key) => {
            if let KeyState::Refused { version, .. } = key.state {
                return Ok(RefusedKey::Already(version));
            }
        }
    }
    // Made before the transaction, which must be short. It is dropped if the key does not sign.
    let replacement = new(service, service.config.keys.algorithm).await?;
    let refused = service
        .storage
        .refuse_signing_key(kid, &replacement, &service.seal, (service.now(), by))
        .await?;
    if let RefusedKey::Refused { version, .. } = refused {
        service.notifier.committed(version);
    }
    Ok(refused)
}

/// When the service rotates a key that signs since `since`; `None` if it does not by itself.
#[must_use]
pub fn rotates_at(service: &Service, since: UnixSeconds) -> Option<UnixSeconds> {
    Some(since + service.config.keys.rotate_every?)
}

/// Looks again and again for what is due.
pub async fn keep(service: Arc<Service>) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        ticks.tick().await;
        let looked = look(&service).await;
        // Logged once for each outage, which may last for hours.
        if !failing {
            match &looked {
                Ok(Looked::Done) => {}
                Ok(Looked::TooManyKeys) => tracing::warn!(
                    limit = MOST_KEYS,
                    "a new signing key is due, but too many are in force; refuse one with \
                     `key refuse`, or wait until the oldest one's last token has expired"
                ),
                Err(error) => tracing::warn!(?error, "the signing keys cannot be rotated"),
            }
        }
        failing = !matches!(looked, Ok(Looked::Done));
    }
}

/// What a look did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked {
    /// Everything that was due.
    Done,
    /// A new key is due, but [`MOST_KEYS`] keys are in force. None was made.
    TooManyKeys,
}

/// Does what is due.
///
/// # Errors
/// When it was not done; the next look tries again.
pub async fn look(service: &Service) -> Result<Looked, KeysError> {
    let (storage, now) = (&service.storage, service.now());
    let keys = storage.signing_keys().await?.keys;
    let mut waiting = None;
    let mut is_due = false;
    for key in &keys {
        match key.state {
            KeyState::Published { since, version } => waiting = Some((key, since, version)),
            KeyState::Signing { since } => {
                is_due = rotates_at(service, since).is_some_and(|at| at <= now);
            }
            KeyState::Accepted { until, .. } if until <= now => delete_expired(service).await?,
            KeyState::Accepted { .. } | KeyState::Refused { .. } => {}
        }
    }
    match waiting {
        Some((key, since, version)) => {
            let is_ready = match readiness(since, now) {
                Readiness::TooNew => false,
                Readiness::WhenApplied => is_applied(service, version).await?,
                Readiness::Ready => true,
            };
            if is_ready {
                sign_with(service, key).await?;
            }
        }
        None if is_due => {
            // Making a key is expensive, and would be in vain each second.
            let in_force = keys.iter().filter(|key| key.state.is_in_force());
            if in_force.count() >= MOST_KEYS {
                return Ok(Looked::TooManyKeys);
            }
            let Rotation {
                kid,
                algorithm,
                outcome,
            } = rotate(service, None, &Initiator::system("schedule")).await?;
            if let PublishedKey::Published(version) = outcome {
                let algorithm = algorithm_name(algorithm);
                tracing::info!(
                    kid,
                    algorithm,
                    version,
                    by = "schedule",
                    "signing key published"
                );
            }
        }
        None => {}
    }
    Ok(Looked::Done)
}

async fn sign_with(service: &Service, key: &StoredKey) -> Result<(), StorageError> {
    let kid = &key.material.kid;
    // No token lasts longer, whoever signed it when: a session that begins now ends then.
    let until = service.tokens_end();
    if service
        .storage
        .use_signing_key(kid, service.now(), until)
        .await?
    {
        let algorithm = &key.material.algorithm;
        tracing::info!(kid, algorithm, "signing key in use");
    }
    Ok(())
}

async fn delete_expired(service: &Service) -> Result<(), StorageError> {
    let deleted = service.storage.delete_expired_signing_keys(service.now());
    if let Some(version) = deleted.await? {
        service.notifier.committed(version);
        tracing::info!(version, "expired signing keys deleted");
    }
    Ok(())
}

/// Whether every proxy that may admit users has applied a version.
async fn is_applied(service: &Service, version: u64) -> Result<bool, StorageError> {
    let proxies = service.storage.proxies().await?;
    let covering = Covering::new(proxies, Vec::new(), service.clock.now());
    Ok(covering.of(version, None).complete && service.proxies.crowded().is_empty())
}

async fn new(service: &Service, algorithm: Algorithm) -> Result<PlainKey, KeysError> {
    let new = NewKey {
        algorithm,
        random: &service.random,
    };
    new.make().await
}
