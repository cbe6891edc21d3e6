//! What the errors of other parts are to a page.

use std::sync::Arc;

use super::Failure;
use crate::sign_in::begin::BeginError;
use crate::sign_in::new_password::NewPasswordError;
use crate::sign_in::own_password::ChangePasswordError;
use crate::sign_in::password::PasswordSignInError;
use crate::sign_in::password_hashing::PasswordError;
use crate::storage::{SealingError, StorageError};
use crate::system::randomness::NoRandomness;
use crate::system::rate_limit::TooMany;
use crate::tokens::exchange_codes::IssueCodeError;
use crate::tokens::filter_credentials::MakeCredentialError;
use crate::tokens::keys::SignError;
use crate::tokens::keys::ring::KeysError;

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::Unavailable(Arc::new(error))
    }
}

impl From<NoRandomness> for Failure {
    fn from(_: NoRandomness) -> Self {
        Self::Broken("no randomness")
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::TooManyAttempts { retry_after: 2 },
            _ => Self::Broken("a password could not be hashed"),
        }
    }
}

impl From<PasswordSignInError> for Failure {
    fn from(error: PasswordSignInError) -> Self {
        match error {
            PasswordSignInError::TooMany(too_many) => Self::TooManyAttempts {
                retry_after: too_many.retry_after_seconds(),
            },
            PasswordSignInError::Storage(error) => error.into(),
            PasswordSignInError::Password(error) => error.into(),
        }
    }
}

impl From<TooMany> for Failure {
    fn from(too_many: TooMany) -> Self {
        Self::TooManySignIns {
            retry_after: too_many.retry_after_seconds(),
        }
    }
}

impl From<ChangePasswordError> for Failure {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::Check(error) => error.into(),
            ChangePasswordError::New(NewPasswordError::Password(error)) => error.into(),
            ChangePasswordError::New(NewPasswordError::Randomness(error)) => error.into(),
            ChangePasswordError::Storage(error) => error.into(),
            ChangePasswordError::Randomness(error) => error.into(),
        }
    }
}

impl From<BeginError> for Failure {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::Storage(error) => error.into(),
            BeginError::Randomness(error) => error.into(),
            BeginError::Sealing(_) => Self::Broken("a provider's token could not be sealed"),
        }
    }
}

impl From<askama::Error> for Failure {
    fn from(_: askama::Error) -> Self {
        Self::Broken("a page could not be filled")
    }
}

impl From<SignError> for Failure {
    fn from(_: SignError) -> Self {
        Self::Broken("a token could not be signed")
    }
}

impl From<KeysError> for Failure {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Storage(error) | KeysError::Sealing(SealingError::Storage(error)) => {
                error.into()
            }
            _ => Self::Broken("there is no new signing key"),
        }
    }
}

impl From<MakeCredentialError> for Failure {
    fn from(error: MakeCredentialError) -> Self {
        match error {
            MakeCredentialError::Storage(error) => error.into(),
            MakeCredentialError::Randomness(error) => error.into(),
        }
    }
}

impl From<IssueCodeError> for Failure {
    fn from(error: IssueCodeError) -> Self {
        match error {
            IssueCodeError::Storage(error) => error.into(),
            IssueCodeError::Randomness(error) => error.into(),
        }
    }
}
