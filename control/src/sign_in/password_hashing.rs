//! Hashing and checking passwords with argon2id (RFC 9106).
//!
//! Hashing is slow and takes much memory on purpose, so it runs on threads of its own, and only a
//! few hashes are computed at once. Strangers who guess cannot take all of these places: one is
//! for callers who are known. Of those who wait for it, each user has a share, so that nobody keeps
//! the others out with a password that is right.

mod shares;
mod workspace;

use std::sync::Arc;
use std::time::Instant;

use prometheus_client::metrics::histogram::Histogram;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::password_hash::PasswordHash;
use crate::system::randomness::{NoRandomness, Randomness};
use crate::tokens::secret::Plain;
use shares::{Share, Shares};
use workspace::{Workspace, Workspaces};

/// How many hashes are computed at once for anybody.
const AT_ONCE: usize = 3;
/// How many more for known callers.
const AT_ONCE_FOR_KNOWN: usize = 1;
/// How many hashes of strangers are computed or wait; others are told to try again.
const STRANGERS: usize = 64;
/// The same of known callers.
const KNOWN: usize = 64;
const SALT_BYTES: usize = 16;
/// Of the metrics.
const SECONDS: [f64; 9] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// The longest password, in bytes.
pub const MAX_BYTES: usize = 1024;

/// Who waits for a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller<'a> {
    /// Somebody who may be guessing passwords.
    Stranger,
    /// A browser or network in which the user with this id signed in before.
    User(&'a str),
    /// An administrator.
    Administrator,
}

/// A place among those who wait or whose hash is computed.
struct Place<'a> {
    is_known: bool,
    _share: Option<Share<'a>>,
    _waiting: SemaphorePermit<'a>,
}

/// Hashes and checks passwords.
pub struct Passwords {
    for_anybody: Arc<Semaphore>,
    for_known: Arc<Semaphore>,
    strangers: Semaphore,
    known: Semaphore,
    shares: Shares,
    workspaces: Arc<Workspaces>,
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
        let workspaces = Workspaces::default();
        let salt = random.bytes::<SALT_BYTES>()?;
        let secret = random.secret()?;
        let decoy = workspaces
            .with(|workspace| workspace.hash(&secret, &salt))
            .ok_or(PasswordError::Hashing)?;
        Ok(Self {
            for_anybody: Arc::new(Semaphore::new(AT_ONCE)),
            for_known: Arc::new(Semaphore::new(AT_ONCE_FOR_KNOWN)),
            strangers: Semaphore::new(STRANGERS),
            known: Semaphore::new(KNOWN),
            shares: Shares::default(),
            workspaces: Arc::new(workspaces),
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
        let running = taken(&self.for_anybody, AT_ONCE) + taken(&self.for_known, AT_ONCE_FOR_KNOWN);
        let all = taken(&self.strangers, STRANGERS) + taken(&self.known, KNOWN);
        Queue {
            running,
            // Those that are being computed hold a place of both.
            waiting: all.saturating_sub(running),
        }
    }

    /// The hash to store.
    ///
    /// # Errors
    /// When hashing fails.
    pub async fn hash(
        &self,
        caller: Caller<'_>,
        password: Plain,
        random: &dyn Randomness,
    ) -> Result<PasswordHash, PasswordError> {
        let salt = random.bytes::<SALT_BYTES>()?;
        let work = move |workspace: &mut Workspace| workspace.hash(password.reveal(), &salt);
        self.on_thread(caller, work).await
    }

    /// Whether `stored` is the hash of `password`. Without a stored hash the answer is no, after the
    /// same work.
    ///
    /// `then` gets the answer even if the caller is cancelled meanwhile. It is dropped if the password
    /// is not checked.
    ///
    /// # Errors
    /// When hashing fails.
    pub async fn check(
        &self,
        caller: Caller<'_>,
        password: Plain,
        stored: Option<PasswordHash>,
        then: impl FnOnce(bool) + Send + 'static,
    ) -> Result<bool, PasswordError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        let work = move |workspace: &mut Workspace| {
            let matches = workspace.matches(password.reveal(), &stored)? && known;
            then(matches);
            Some(matches)
        };
        self.on_thread(caller, work).await
    }

    async fn on_thread<T: Send + 'static>(
        &self,
        caller: Caller<'_>,
        work: impl FnOnce(&mut Workspace) -> Option<T> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = self.place(caller)?;
        let permit = self.permit(place.is_known).await?;
        // The thread continues if the caller is cancelled, so it keeps the permit.
        let (seconds, workspaces) = (self.seconds.clone(), Arc::clone(&self.workspaces));
        let work = move || {
            let begun = Instant::now();
            let done = workspaces.with(work);
            seconds.observe(begun.elapsed().as_secs_f64());
            drop(permit);
            done
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.ok().flatten().ok_or(PasswordError::Hashing)
    }

    /// A place to wait. A user whose share is used up waits among the strangers.
    fn place<'a>(&'a self, caller: Caller<'a>) -> Result<Place<'a>, PasswordError> {
        let share = match caller {
            Caller::User(id) => self.shares.take(id),
            Caller::Stranger | Caller::Administrator => None,
        };
        let is_known = share.is_some() || caller == Caller::Administrator;
        let waiting = if is_known {
            &self.known
        } else {
            &self.strangers
        };
        Ok(Place {
            is_known,
            _share: share,
            _waiting: waiting.try_acquire().map_err(|_| PasswordError::Busy)?,
        })
    }

    /// A place to compute a hash.
    async fn permit(&self, is_known: bool) -> Result<OwnedSemaphorePermit, PasswordError> {
        let for_anybody = Arc::clone(&self.for_anybody).acquire_owned();
        let permit = if is_known {
            let for_known = Arc::clone(&self.for_known).acquire_owned();
            tokio::select! {
                biased;
                permit = for_known => permit,
                permit = for_anybody => permit,
            }
        } else {
            for_anybody.await
        };
        permit.map_err(|_| PasswordError::Hashing)
    }
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
            .hash(Caller::Administrator, plain.clone(), &SystemRandomness)
            .await
            .unwrap();
        assert!(
            stored
                .reveal()
                .starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
        );
        let check = async |plain: &Plain, stored| {
            let checked = passwords.check(Caller::Stranger, plain.clone(), stored, |_| ());
            checked.await.unwrap()
        };
        assert!(check(&plain, Some(stored.clone())).await);
        let wrong = Plain::new("battery staple".into());
        assert!(!check(&wrong, Some(stored)).await);
        assert!(!check(&plain, None).await);
    }

    #[tokio::test]
    async fn strangers_leave_a_place_to_known_callers() {
        let passwords = Arc::new(Passwords::new(&SystemRandomness).unwrap());
        // Strangers hold all places that they can get, and all who may wait do.
        let all = u32::try_from(AT_ONCE).unwrap();
        let busy = Arc::clone(&passwords.for_anybody).acquire_many_owned(all);
        let busy = busy.await.unwrap();
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..STRANGERS {
            let passwords = Arc::clone(&passwords);
            waiting.spawn(async move {
                passwords
                    .check(Caller::Stranger, Plain::new("guess".into()), None, |_| ())
                    .await
            });
        }
        while passwords.queue().waiting < (STRANGERS - AT_ONCE) as u64 {
            tokio::task::yield_now().await;
        }
        let plain = || Plain::new("password".into());
        let check = async |caller| passwords.check(caller, plain(), None, |_| ()).await;
        assert!(matches!(
            check(Caller::Stranger).await,
            Err(PasswordError::Busy)
        ));
        assert!(!check(Caller::User("ana")).await.unwrap());
        assert!(!check(Caller::Administrator).await.unwrap());
        drop(busy);
        while let Some(checked) = waiting.join_next().await {
            assert!(!checked.unwrap().unwrap());
        }
        assert_eq!(
            passwords.queue(),
            Queue {
                running: 0,
                waiting: 0
            }
        );
    }

    #[tokio::test]
    async fn one_user_leaves_places_to_the_others() {
        let passwords = Arc::new(Passwords::new(&SystemRandomness).unwrap());
        // No hash is computed, so that everybody waits.
        let all = u32::try_from(AT_ONCE).unwrap();
        let busy = Arc::clone(&passwords.for_anybody).acquire_many_owned(all);
        let for_known = Arc::clone(&passwords.for_known).acquire_owned();
        let busy = (busy.await.unwrap(), for_known.await.unwrap());
        let wait = |user: &'static str, password: &'static str| {
            let passwords = Arc::clone(&passwords);
            async move {
                let password = Plain::new(password.into());
                let checked = passwords.check(Caller::User(user), password, None, |_| ());
                checked.await
            }
        };
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..2 * (KNOWN + STRANGERS) {
            waiting.spawn(wait("mallory", "theirs"));
        }
        // Those for whom there is no place end.
        for _ in 0..2 * (KNOWN + STRANGERS) - shares::MOST - STRANGERS {
            let ended = waiting.join_next().await.unwrap().unwrap();
            assert!(matches!(ended, Err(PasswordError::Busy)));
        }
        waiting.spawn(wait("ana", "hers"));
        drop(busy);
        while let Some(checked) = waiting.join_next().await {
            assert!(!checked.unwrap().unwrap());
        }
    }

    #[tokio::test]
    async fn whoever_is_cancelled_gets_the_answer_if_there_is_one() {
        let passwords = Passwords::new(&SystemRandomness).unwrap();
        let check = |caller, then: tokio::sync::oneshot::Sender<bool>| {
            let password = Plain::new("password".into());
            passwords.check(caller, password, None, move |matches| {
                let _ = then.send(matches);
            })
        };
        let (then, answer) = tokio::sync::oneshot::channel();
        let checking = check(Caller::Administrator, then);
        assert!(futures_util::FutureExt::now_or_never(checking).is_none());
        assert!(!answer.await.unwrap(), "it was being checked");

        let all = u32::try_from(AT_ONCE).unwrap();
        let _busy = passwords.for_anybody.acquire_many(all).await.unwrap();
        let (then, answer) = tokio::sync::oneshot::channel();
        let checking = check(Caller::Stranger, then);
        assert!(futures_util::FutureExt::now_or_never(checking).is_none());
        assert!(answer.await.is_err(), "it waited");
    }
}
