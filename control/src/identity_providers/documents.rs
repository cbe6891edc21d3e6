//! The two documents that a provider publishes: its discovery document and its keys. Both are fetched
//! when they are needed, and kept.

mod cached;
pub mod discovery;

use std::sync::Arc;
use std::time::Duration;

use reqwest::{StatusCode, Url};

use super::error::{Endpoint, ProviderError};
use super::http::{Answer, Http, HttpError, MAX_DOCUMENT_BYTES, MAX_JWKS_BYTES};
use super::jose::keys::Keys;
use super::settings::ProviderConfig;
use crate::system::clock::Clock;
use cached::{Cached, Fetched};
use discovery::Metadata;

/// How long a document is kept whose provider does not say.
const DEFAULT_AGE: Duration = Duration::from_secs(60 * 60);

/// A provider's documents.
pub struct Documents {
    http: Arc<Http>,
    clock: Arc<dyn Clock>,
    issuer: String,
    discovery_url: Url,
    metadata: Cached<Metadata>,
    keys: Cached<Keys>,
}

impl Documents {
    /// Nothing is fetched yet.
    pub fn new(
        settings: &ProviderConfig,
        discovery_url: Url,
        (http, clock): (Arc<Http>, Arc<dyn Clock>),
    ) -> Self {
        Self {
            http,
            clock,
            issuer: settings.issuer.clone(),
            discovery_url,
            metadata: Cached::default(),
            keys: Cached::default(),
        }
    }

    /// The discovery document.
    ///
    /// # Errors
    /// When there is none that can be used.
    pub async fn metadata(&self) -> Result<Arc<Metadata>, ProviderError> {
        let fetch = || self.fetch_metadata();
        self.metadata.current(self.clock.as_ref(), fetch).await
    }

    /// The discovery document, if one is known. Calls nobody.
    pub fn known_metadata(&self) -> Option<Arc<Metadata>> {
        self.metadata.known(self.clock.now())
    }

    /// The keys.
    ///
    /// # Errors
    /// When there are none.
    pub async fn keys(&self) -> Result<Arc<Keys>, ProviderError> {
        let metadata = self.metadata().await?;
        let fetch = || self.fetch_keys(&metadata.jwks_uri);
        self.keys.current(self.clock.as_ref(), fetch).await
    }

    /// The keys, after one was missing among `old`: fetched again, at most once a minute. The fetch
    /// ends even if the caller hangs up: otherwise a stranger could spend each minute's fetch.
    ///
    /// # Errors
    /// When there are none.
    pub async fn newer_keys(self: &Arc<Self>, old: Arc<Keys>) -> Result<Arc<Keys>, ProviderError> {
        let documents = Arc::clone(self);
        let fetched = tokio::spawn(async move {
            let metadata = documents.metadata().await?;
            let fetch = || documents.fetch_keys(&metadata.jwks_uri);
            let clock = documents.clock.as_ref();
            documents.keys.newer(&old, clock, fetch).await
        });
        fetched.await.unwrap_or(Err(ProviderError::Client))
    }

    async fn fetch_metadata(&self) -> Result<Fetched<Metadata>, ProviderError> {
        let answer = self.fetch(Endpoint::Discovery, &self.discovery_url, MAX_DOCUMENT_BYTES);
        let answer = answer.await?;
        let document = serde_json::from_slice(&answer.body)
            .map_err(|_| ProviderError::of(Endpoint::Discovery, HttpError::Form))?;
        Ok(Fetched {
            value: Metadata::read(document, &self.issuer, self.http.reach())?,
            max_age: answer.max_age.unwrap_or(DEFAULT_AGE),
        })
    }

    async fn fetch_keys(&self, url: &Url) -> Result<Fetched<Keys>, ProviderError> {
        let answer = self.fetch(Endpoint::Jwks, url, MAX_JWKS_BYTES).await?;
        let keys = Keys::read(&answer.body)
            .ok_or_else(|| ProviderError::of(Endpoint::Jwks, HttpError::Form))?;
        Ok(Fetched {
            value: keys,
            max_age: answer.max_age.unwrap_or(DEFAULT_AGE),
        })
    }

    async fn fetch(
        &self,
        endpoint: Endpoint,
        url: &Url,
        max_bytes: usize,
    ) -> Result<Answer, ProviderError> {
        let answer = self.http.document(url, max_bytes).await;
        let answer = answer.map_err(|error| ProviderError::of(endpoint, error))?;
        if answer.status == StatusCode::OK {
            Ok(answer)
        } else {
            let status = HttpError::Status(answer.status.as_u16());
            Err(ProviderError::of(endpoint, status))
        }
    }
}
