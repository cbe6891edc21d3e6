//! The check of one session: what the provider says, and what follows from it.

use std::time::Duration;

use portcullis::time::UnixMillis;

use super::pause::Pause;
use super::waits::{backoff, next_check};
use crate::audit::{Actor, Initiator};
use crate::identity_providers::IdentityProvider;
use crate::identity_providers::error::{ProviderError, RefreshError};
use crate::identity_providers::identity::ProvenIdentity;
use crate::metrics::RecheckResult;
use crate::service::Service;
use crate::sign_in::provider::identity_email;
use crate::storage::{CheckOutcome, Checked, CheckedPerson, ClaimedSession, SealingError};
use crate::tokens::secret::Plain;

/// How often storing something is tried: the provider may have replaced the refresh token.
const STORE_TRIES: u32 = 5;
const STORE_AGAIN: Duration = Duration::from_secs(1);

/// A session that was claimed, and its provider.
pub struct Check<'a> {
    pub service: &'a Service,
    pub provider: &'a IdentityProvider,
    pub session: &'a ClaimedSession,
    pub every: Duration,
    pub pause: &'a Pause,
}

/// What follows from a provider's answer.
enum Conclusion {
    /// The session goes on, and the person is described so.
    Keep(Option<Box<ProvenIdentity>>),
    /// The session ends, for this reason.
    End(&'static str),
    /// The provider says nothing about the person.
    Wait(ProviderError),
    /// The provider cannot be asked.
    Unreadable,
    /// The session ended meanwhile, or somebody else checks it.
    Lost,
}

impl Check<'_> {
    /// Asks the provider, and stores what came of it.
    pub async fn run(&self) {
        let asked_at = self.service.clock.now();
        let result = match self.ask().await {
            Ok(conclusion) => {
                self.note_outage(&conclusion);
                let store = || self.store(&conclusion, asked_at);
                self.persistently(store).await
            }
            Err(error) => Err(error),
        };
        let result = result.unwrap_or_else(|error| {
            let session = &self.session.id;
            tracing::error!(session, error = ?error, "a check could not be stored");
            RecheckResult::Failed
        });
        self.service.metrics.recheck(result);
    }

    /// Asks the provider. A new refresh token is stored before the person is described, which may take
    /// several calls: from now on the provider may take the old one for stolen.
    async fn ask(&self) -> Result<Conclusion, SealingError> {
        let (service, session) = (self.service, self.session);
        let token = match session.open(&service.seal) {
            Ok(token) => token,
            Err(error) => {
                tracing::error!(session = session.id, error = ?error, "a refresh token cannot be read");
                return Ok(Conclusion::Unreadable);
            }
        };
        let refreshed = match self.provider.refresh(&token).await {
            Ok(refreshed) => refreshed,
            Err(RefreshError::InvalidGrant) => return Ok(Conclusion::End("recheck_refused")),
            Err(RefreshError::Failed(error)) => return Ok(Conclusion::Wait(error)),
        };
        if let Some(token) = refreshed.refresh_token()
            && !self.persistently(|| self.keep(token)).await?
        {
            return Ok(Conclusion::Lost);
        }
        let described = self.provider.describe_again(&refreshed, &session.subject);
        Ok(match described.await {
            Ok(identity) => Conclusion::Keep(identity.map(Box::new)),
            Err(error) if error.is_about_the_person() => Conclusion::End(error.reason()),
            Err(error) => Conclusion::Wait(error),
        })
    }

    async fn keep(&self, token: &Plain) -> Result<bool, SealingError> {
        let (storage, seal) = (&self.service.storage, &self.service.seal);
        storage.keep_new_token(self.session, token, seal).await
    }

    /// Tries to store something several times.
    async fn persistently<T, F>(&self, store: impl Fn() -> F) -> Result<T, SealingError>
    where
        F: Future<Output = Result<T, SealingError>>,
    {
        let mut tries = 1;
        loop {
            match store().await {
                Err(error) if tries < STORE_TRIES => {
                    let session = &self.session.id;
                    tracing::warn!(session, error = ?error, "a check is not stored yet");
                }
                stored => return stored,
            }
            tries += 1;
            tokio::time::sleep(STORE_AGAIN).await;
        }
    }

    /// Leaves a provider that is away alone, and says so once.
    fn note_outage(&self, conclusion: &Conclusion) {
        let (provider, now) = (self.provider.id(), self.service.now());
        match conclusion {
            Conclusion::Wait(error @ ProviderError::Away { .. }) => {
                if self.pause.begins(now) {
                    tracing::warn!(
                        provider,
                        %error,
                        "sessions cannot be checked with their provider; they go on until it is back"
                    );
                }
            }
            Conclusion::Wait(_) | Conclusion::Keep(_) | Conclusion::End(_) => {
                if self.pause.ends() {
                    tracing::info!(provider, "the provider is back: sessions are checked again");
                }
            }
            Conclusion::Unreadable | Conclusion::Lost => {}
        }
    }

    async fn store(
        &self,
        conclusion: &Conclusion,
        asked_at: UnixMillis,
    ) -> Result<RecheckResult, SealingError> {
        match conclusion {
            Conclusion::Lost => Ok(RecheckResult::Lost),
            Conclusion::End(reason) => self.end(reason).await,
            Conclusion::Wait(error) => {
                // Of an outage it is said once that there is one.
                if !matches!(error, ProviderError::Away { .. }) {
                    tracing::warn!(
                        provider = self.provider.id(),
                        session = self.session.id,
                        reason = error.reason(),
                        %error,
                        "a session could not be checked with its provider; it goes on"
                    );
                }
                self.put_off().await
            }
            Conclusion::Unreadable => self.put_off().await,
            Conclusion::Keep(identity) => self.note(identity.as_deref(), asked_at).await,
        }
    }

    async fn end(&self, reason: &str) -> Result<RecheckResult, SealingError> {
        let (service, session) = (self.service, self.session);
        let by = self.by();
        let ended = service.storage.end_rechecked(session, &by, reason).await?;
        let Some(version) = ended else {
            return Ok(RecheckResult::Lost);
        };
        service.notifier.committed(version);
        tracing::info!(
            provider = self.provider.id(),
            session = session.id,
            user = session.user_id,
            reason,
            version,
            "the provider ended a session"
        );
        Ok(RecheckResult::Ended)
    }

    async fn put_off(&self) -> Result<RecheckResult, SealingError> {
        let (service, session) = (self.service, self.session);
        let next = service.now() + backoff(service, session.failures, self.every);
        Ok(
            match service.storage.put_off_recheck(session, next).await? {
                true => RecheckResult::Failed,
                false => RecheckResult::Lost,
            },
        )
    }

    async fn note(
        &self,
        identity: Option<&ProvenIdentity>,
        asked_at: UnixMillis,
    ) -> Result<RecheckResult, SealingError> {
        let (service, session) = (self.service, self.session);
        let now = service.clock.now();
        let checked = Checked {
            person: identity.map(|identity| described_as(service, identity)),
            by: &self.by(),
            asked_at,
            now,
            next: next_check(service, now.to_seconds(), self.every),
        };
        let outcome = service.storage.note_rechecked(session, &checked).await?;
        Ok(match outcome {
            CheckOutcome::Changed(version) => {
                service.notifier.committed(version);
                tracing::info!(
                    provider = self.provider.id(),
                    session = session.id,
                    user = session.user_id,
                    version,
                    "the provider describes a user differently: their tokens are replaced"
                );
                RecheckResult::Changed
            }
            CheckOutcome::Kept => RecheckResult::Kept,
            CheckOutcome::Outdated | CheckOutcome::Lost => RecheckResult::Lost,
        })
    }

    fn by(&self) -> Initiator {
        Actor::Provider(self.provider.id().to_owned()).into()
    }
}

fn described_as(service: &Service, identity: &ProvenIdentity) -> CheckedPerson {
    CheckedPerson {
        email: identity_email(&service.identity_providers, identity),
        groups: identity.groups.clone(),
        claims: identity.claims.clone(),
    }
}
