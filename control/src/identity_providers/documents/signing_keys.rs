//! The keys with which a provider signs, and the signatures that they verify.

use std::net::IpAddr;
use std::sync::Arc;

use reqwest::Url;

use super::super::error::{Endpoint, IdTokenFault, ProviderError};
use super::super::http::{Http, HttpError, MAX_JWKS_BYTES};
use super::super::jose::keys::Keys;
use super::super::jose::signed::{Signed, Unverified};
use super::cached::{Allowance, Cached, DEFAULT_AGE, Fetched};
use super::fetch::fetch;
use crate::system::clock::Clock;
use crate::system::rate_limit::{RateLimit, network};

/// How often one network may cause the keys to be fetched again.
const FETCHES_OF_A_NETWORK_A_MINUTE: u32 = 1;

/// Whose token is verified.
#[derive(Debug, Clone, Copy)]
pub enum Asker {
    /// One that the provider itself gave, or a transmitter that has proven who it is.
    Provider,
    /// Somebody at this address, whose token may name a key that nobody has. Strangers have an allowance
    /// of fetches of their own, so that they spend none of the provider's.
    Stranger(IpAddr),
}

/// The keys of one issuer.
pub struct SigningKeys {
    http: Arc<Http>,
    clock: Arc<dyn Clock>,
    keys: Cached<Keys>,
    strangers: RateLimit,
}

impl SigningKeys {
    /// Nothing is fetched yet.
    pub fn new(http: Arc<Http>, clock: Arc<dyn Clock>) -> Self {
        Self {
            http,
            clock,
            keys: Cached::default(),
            strangers: RateLimit::new(FETCHES_OF_A_NETWORK_A_MINUTE),
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
    pub async fn verify(
        self: &Arc<Self>,
        url: &Url,
        (token, asker): (&str, Asker),
    ) -> Result<Signed, ProviderError> {
        let unverified = Unverified::read(token)?;
        let find = |keys: &Keys| {
            let key = keys.find(unverified.kid(), unverified.algorithm());
            key.cloned()
        };
        let keys = self.current(url).await?;
        let key = match find(&keys) {
            Some(key) => Some(key),
            None => find(self.newer(url, keys, asker).await?.as_ref()),
        };
        let key = key.ok_or(IdTokenFault::UnknownKey)?;
        Ok(unverified.verify(&key)?)
    }

    /// The keys, after one was missing among `old`: fetched again, if not just before. The fetch ends even
    /// if the caller hangs up: otherwise a stranger could spend each minute's fetch.
    async fn newer(
        self: &Arc<Self>,
        url: &Url,
        old: Arc<Keys>,
        asker: Asker,
    ) -> Result<Arc<Keys>, ProviderError> {
        let (all, url, known) = (Arc::clone(self), url.clone(), Arc::clone(&old));
        let fetched = tokio::spawn(async move {
            let fetch = || all.fetch(&url);
            let may_fetch = || match asker {
                Asker::Provider => true,
                Asker::Stranger(address) => {
                    let key = all.strangers.key(network(address));
                    all.strangers.take(key, all.clock.now()).is_ok()
                }
            };
            let allowance = match asker {
                Asker::Provider => Allowance::Provider,
                Asker::Stranger(_) => Allowance::Strangers(&may_fetch),
            };
            let clock = all.clock.as_ref();
            all.keys.newer((&known, allowance), clock, fetch).await
        });
        let fetched = fetched.await.unwrap_or(Err(ProviderError::Client))?;
        match asker {
            // The key may be a new one, and it is too early to know.
            Asker::Stranger(_) if Arc::ptr_eq(&fetched, &old) => {
                Err(ProviderError::KeysJustFetched)
            }
            _ => Ok(fetched),
        }
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
