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
use crate::eligibility::person;
use crate::metrics::SignInResult;
use crate::seal::SealError;
use crate::service::Service;
use crate::sessions::client_description::ClientDescription;
use crate::sign_in::password_hash::PasswordHash;
use crate::sign_in::provider::ProvenUser;
use crate::storage::{BegunSession, NewSession, Provided, SealingError, Session, StorageError};
use crate::system::randomness::NoRandomness;
use crate::system::rate_limit::wide_network;
use crate::tokens::secret::Hashed;

/// A user who has proved who they are.
#[derive(Debug, Clone)]
pub struct AuthenticatedUser {
    /// `sub`.
    pub id: String,
    /// The e-mail address.
    pub email: String,
    /// The hash of the password that was checked.
    pub password: Option<PasswordHash>,
}

/// How a user has proved who they are.
#[derive(Debug, Clone, Copy)]
pub enum Authenticated<'a> {
    /// With a password.
    Password(&'a AuthenticatedUser),
    /// With an identity provider.
    Provider(&'a ProvenUser),
}

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

impl Authenticated<'_> {
    /// The address that people read; it may be one that the provider may not speak for.
    #[must_use]
    pub fn shown_email(&self) -> &str {
        match self {
            Self::Password(user) => &user.email,
            Self::Provider(user) => user.shown_email(),
        }
    }

    /// The address by which policies judge; empty if the provider may not speak for it.
    fn email(&self) -> &str {
        match self {
            Self::Password(user) => &user.email,
            Self::Provider(user) => user.believed_email(),
        }
    }

    fn provided(&self) -> Option<Provided> {
        match self {
            Self::Password(_) => None,
            Self::Provider(user) => Some(user.provided()),
        }
    }

    /// When they proved it.
    fn auth_time(&self, now: UnixSeconds) -> UnixSeconds {
        match self {
            Self::Password(_) => now,
            Self::Provider(user) => user.identity.signed_in_at(now),
        }
    }

    /// Begins the session. Returns the user's id, too.
    async fn begin(
        &self,
        service: &Service,
        session: &NewSession,
    ) -> Result<(BegunSession, String), BeginError> {
        match self {
            Self::Password(user) => {
                let begun = service.storage.begin_session(session).await?;
                Ok((begun, user.id.clone()))
            }
            Self::Provider(user) => {
                let (identity, seal) = (&user.identity, &service.seal);
                let begun = service.storage.begin_session_of(identity, session, seal);
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
        let (begun, user_id) = self.user.begin(service, &new).await?;
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
            refusal => return Ok(self.refused(service, &user_id, &refusal)),
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
        end_other_users_session(service, self.before, &user_id).await?;
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

    fn refused(&self, service: &Service, user_id: &str, refusal: &BegunSession) -> SignInOutcome {
        let (result, why, outcome) = match refusal {
            BegunSession::Blocked { until } => (
                SignInResult::UserBlocked,
                "the user is blocked",
                SignInOutcome::Blocked { until: *until },
            ),
            BegunSession::PasswordChanged => (
                SignInResult::WrongPassword,
                "the password was changed",
                SignInOutcome::PasswordChanged,
            ),
            BegunSession::Disabled | BegunSession::Begun { .. } => (
                SignInResult::UserDisabled,
                "the user is disabled",
                SignInOutcome::Disabled,
            ),
        };
        service.metrics.sign_in(result);
        let email = self.user.shown_email();
        tracing::info!(user = user_id, email, why, "sign-in refused");
        outcome
    }

    /// How long the user's session at the application lasts.
    fn application_duration(&self) -> Option<Duration> {
        let application = self.application?;
        let admitted = application.admit(&person(self.user.email(), self.user.provided().as_ref()));
        Some(admitted.map_or_else(|| application.session_duration(), |by| by.session_duration))
    }
}

async fn end_other_users_session(
    service: &Service,
    before: Option<&Session>,
    user_id: &str,
) -> Result<(), StorageError> {
    if let Some(before) = before.filter(|before| before.user_id != user_id)
        && let Some(version) = service.storage.end_session(&before.id).await?
    {
        service.notifier.committed(version);
    }
    Ok(())
}
