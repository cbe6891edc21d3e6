//! A document of a provider, fetched at most once at a time and kept.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use portcullis::time::UnixMillis;
use tokio::sync::{Mutex, MutexGuard};

use super::super::error::ProviderError;
use crate::system::clock::Clock;

/// How long a document is kept whose provider does not say.
pub const DEFAULT_AGE: Duration = Duration::from_secs(60 * 60);
const SHORTEST_AGE: Duration = Duration::from_secs(5 * 60);
const LONGEST_AGE: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a document is used after its age while the provider is away.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a stale document is used before the provider is tried again.
const RETRY: Duration = Duration::from_secs(30);
/// How often a document is fetched again because something was missing in it.
const NEWER: Duration = Duration::from_secs(60);
/// The same where strangers said what is missing. Each of them may cause few fetches, so that this is
/// short: they cannot keep an honest one waiting for long.
const NEWER_FOR_STRANGERS: Duration = Duration::from_secs(5);

/// A document that is fetched when it is needed.
pub struct Cached<T> {
    known: RwLock<Option<Known<T>>>,
    fetches: Mutex<Fetches>,
    /// How many fetches have ended.
    ended: AtomicU64,
}

/// What a fetch brought.
pub struct Fetched<T> {
    /// What was fetched.
    pub value: T,
    /// How long it may be kept, as the provider says.
    pub max_age: Duration,
}

/// Who spends a fetch because something is missing.
#[derive(Clone, Copy)]
pub enum Allowance<'a> {
    /// The provider itself.
    Provider,
    /// Somebody who may be anybody, and whether they may.
    Strangers(&'a (dyn Fn() -> bool + Send + Sync)),
}

struct Known<T> {
    value: Arc<T>,
    fetched: UnixMillis,
    fresh_for: Duration,
}

#[derive(Default)]
struct Fetches {
    /// Why the last fetch failed, if it did.
    failure: Option<ProviderError>,
    /// When the last fetch failed while the provider was away.
    away_at: Option<UnixMillis>,
    /// When something that was missing last caused a fetch.
    newer_at: Option<UnixMillis>,
    /// The same where strangers said so.
    newer_for_strangers_at: Option<UnixMillis>,
}

impl<T> Cached<T> {
    /// The document: the known one while it is fresh, else a new one. A stale one is used while the
    /// provider is away, for at most a day.
    ///
    /// # Errors
    /// When there is none.
    pub async fn current<F>(
        &self,
        clock: &dyn Clock,
        fetch: impl FnOnce() -> F,
    ) -> Result<Arc<T>, ProviderError>
    where
        F: Future<Output = Result<Fetched<T>, ProviderError>>,
    {
        if let Some(fresh) = self.fresh(clock.now()) {
            return Ok(fresh);
        }
        let (mut fetches, waited) = self.turn().await;
        let now = clock.now();
        if let Some(fresh) = self.fresh(now) {
            return Ok(fresh);
        }
        let stale = self.known(now);
        let just_tried = fetches.away_at.is_some_and(|at| within(at, RETRY, now));
        if let (Some(stale), true) = (&stale, just_tried) {
            return Ok(Arc::clone(stale));
        }
        // Those who waited for a fetch that failed do not try one after the other.
        let failed = fetches.failure.clone().filter(|_| waited);
        let outcome = match failed {
            Some(failure) => Err(failure),
            None => self.fetch(&mut fetches, clock, fetch).await,
        };
        match (outcome, stale) {
            (Err(ProviderError::Away { .. }), Some(stale)) => Ok(stale),
            (outcome, _) => outcome,
        }
    }

    /// The document after something was missing in `old`: fetched again, but at most once a minute, or as
    /// often as strangers may cause it; `old` if that is too early.
    ///
    /// # Errors
    /// When the fetch fails.
    pub async fn newer<F>(
        &self,
        (old, allowance): (&Arc<T>, Allowance<'_>),
        clock: &dyn Clock,
        fetch: impl FnOnce() -> F,
    ) -> Result<Arc<T>, ProviderError>
    where
        F: Future<Output = Result<Fetched<T>, ProviderError>>,
    {
        let (mut fetches, _) = self.turn().await;
        let now = clock.now();
        if let Some(known) = self.known(now).filter(|known| !Arc::ptr_eq(known, old)) {
            return Ok(known);
        }
        let (spent, every) = match allowance {
            Allowance::Provider => (&mut fetches.newer_at, NEWER),
            Allowance::Strangers(_) => (&mut fetches.newer_for_strangers_at, NEWER_FOR_STRANGERS),
        };
        if spent.is_some_and(|at| within(at, every, now)) {
            return Ok(Arc::clone(old));
        }
        if let Allowance::Strangers(may_fetch) = allowance
            && !may_fetch()
        {
            return Ok(Arc::clone(old));
        }
        *spent = Some(now);
        self.fetch(&mut fetches, clock, fetch).await
    }

    /// The known document, fresh or stale.
    pub fn known(&self, now: UnixMillis) -> Option<Arc<T>> {
        self.known_for(STALE, now)
    }

    fn fresh(&self, now: UnixMillis) -> Option<Arc<T>> {
        self.known_for(Duration::ZERO, now)
    }

    /// The known document, if it is at most so much older than it should be.
    fn known_for(&self, more: Duration, now: UnixMillis) -> Option<Arc<T>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let known = known.as_ref()?;
        let usable = within(known.fetched, known.fresh_for + more, now);
        usable.then(|| Arc::clone(&known.value))
    }

    /// Waits until no fetch runs. Also whether one has ended meanwhile.
    async fn turn(&self) -> (MutexGuard<'_, Fetches>, bool) {
        let ended = self.ended.load(Ordering::SeqCst);
        let fetches = self.fetches.lock().await;
        (fetches, self.ended.load(Ordering::SeqCst) != ended)
    }

    async fn fetch<F>(
        &self,
        fetches: &mut Fetches,
        clock: &dyn Clock,
        fetch: impl FnOnce() -> F,
    ) -> Result<Arc<T>, ProviderError>
    where
        F: Future<Output = Result<Fetched<T>, ProviderError>>,
    {
        let outcome = fetch().await;
        let now = clock.now();
        self.ended.fetch_add(1, Ordering::SeqCst);
        match outcome {
            Ok(fetched) => {
                let value = Arc::new(fetched.value);
                *fetches = Fetches {
                    newer_at: fetches.newer_at,
                    newer_for_strangers_at: fetches.newer_for_strangers_at,
                    ..Fetches::default()
                };
                let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
                *known = Some(Known {
                    value: Arc::clone(&value),
                    fetched: now,
                    fresh_for: fetched.max_age.clamp(SHORTEST_AGE, LONGEST_AGE),
                });
                Ok(value)
            }
            Err(error) => {
                let away = matches!(error, ProviderError::Away { .. });
                fetches.away_at = away.then_some(now);
                fetches.failure = Some(error.clone());
                Err(error)
            }
        }
    }
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self {
            known: RwLock::default(),
            fetches: Mutex::default(),
            ended: AtomicU64::default(),
        }
    }
}

/// Whether `now` is at most `span` after `since`. A time in the future is not trusted.
fn within(since: UnixMillis, span: Duration, now: UnixMillis) -> bool {
    since <= now && now < since + span
}
