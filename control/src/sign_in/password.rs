//! The sign-in method of e-mail address and password.
//!
//! An unknown address, a user without a password and a wrong password get the same answer after the
//! same work.

use std::net::IpAddr;

use super::begin::AuthenticatedUser;
use super::email;
use super::password_hashing::PasswordError;
use crate::metrics::SignInResult;
use crate::service::Service;
use crate::storage::StorageError;
use crate::system::rate_limit::TooMany;
use crate::tokens::secret::Plain;

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
    email: &str,
    password: &Plain,
    client: IpAddr,
) -> Result<Option<AuthenticatedUser>, PasswordSignInError> {
    let authenticated = check(service, email, password, client).await;
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
    email: &str,
    password: &Plain,
    client: IpAddr,
) -> Result<Option<AuthenticatedUser>, PasswordSignInError> {
    let email = email::normal(email).unwrap_or_default();
    let attempt = service
        .limits
        .attempt(&email, client, service.clock.now())
        .map_err(PasswordSignInError::TooMany)?;
    let account = service.storage.password_account(&email).await?;
    let stored = account
        .as_ref()
        .map(|account| account.password_hash.clone());
    if service.passwords.check(password.clone(), stored).await? {
        service.limits.succeeded(&attempt);
        Ok(account.map(|account| AuthenticatedUser {
            id: account.id,
            email: account.email,
            password: Some(account.password_hash),
        }))
    } else {
        service.metrics.sign_in(SignInResult::WrongPassword);
        // Not what was typed: people type passwords into the wrong field.
        let known = account.as_ref();
        tracing::info!(
            user = known.map(|account| &account.id),
            email = known.map(|account| &account.email),
            %client,
            "sign-in failed"
        );
        Ok(None)
    }
}
