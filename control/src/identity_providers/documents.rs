//! The two documents that a provider publishes: its discovery document and its keys. Both are fetched
//! when they are needed, and kept.

pub mod cached;
pub mod discovery;
mod fetch;
pub mod signing_keys;

use std::sync::Arc;

use reqwest::Url;

use super::error::{Endpoint, ProviderError};
use super::http::{Http, HttpError, MAX_DOCUMENT_BYTES};
use super::jose::keys::Keys;
use super::jose::signed::Signed;
use super::settings::ProviderConfig;
use crate::system::clock::Clock;
use cached::{Cached, Fetched};
use discovery::Metadata;
pub use fetch::fetch;
use signing_keys::{Asker, SigningKeys};

/// A provider's documents.
pub struct Documents {
    http: Arc<Http>,
    clock: Arc<dyn Clock>,
    issuer: String,
    discovery_url: Url,
    metadata: Cached<Metadata>,
    signing_keys: Arc<SigningKeys>,
}

impl Documents {
    /// Nothing is fetched yet.
    pub fn new(
        settings: &ProviderConfig,
        discovery_url: Url,
        (http, clock): (Arc<Http>, Arc<dyn Clock>),
    ) -> Self {
        let signing_keys = SigningKeys::new(Arc::clone(&http), Arc::clone(&clock));
        Self {
            http,
            clock,
            issuer: settings.issuer.clone(),
            discovery_url,
            metadata: Cached::default(),
            signing_keys: Arc::new(signing_keys),
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
        self.signing_keys.current(&metadata.jwks_uri).await
    }

    /// Verifies the signature of a token that the provider itself gave.
    ///
    /// # Errors
    /// When it is wrong, or there are no keys.
    pub async fn verify(&self, token: &str) -> Result<Signed, ProviderError> {
        self.verify_for(token, Asker::Provider).await
    }

    /// Verifies the signature of a token that may be anybody's.
    ///
    /// # Errors
    /// When it is wrong, or there are no keys.
    pub async fn verify_for(&self, token: &str, asker: Asker) -> Result<Signed, ProviderError> {
        let metadata = self.metadata().await?;
        let keys = &self.signing_keys;
        keys.verify(&metadata.jwks_uri, (token, asker)).await
    }

    async fn fetch_metadata(&self) -> Result<Fetched<Metadata>, ProviderError> {
        let endpoint = Endpoint::Discovery;
        let answer = fetch(
            &self.http,
            endpoint,
            &self.discovery_url,
            MAX_DOCUMENT_BYTES,
        )
        .await?;
        let document = serde_json::from_slice(&answer.body)
            .map_err(|_| ProviderError::of(endpoint, HttpError::Form))?;
        Ok(Fetched {
            value: Metadata::read(document, &self.issuer, self.http.reach())?,
            max_age: answer.max_age.unwrap_or(cached::DEFAULT_AGE),
        })
    }
}
