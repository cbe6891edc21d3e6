//! Beginning the global session of a user who has proved who they are: the same for every sign-in
//! method.
//!
//! A user who signs in again in the same browser keeps their session, renewed: its end would also
//! end tokens and codes of other tabs, and a second session would outlive the sign-out.

use std::net::IpAddr;
use std::time::Duration;

use portcullis::time::UnixSeconds;

use crate::applications::Definition;
use crate::metrics::SignInResult;
use crate::policy::person::Person;
use crate::service::Service;
use crate::sessions::client_description::ClientDescription;
use crate::sign_in::password_hash::PasswordHash;
use crate::storage::{BegunSession, NewSession, Session, StorageError};
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

/// A sign-in of which a global session shall begin.
pub struct SignIn<'a> {
    /// The user.
    pub user: &'a AuthenticatedUser,
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
}

impl SignIn<'_> {
    /// Begins the session, or renews the one of the browser. Another user's session in the same
    /// browser ends.
    ///
    /// # Errors
    /// When nothing was changed, or another user's session may not have ended.
    pub async fn begin(self, service: &Service) -> Result<SignInOutcome, BeginError> {
        let now = service.now();
        let duration = service.global_duration(self.application_duration());
        let new = NewSession {
            id: service.random.id()?,
            user_id: self.user.id.clone(),
            password: self.user.password.clone(),
            now,
            expires_at: now + duration,
            client: self.client,
            network: wide_network(self.address),
            before: self.before.map(|session| session.id.clone()),
            form: self.form,
        };
        let user = self.user;
        let refused = |result, why| note_refusal(service, user, result, why);
        let (id, auth_ver, expires_at) = match service.storage.begin_session(&new).await? {
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
            BegunSession::Blocked { until } => {
                refused(SignInResult::UserBlocked, "the user is blocked");
                return Ok(SignInOutcome::Blocked { until });
            }
            BegunSession::PasswordChanged => {
                refused(SignInResult::WrongPassword, "the password was changed");
                return Ok(SignInOutcome::PasswordChanged);
            }
            BegunSession::Disabled => {
                refused(SignInResult::UserDisabled, "the user is disabled");
                return Ok(SignInOutcome::Disabled);
            }
        };
        service.metrics.sign_in(SignInResult::SignedIn);
        let renewed = id != new.id;
        tracing::info!(
            user = new.user_id,
            email = self.user.email,
            application = self.application.map(|application| &application.name),
            session = id,
            renewed,
            "signed in"
        );
        end_other_users_session(service, self.before, &new.user_id).await?;
        Ok(SignInOutcome::SignedIn(Session {
            id,
            user_id: new.user_id,
            email: self.user.email.clone(),
            provided: None,
            auth_time: now,
            auth_ver,
            expires_at,
            key_refusals: service.keys().await?.refusals(),
        }))
    }

    /// How long the user's session at the application lasts.
    fn application_duration(&self) -> Option<Duration> {
        let application = self.application?;
        let admitted = application.admit(&Person::with_email(&self.user.email));
        Some(admitted.map_or_else(|| application.session_duration(), |by| by.session_duration))
    }
}

fn note_refusal(service: &Service, user: &AuthenticatedUser, result: SignInResult, why: &str) {
    service.metrics.sign_in(result);
    tracing::info!(user = user.id, email = user.email, why, "sign-in refused");
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
