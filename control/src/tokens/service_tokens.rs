//! Service tokens: a client id and a secret for a program that cannot sign in.
//!
//! The pair opens nothing by itself: filters exchange it for an application token of a few minutes,
//! where the application's policy admits the service token. That token belongs to no session. `sub`
//! and `sid` name the service token, so a revocation of it covers them all.

pub mod judge;
pub mod not_good;

use std::time::Duration;

use portcullis::protocol::service_token::{LONGEST_TOKEN, secret};
use portcullis::time::UnixSeconds;

use crate::CLOCK_LEEWAY;
use crate::audit::Initiator;
use crate::problems::{InputProblems, Refused};
use crate::service::Service;
use crate::sessions::durations::Bounds;
use crate::storage::{AddServiceTokenError, RotatedServiceToken, Rotation, ServiceToken};
use crate::system::randomness::NoRandomness;
use crate::tokens::credential::check_name;
use crate::tokens::secret::Plain;

const DEFAULT_LIFE: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const DEFAULT_GRACE: Duration = Duration::from_secs(24 * 60 * 60);
const HOUR_SECONDS: u64 = 60 * 60;

/// A service token and its secret, to be shown once.
pub struct MadeServiceToken {
    /// What is stored of it.
    pub stored: ServiceToken,
    /// The whole secret.
    pub secret: Plain,
}

/// A secret to replace.
pub struct RotationRequest<'a> {
    /// How long the present secret is still good, as `24h`, which is the default.
    pub grace: Option<&'a str>,
    /// How long the service token then lasts, as `365d`; as before if absent.
    pub expires: Option<&'a str>,
}

/// Why no secret was made.
#[derive(Debug, thiserror::Error)]
pub enum MakeServiceTokenError {
    /// The request is invalid.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It was not stored.
    #[error(transparent)]
    Add(#[from] AddServiceTokenError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

/// Makes a service token. Until a policy names it, it opens nothing.
///
/// # Errors
/// When nothing was made.
pub async fn make(
    service: &Service,
    name: &str,
    expires: Option<&str>,
    by: &Initiator,
) -> Result<MadeServiceToken, MakeServiceTokenError> {
    let mut problems = InputProblems::default();
    check_name(name, &mut problems);
    if name.is_empty() {
        problems.add(
            "name",
            "",
            "is missing: policies admit a service token by its name",
        );
    }
    let life = expires.map_or(Some(DEFAULT_LIFE), |text| life(text, &mut problems));
    problems.finish()?;
    let life = life.unwrap_or(DEFAULT_LIFE);
    let secret = new_secret(service)?;
    let now = service.now();
    let stored = ServiceToken {
        id: service.random.id()?,
        name: name.to_owned(),
        secret_hash: secret.hashed(),
        old_secret: None,
        disabled: false,
        created_at: now,
        rotated_at: None,
        expires_at: now + life,
        last_seen_at: None,
    };
    service.storage.add_service_token(&stored, by).await?;
    Ok(MadeServiceToken { stored, secret })
}

/// Replaces the secret of a service token. `None` if it is gone.
///
/// # Errors
/// When nothing was changed.
pub async fn rotate(
    service: &Service,
    token: &ServiceToken,
    request: &RotationRequest<'_>,
    by: &Initiator,
) -> Result<Option<(MadeServiceToken, Option<u64>)>, MakeServiceTokenError> {
    let now = service.now();
    let mut problems = InputProblems::default();
    let grace = request.grace.map_or(Some(DEFAULT_GRACE), |text| {
        Bounds::of_grace().parse("grace", text, &mut problems)
    });
    let expires = request.expires.map(|text| life(text, &mut problems));
    if request.expires.is_none() && token.expires_at <= now {
        let message = "is missing: the service token has expired, so a new secret would be good for \
                       nothing; say how long it is to last";
        problems.add("expires", "", message);
    }
    problems.finish()?;
    let secret = new_secret(service)?;
    let rotation = Rotation {
        secret_hash: secret.hashed(),
        at: now,
        old_until: now + grace.unwrap_or(DEFAULT_GRACE),
        expires_at: expires.flatten().map(|life| now + life),
        tokens_end: tokens_end(service),
    };
    let rotated = service
        .storage
        .rotate_service_token(&token.id, &rotation, by);
    let rotated = rotated.await.map_err(AddServiceTokenError::from)?;
    Ok(rotated.map(
        |RotatedServiceToken {
             service_token,
             version,
         }| {
            let made = MadeServiceToken {
                stored: service_token,
                secret,
            };
            (made, version)
        },
    ))
}

/// When every application token that a service token has now has expired.
#[must_use]
pub fn tokens_end(service: &Service) -> UnixSeconds {
    service.now() + LONGEST_TOKEN + CLOCK_LEEWAY
}

/// Notes that a service token is used, to the hour.
pub async fn note_use(service: &Service, token: &ServiceToken) {
    let now = service.now().get();
    let hour = UnixSeconds::new(now - now % HOUR_SECONDS);
    if token.last_seen_at.is_some_and(|seen| seen >= hour) {
        return;
    }
    if let Err(error) = service.storage.note_service_token(&token.id, hour).await {
        // The call itself does not need it.
        tracing::warn!(
            ?error,
            service_token = token.id,
            "the use of a service token is not stored"
        );
    }
}

fn new_secret(service: &Service) -> Result<Plain, NoRandomness> {
    Ok(Plain::new(secret(&service.random.bytes()?)))
}

fn life(text: &str, problems: &mut InputProblems) -> Option<Duration> {
    Bounds::of_service_tokens().parse("expires", text, problems)
}
