//! Passwords, hashed with argon2id (RFC 9106).
//!
//! Hashing takes tens of milliseconds and much memory on purpose, so it runs beside the requests
//! and only so often at once.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::system::randomness::{NoRandomness, Randomness};
use crate::tokens::secret::Plain;

const AT_ONCE: usize = 4;
/// How many may wait for their turn; more are told to try again.
const WAITING: usize = 64;
const SALT_BYTES: usize = 16;

/// The longest password, in bytes: nobody types more, and hashing more is work for nothing.
pub const MAX_BYTES: usize = 1024;

/// Hashes and checks passwords.
pub struct Passwords {
    at_once: Arc<Semaphore>,
    waiting: Semaphore,
    /// Of no password. Checked for unknown users, so that they take as long as known ones.
    of_nobody: String,
}

/// A password could be neither hashed nor checked.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// No salt.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// Too many others wait.
    #[error("too many passwords are being checked")]
    Busy,
    /// The hash function refused, or its thread died.
    #[error("the password could not be hashed")]
    Hashing,
}

impl Passwords {
    /// Makes the hash of nobody.
    ///
    /// # Errors
    /// When hashing does not work at all.
    pub fn new(random: &dyn Randomness) -> Result<Self, PasswordError> {
        let of_nobody = hash(&random.secret()?, &random.bytes::<SALT_BYTES>()?)?;
        Ok(Self {
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Semaphore::new(WAITING),
            of_nobody,
        })
    }

    /// The PHC string to store.
    ///
    /// # Errors
    /// When hashing does not work.
    pub async fn hash(
        &self,
        password: Plain,
        random: &dyn Randomness,
    ) -> Result<String, PasswordError> {
        let salt = random.bytes::<SALT_BYTES>()?;
        self.beside(move || hash(password.reveal(), &salt)).await?
    }

    /// Whether `password` is the one of `stored`; without a stored hash never, after the same
    /// work.
    ///
    /// # Errors
    /// When hashing does not work.
    pub async fn check(
        &self,
        password: Plain,
        stored: Option<String>,
    ) -> Result<bool, PasswordError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.of_nobody.clone());
        let fits = self
            .beside(move || {
                let stored = PasswordHash::new(&stored).map_err(|_| PasswordError::Hashing)?;
                let password = password.reveal().as_bytes();
                Ok::<_, PasswordError>(Argon2::default().verify_password(password, &stored).is_ok())
            })
            .await??;
        Ok(known && fits)
    }

    async fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _place = self
            .waiting
            .try_acquire()
            .map_err(|_| PasswordError::Busy)?;
        let permit = Arc::clone(&self.at_once)
            .acquire_owned()
            .await
            .map_err(|_| PasswordError::Hashing)?;
        // The work goes on when whoever asked has left, so the permit goes with it.
        let work = move || {
            let done = work();
            drop(permit);
            done
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| PasswordError::Hashing)
    }
}

fn hash(password: &str, salt: &[u8]) -> Result<String, PasswordError> {
    let hash: PasswordHash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), salt)
        .map_err(|_| PasswordError::Hashing)?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::randomness::SystemRandomness;

    #[tokio::test]
    async fn a_hash_fits_its_password_only() {
        let passwords = Passwords::new(&SystemRandomness).unwrap();
        let plain = Plain::new("correct horse".into());
        let stored = passwords
            .hash(plain.clone(), &SystemRandomness)
            .await
            .unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(
            passwords
                .check(plain.clone(), Some(stored.clone()))
                .await
                .unwrap()
        );
        let wrong = Plain::new("battery staple".into());
        assert!(!passwords.check(wrong, Some(stored)).await.unwrap());
        assert!(!passwords.check(plain, None).await.unwrap());
    }
}
