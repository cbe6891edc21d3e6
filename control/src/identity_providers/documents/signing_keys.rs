//! The keys with which a provider signs, and the signatures that they verify.

use std::sync::Arc;

use reqwest::Url;

use super::super::error::{Endpoint, IdTokenFault, ProviderError};
use super::super::http::{Http, HttpError, MAX_JWKS_BYTES};
use super::super::jose::keys::Keys;
use super::super::jose::signed::{Signed, Unverified};
use super::cached::{Cached, DEFAULT_AGE, Fetched};
use super::fetch::fetch;
use crate::system::clock::Clock;

/// The keys of one issuer.
pub struct SigningKeys {
    http: Arc<Http>,
    clock: Arc<dyn Clock>,
    keys: Cached<Keys>,
}

impl SigningKeys {
    /// Nothing is fetched yet.
    pub fn new(http: Arc<Http>, clock: Arc<dyn Clock>) -> Self {
        Self {
            http,
            clock,
            keys: Cached::default(),
        }
    }

    /// The keys at the issuer's `jwks_uri`.
    ///
    /// # Errors
    /// When there are none.
    pub async fn current(&self, url: &Url) -> Result<Arc<Keys>, ProviderError> {
        let fetch = || self.fetch(url);
        self.keys.current(self.clock.as_ref(), fetch).await
    }

    /// Verifies the signature of a token. A key that is not known may be a new one.
    ///
    /// # Errors
    /// When it is wrong, or there are no keys.
    pub async fn verify(self: &Arc<Self>, url: &Url, token: &str) -> Result<Signed, ProviderError> {
        let unverified = Unverified::read(token)?;
        let find = |keys: &Keys| {
            let key = keys.find(unverified.kid(), unverified.algorithm());
            key.cloned()
        };
        let keys = self.current(url).await?;
        let key = match find(&keys) {
            Some(key) => Some(key),
            None => find(self.newer(url, keys).await?.as_ref()),
        };
        let key = key.ok_or(IdTokenFault::UnknownKey)?;
        Ok(unverified.verify(&key)?)
    }

    /// The keys, after one was missing among `old`: fetched again, at most once a minute. The fetch
    /// ends even if the caller hangs up: otherwise a stranger could spend each minute's fetch.
    async fn newer(
        self: &Arc<Self>,
        url: &Url,
        old: Arc<Keys>,
    ) -> Result<Arc<Keys>, ProviderError> {
        let (all, url) = (Arc::clone(self), url.clone());
        let fetched = tokio::spawn(async move {
            let fetch = || all.fetch(&url);
            all.keys.newer(&old, all.clock.as_ref(), fetch).await
        });
        fetched.await.unwrap_or(Err(ProviderError::Client))
    }

    async fn fetch(&self, url: &Url) -> Result<Fetched<Keys>, ProviderError> {
        let answer = fetch(&self.http, Endpoint::Jwks, url, MAX_JWKS_BYTES).await?;
        let keys = Keys::read(&answer.body)
            .ok_or_else(|| ProviderError::of(Endpoint::Jwks, HttpError::Form))?;
        Ok(Fetched {
            value: keys,
            max_age: answer.max_age.unwrap_or(DEFAULT_AGE),
        })
    }
}
