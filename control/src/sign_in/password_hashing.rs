//! Hashing and checking passwords with argon2id (RFC 9106).
//!
//! Hashing is slow and takes much memory on purpose, so it runs on threads of its own, and only a
//! few hashes are computed at once.

use argon2::password_hash::phc;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use prometheus_client::metrics::histogram::Histogram;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;

use super::password_hash::PasswordHash;
use crate::system::randomness::{NoRandomness, Randomness};
use crate::tokens::secret::Plain;

const AT_ONCE: usize = 4;
/// How many more may wait; others are told to try again.
const WAITING: usize = 64;
const SALT_BYTES: usize = 16;
/// Of the metrics.
const SECONDS: [f64; 9] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// The longest password, in bytes.
pub const MAX_BYTES: usize = 1024;

/// Hashes and checks passwords.
pub struct Passwords {
    at_once: Arc<Semaphore>,
    waiting: Semaphore,
    /// The hash of a random secret. It is checked for users without a password, so that they take
    /// as long as others.
    decoy: PasswordHash,
    seconds: Histogram,
}

/// How busy hashing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// Hashes that are being computed.
    pub running: u64,
    /// Those that wait for a thread.
    pub waiting: u64,
}

/// Why a password was not hashed or checked.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// No salt.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// Too many others are waiting.
    #[error("too many passwords are being checked")]
    Busy,
    /// The hash function or its thread failed.
    #[error("the password could not be hashed")]
    Hashing,
}

impl Passwords {
    /// Computes the decoy.
    ///
    /// # Errors
    /// When hashing fails.
    pub fn new(random: &dyn Randomness) -> Result<Self, PasswordError> {
        let decoy = hash(&random.secret()?, &random.bytes::<SALT_BYTES>()?)?;
        Ok(Self {
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Semaphore::new(WAITING),
            decoy,
            seconds: Histogram::new(SECONDS),
        })
    }

    /// How long hashes took.
    #[must_use]
    pub fn seconds(&self) -> Histogram {
        self.seconds.clone()
    }

    /// How busy hashing is.
    #[must_use]
    pub fn queue(&self) -> Queue {
        let taken = |of: &Semaphore, all: usize| all.saturating_sub(of.available_permits()) as u64;
        let running = taken(&self.at_once, AT_ONCE);
        Queue {
            running,
            // Those that are being computed hold a place of both.
            waiting: taken(&self.waiting, WAITING).saturating_sub(running),
        }
    }

    /// The hash to store.
    ///
    /// # Errors
    /// When hashing fails.
    pub async fn hash(
        &self,
        password: Plain,
        random: &dyn Randomness,
    ) -> Result<PasswordHash, PasswordError> {
        let salt = random.bytes::<SALT_BYTES>()?;
        self.on_thread(move || hash(password.reveal(), &salt))
            .await?
    }

    /// Whether `stored` is the hash of `password`. Without a stored hash the answer is no, after the
    /// same work.
    ///
    /// # Errors
    /// When hashing fails.
    pub async fn check(
        &self,
        password: Plain,
        stored: Option<PasswordHash>,
    ) -> Result<bool, PasswordError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        let matches = self
            .on_thread(move || {
                let stored =
                    phc::PasswordHash::new(stored.reveal()).map_err(|_| PasswordError::Hashing)?;
                let password = password.reveal().as_bytes();
                Ok::<_, PasswordError>(Argon2::default().verify_password(password, &stored).is_ok())
            })
            .await??;
        Ok(known && matches)
    }

    async fn on_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _waiting = self
            .waiting
            .try_acquire()
            .map_err(|_| PasswordError::Busy)?;
        let permit = Arc::clone(&self.at_once)
            .acquire_owned()
            .await
            .map_err(|_| PasswordError::Hashing)?;
        // The thread continues if the caller is cancelled, so it keeps the permit.
        let seconds = self.seconds.clone();
        let work = move || {
            let begun = Instant::now();
            let done = work();
            seconds.observe(begun.elapsed().as_secs_f64());
            drop(permit);
            done
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| PasswordError::Hashing)
    }
}

fn hash(password: &str, salt: &[u8]) -> Result<PasswordHash, PasswordError> {
    let hash: phc::PasswordHash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), salt)
        .map_err(|_| PasswordError::Hashing)?;
    Ok(PasswordHash::new(hash.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::randomness::SystemRandomness;

    #[tokio::test]
    async fn a_hash_matches_only_its_password() {
        let passwords = Passwords::new(&SystemRandomness).unwrap();
        let plain = Plain::new("correct horse".into());
        let stored = passwords
            .hash(plain.clone(), &SystemRandomness)
            .await
            .unwrap();
        assert!(stored.reveal().starts_with("$argon2id$"));
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
