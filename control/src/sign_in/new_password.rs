//! New passwords: what they must be like, and how they are generated.

use super::password_hash::PasswordHash;
use super::password_hashing::{Caller, MAX_BYTES, PasswordError};
use crate::problems::InputProblems;
use crate::service::Service;
use crate::system::randomness::NoRandomness;
use crate::tokens::secret::Plain;

/// The fewest characters of a password.
pub const FEWEST_CHARACTERS: usize = 8;

/// A new password.
pub struct NewPassword {
    /// The password, to be shown at most once.
    pub plain: Plain,
    /// Its hash, to be stored.
    pub hash: PasswordHash,
}

/// Why a password was not made.
#[derive(Debug, thiserror::Error)]
pub enum NewPasswordError {
    /// It could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

/// The first thing that is wrong with a password; `None` if it can be used.
#[must_use]
pub fn fault(password: &Plain) -> Option<String> {
    let text = password.reveal();
    if text.chars().count() < FEWEST_CHARACTERS {
        Some(format!("must have at least {FEWEST_CHARACTERS} characters"))
    } else if text.len() > MAX_BYTES {
        Some(format!("must have at most {MAX_BYTES} bytes"))
    } else {
        None
    }
}

/// Notes what is wrong with a password, without the password.
pub fn check(password: &Plain, problems: &mut InputProblems) {
    if let Some(fault) = fault(password) {
        problems.add("password", "", fault);
    }
}

/// Hashes a password that was checked, or generates one.
///
/// # Errors
/// When there is no randomness, or it cannot be hashed.
pub async fn make(
    service: &Service,
    caller: Caller<'_>,
    given: Option<Plain>,
) -> Result<NewPassword, NewPasswordError> {
    let random = service.random.as_ref();
    let plain = match given {
        Some(plain) => plain,
        None => Plain::new(random.password()?),
    };
    let hash = service
        .passwords
        .hash(caller, plain.clone(), random)
        .await?;
    Ok(NewPassword { plain, hash })
}
