//! Beginning the global session of a user who has proved who they are: the same for every sign-in
//! method.
//!
//! A user who signs in again in the same browser with a password keeps their session, renewed: its
//! end would also end tokens and codes of other tabs, and a second session would outlive the
//! sign-out. A sign-in with a provider always begins a new session, because what the provider says
//! belongs to that sign-in alone; the former one ends when the user signs out.

use std::net::IpAddr;
use std::time::Duration;

use portcullis::time::UnixSeconds;

use crate::applications::Definition;
use crate::audit::source::Source;
use crate::audit::{Actor, Event, EventName, Initiator, Subject};
use crate::eligibility::person;
use crate::metrics::SignInResult;
use crate::seal::SealError;
use crate::service::Service;
use crate::sessions::client_description::ClientDescription;
use crate::storage::{BegunSession, NewSession, SealingError, Session, StorageError};
use crate::system::randomness::NoRandomness;
use crate::system::rate_limit::wide_network;
use crate::tokens::secret::Hashed;

pub use crate::sign_in::authenticated::{Authenticated, AuthenticatedUser};

/// A sign-in of which a global session shall begin.
pub struct SignIn<'a> {
    /// The user.
    pub user: Authenticated<'a>,
    /// The application through which the user came.
    pub application: Option<&'a Definition>,
    /// The session that the browser already has, possibly another user's.
    pub before: Option<&'a Session>,
    /// The browser.
    pub client: ClientDescription,
    /// Its address.
    pub address: IpAddr,
    /// Where the request came from.
    pub source: Source,
    /// The hash of the secret that guards the browser's forms.
    pub form: Option<Hashed>,
}

/// What became of a sign-in.
pub enum SignInOutcome {
    /// A session began or was renewed.
    SignedIn(Session),
    /// An administrator revoked the user a moment ago.
    Blocked {
        /// When the user can sign in again.
        until: UnixSeconds,
    },
    /// The password was changed since it was checked.
    PasswordChanged,
    /// The user was revoked after the sign-in had begun. They may begin again at once.
    RevokedMeanwhile,
    /// The user is disabled or was removed.
    Disabled,
}

/// Why there is no outcome.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// What the provider gave cannot be sealed.
    #[error(transparent)]
    Sealing(SealError),
}

impl From<SealingError> for BeginError {
    fn from(error: SealingError) -> Self {
        match error {
            SealingError::Storage(error) => Self::Storage(error),
            SealingError::Seal(error) => Self::Sealing(error),
        }
    }
}

impl SignIn<'_> {
    /// Begins the session, or renews the one of the browser. Another user's session in the same
    /// browser ends.
    ///
    /// # Errors
    /// When nothing was changed, or another user's session may not have ended.
    pub async fn begin(self, service: &Service) -> Result<SignInOutcome, BeginError> {
        let now = service.now();
        let new = self.new_session(service)?;
        let told = self.told(&new.user_id);
        let (begun, user_id) = begin_for(self.user, service, &new, told).await?;
        let (id, auth_ver, expires_at) = match begun {
            BegunSession::Begun {
                id,
                auth_ver,
                expires_at,
                ended_others,
            } => {
                if let Some(version) = ended_others {
                    service.notifier.committed(version);
                }
                (id, auth_ver, expires_at)
            }
            refusal => return Ok(self.refused(service, &user_id, &refusal).await),
        };
        service.metrics.sign_in(SignInResult::SignedIn);
        let provided = self.user.provided();
        tracing::info!(
            user = user_id,
            email = self.user.shown_email(),
            provider = provided.as_ref().map(|provided| &provided.provider_id),
            application = self.application.map(|application| &application.name),
            session = id,
            renewed = id != new.id,
            "signed in"
        );
        end_other_users_session(service, self.before, &self.by(&user_id)).await?;
        Ok(SignInOutcome::SignedIn(Session {
            id,
            user_id,
            email: self.user.email().to_owned(),
            provided,
            auth_time: self.user.auth_time(now),
            auth_ver,
            expires_at,
            key_refusals: service.keys().await?.refusals(),
        }))
    }

    fn new_session(&self, service: &Service) -> Result<NewSession, NoRandomness> {
        let now = service.now();
        let (user_id, password) = match self.user {
            Authenticated::Password(user) => (user.id.clone(), user.password.clone()),
            // The id of the user whom a new person becomes.
            Authenticated::Provider(_) => (service.random.id()?, None),
        };
        Ok(NewSession {
            id: service.random.id()?,
            user_id,
            password,
            now,
            expires_at: now + service.global_duration(self.application_duration()),
            client: self.client.clone(),
            network: wide_network(self.address),
            before: self.before.map(|session| session.id.clone()),
            form: self.form.clone(),
        })
    }

    async fn refused(
        &self,
        service: &Service,
        user_id: &str,
        refusal: &BegunSession,
    ) -> SignInOutcome {
        let (result, reason, outcome) = match refusal {
            BegunSession::Blocked { until } => (
                SignInResult::UserBlocked,
                "user_blocked",
                SignInOutcome::Blocked { until: *until },
            ),
            BegunSession::PasswordChanged => (
                SignInResult::WrongPassword,
                "password_changed",
                SignInOutcome::PasswordChanged,
            ),
            BegunSession::RevokedMeanwhile => (
                SignInResult::UserBlocked,
                "revoked_meanwhile",
                SignInOutcome::RevokedMeanwhile,
            ),
            BegunSession::Disabled | BegunSession::Begun { .. } => (
                SignInResult::UserDisabled,
                "user_disabled",
                SignInOutcome::Disabled,
            ),
        };
        service.metrics.sign_in(result);
        let email = self.user.shown_email();
        tracing::info!(user = user_id, email, reason, "sign-in refused");
        let told = self.told(user_id).refused(reason);
        service.tell_of_failure(told).await;
        outcome
    }

    /// Who signs in, and from where.
    fn by(&self, user_id: &str) -> Initiator {
        self.source.clone().by(Actor::User {
            id: user_id.to_owned(),
            email: self.user.shown_email().to_owned(),
        })
    }

    /// What the audit log tells of it. Who a new person becomes, the storage decides.
    fn told(&self, user_id: &str) -> Event {
        let subject = Subject::user(user_id, self.user.shown_email());
        let provided = self.user.provided();
        let provider = provided
            .as_ref()
            .map(|provided| provided.provider_id.as_str());
        let event = Event::new(EventName::SignInSucceeded, &self.by(user_id), subject)
            .detail("method", provider.map_or("password", |_| "provider"))
            .detail("provider", provider)
            .detail("browser", self.client.browser.as_str());
        let Some(application) = self.application else {
            return event;
        };
        let admitted = application.admit(&person(self.user.email(), provided.as_ref()));
        let rule = admitted.map(|admitted| admitted.rule_name);
        event.at(&application.name).rule(&rule.unwrap_or_default())
    }

    /// How long the user's session at the application lasts.
    fn application_duration(&self) -> Option<Duration> {
        let application = self.application?;
        let admitted = application.admit(&person(self.user.email(), self.user.provided().as_ref()));
        Some(admitted.map_or_else(|| application.session_duration(), |by| by.session_duration))
    }
}

/// Begins the session. Returns the user's id, too.
async fn begin_for(
    user: Authenticated<'_>,
    service: &Service,
    session: &NewSession,
    told: Event,
) -> Result<(BegunSession, String), BeginError> {
    match user {
        Authenticated::Password(user) => {
            let begun = service.storage.begin_session(session, told).await?;
            Ok((begun, user.id.clone()))
        }
        Authenticated::Provider(user) => {
            let (identity, seal) = (&user.identity, &service.seal);
            let begun = service
                .storage
                .begin_session_of(identity, session, seal, told);
            let (begun, owner) = begun.await?;
            if owner.is_new && matches!(begun, BegunSession::Begun { .. }) {
                tracing::info!(
                    user = owner.id,
                    email = user.shown_email(),
                    provider = identity.provider_id,
                    "user added at the first sign-in with a provider"
                );
            }
            Ok((begun, owner.id))
        }
    }
}

async fn end_other_users_session(
    service: &Service,
    before: Option<&Session>,
    by: &Initiator,
) -> Result<(), StorageError> {
    if let Some(before) = before.filter(|before| before.user_id != by.actor.id()) {
        let event = Event::new(EventName::SessionEnded, by, Subject::session(&before.id));
        let event = event.reason("another_user");
        if let Some(version) = service.storage.end_session(&before.id, event).await? {
            service.notifier.committed(version);
        }
    }
    Ok(())
}
