//! The sign-in method of e-mail address and password.
//!
//! An unknown address, a user without a password and a wrong password get the same answer after the
//! same work.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::HeaderMap;

use super::begin::AuthenticatedUser;
use super::email::Address;
use super::limits::{Attempt, Known, Outcome, SignInLimits, Tried};
use super::password_hashing::{Caller, PasswordError};
use crate::audit::source::Source;
use crate::audit::{Actor, Event, EventName, Subject};
use crate::metrics::SignInResult;
use crate::service::Service;
use crate::storage::{PasswordAccount, Session, StorageError};
use crate::system::clock::Clock;
use crate::system::rate_limit::{TooMany, wide_network};
use crate::tokens::secret::Plain;

/// An e-mail address and a password that somebody typed.
pub struct Typed<'a> {
    /// The e-mail address.
    pub email: &'a str,
    /// The password.
    pub password: &'a Plain,
    /// The client's address.
    pub client: IpAddr,
    /// Where the request came from.
    pub source: &'a Source,
    /// The application through which the user came, by name; may be empty.
    pub application: &'a str,
    /// How the browser is recognised.
    pub browser: Browser<'a>,
}

/// How a browser is recognised as one in which the user signed in before.
#[derive(Debug, Clone, Copy)]
pub enum Browser<'a> {
    /// By its cookies.
    Cookies(&'a HeaderMap),
    /// The user is signed in there.
    Session(&'a Session),
}

/// An attempt until it is settled: by the thread that checks the password, also if the client has
/// gone meanwhile, or when it is dropped without a check.
struct Counted {
    limits: Arc<SignInLimits>,
    clock: Arc<dyn Clock>,
    attempt: Attempt,
    outcome: Outcome,
}

/// Why nothing is known about the user.
#[derive(Debug, thiserror::Error)]
pub enum PasswordSignInError {
    /// Too many attempts failed.
    #[error("too many failed sign-ins")]
    TooMany(TooMany),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The password could not be checked.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

/// The user with this address and password; `None` if there is none.
///
/// The attempt is counted before the password is checked, so that parallel guesses count too.
///
/// # Errors
/// When the password was not checked.
pub async fn authenticate(
    service: &Service,
    typed: Typed<'_>,
) -> Result<Option<AuthenticatedUser>, PasswordSignInError> {
    let authenticated = check(service, &typed).await;
    if let Err(error) = &authenticated {
        service.metrics.sign_in(match error {
            PasswordSignInError::TooMany(_) => SignInResult::TooManyFailures,
            PasswordSignInError::Password(PasswordError::Busy) => SignInResult::Busy,
            PasswordSignInError::Storage(_) | PasswordSignInError::Password(_) => {
                SignInResult::Error
            }
        });
    }
    authenticated
}

async fn check(
    service: &Service,
    typed: &Typed<'_>,
) -> Result<Option<AuthenticatedUser>, PasswordSignInError> {
    // The field is one for text, so the browser does not cut off spaces.
    let address = Address::parse(typed.email.trim());
    let email = address.as_ref().ok().map(Address::normal);
    let network = wide_network(typed.client);
    let looked_up = email.unwrap_or_default();
    let account = service
        .storage
        .password_account(looked_up, &network)
        .await?;
    let browser = typed.browser.recognise(service, account.as_ref());
    let known = account.as_ref().map(|account| Known {
        browser: browser.as_deref().map(|browser| (&*account.id, browser)),
        network: account.knows_network.then_some((&*account.id, &*network)),
    });
    let tried = Tried {
        email,
        address: typed.client,
        known: known.unwrap_or_default(),
    };
    let told = typed.told(account.as_ref());
    let counted = match Counted::new(service, &tried) {
        Ok(counted) => counted,
        Err(too_many) => {
            let event = told.reason("too_many_failures");
            service.tell_of_failure(event).await;
            return Err(PasswordSignInError::TooMany(too_many));
        }
    };
    let caller = match &account {
        Some(account) if counted.attempt.is_known() => Caller::User(&account.id),
        _ => Caller::Stranger,
    };
    let stored = account
        .as_ref()
        .map(|account| account.password_hash.clone());
    let password = typed.password.clone();
    let settle = move |is_right| counted.settle(is_right);
    let checked = service.passwords.check(caller, password, stored, settle);
    if checked.await? {
        return Ok(account.map(|account| AuthenticatedUser {
            id: account.id,
            email: account.email,
            password: Some(account.password_hash),
        }));
    }
    service.metrics.sign_in(SignInResult::WrongPassword);
    // Not what was typed: people type passwords into the wrong field.
    tracing::info!(
        user = account.as_ref().map(|account| &account.id),
        email = account.as_ref().map(|account| &account.email),
        client = %typed.client,
        "sign-in failed"
    );
    service.tell_of_failure(told.reason("wrong_password")).await;
    Ok(None)
}

impl Typed<'_> {
    /// What the audit log tells of a failure. Not what was typed, unless it is a user's address.
    fn told(&self, account: Option<&PasswordAccount>) -> Event {
        let by = self.source.clone().by(Actor::Unknown);
        let subject = account.map(|account| Subject::user(&account.id, &account.email));
        Event::new(
            EventName::SignInFailed,
            &by,
            subject.unwrap_or_else(Subject::none),
        )
        .at(self.application)
    }
}

impl Counted {
    fn new(service: &Service, tried: &Tried<'_>) -> Result<Self, TooMany> {
        Ok(Self {
            attempt: service.limits.attempt(tried, service.clock.now())?,
            limits: Arc::clone(&service.limits),
            clock: Arc::clone(&service.clock),
            outcome: Outcome::Unchecked,
        })
    }

    fn settle(mut self, is_right: bool) {
        self.outcome = if is_right {
            Outcome::Right
        } else {
            Outcome::Wrong
        };
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.limits
            .settle(&self.attempt, self.outcome, self.clock.now());
    }
}

impl Browser<'_> {
    /// The browser's id for this account. Without an account the same work finds nothing.
    fn recognise(self, service: &Service, account: Option<&PasswordAccount>) -> Option<String> {
        let user_id = account.map_or("", |account| &account.id);
        match self {
            Self::Cookies(headers) => {
                service
                    .known_browsers
                    .recognise(headers, user_id, service.now())
            }
            Self::Session(session) => (session.user_id == user_id).then(|| session.id.clone()),
        }
    }
}
