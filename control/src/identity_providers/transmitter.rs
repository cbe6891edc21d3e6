//! A transmitter of security events: its configuration document, its keys, and what it proves about
//! itself (OpenID Shared Signals Framework 1.0, section 7).

use std::sync::Arc;

use portcullis::protocol::base64url;
use reqwest::Url;
use serde_json::{Map, Value};

use super::documents::cached::{Cached, DEFAULT_AGE, Fetched};
use super::documents::discovery;
use super::documents::fetch;
use super::documents::signing_keys::{Asker, SigningKeys};
use super::error::{Endpoint, ProviderError};
use super::http::{Http, HttpError, MAX_DOCUMENT_BYTES};
use super::id_token::for_audience;
use super::identity::SignedEvent;
use super::secret;
use super::settings::TransmitterConfig;
use crate::problems::InputProblems;
use crate::system::clock::Clock;
use crate::tokens::secret::Hashed;

const WELL_KNOWN: &str = "/.well-known/ssf-configuration";

/// A configured transmitter.
pub struct Transmitter {
    settings: TransmitterConfig,
    token: Option<Hashed>,
    http: Arc<Http>,
    clock: Arc<dyn Clock>,
    configuration_url: Url,
    jwks_uri: Cached<Url>,
    keys: Arc<SigningKeys>,
}

impl Transmitter {
    /// Reads the bearer token. Calls nobody. If `None`, a problem was noted.
    pub(super) fn open(
        settings: &TransmitterConfig,
        clock: &Arc<dyn Clock>,
        path: &str,
        problems: &mut InputProblems,
    ) -> Option<Self> {
        let token = match &settings.token {
            Some(place) => Some(secret::bearer_token(place, path, problems)?),
            None => None,
        };
        let url = configuration_url(&settings.issuer);
        let http = url.as_ref().ok_or_else(|| "is no URL".to_owned());
        let http = match http.and_then(Http::new) {
            Ok(http) => Arc::new(http),
            Err(problem) => {
                problems.add(&format!("{path}.issuer"), &settings.issuer, problem);
                return None;
            }
        };
        let keys = SigningKeys::new(Arc::clone(&http), Arc::clone(clock));
        Some(Self {
            settings: settings.clone(),
            token,
            http,
            clock: Arc::clone(clock),
            configuration_url: url?,
            jwks_uri: Cached::default(),
            keys: Arc::new(keys),
        })
    }

    /// How it is configured.
    #[must_use]
    pub fn settings(&self) -> &TransmitterConfig {
        &self.settings
    }

    /// The bearer token that it must send, if one is configured.
    #[must_use]
    pub fn token(&self) -> Option<&Hashed> {
        self.token.as_ref()
    }

    /// Verifies signature, `iss` and `aud` of a security event. Everything else is the caller's.
    ///
    /// # Errors
    /// When it is not this transmitter's, or not for this service.
    pub async fn verify(&self, token: &str, asker: Asker) -> Result<SignedEvent, ProviderError> {
        let fetch = || self.fetch_configuration();
        let jwks_uri = self.jwks_uri.current(self.clock.as_ref(), fetch).await?;
        let signed = self.keys.verify(&jwks_uri, (token, asker)).await?;
        let (issuer, audience) = (&self.settings.issuer, &self.settings.audience);
        for_audience(&signed.claims, issuer, audience)?;
        Ok(SignedEvent {
            typ: signed.typ,
            claims: signed.claims,
        })
    }

    async fn fetch_configuration(&self) -> Result<Fetched<Url>, ProviderError> {
        let (endpoint, url) = (Endpoint::Transmitter, &self.configuration_url);
        let answer = fetch(&self.http, endpoint, url, MAX_DOCUMENT_BYTES).await?;
        let document: Map<String, Value> = serde_json::from_slice(&answer.body)
            .map_err(|_| ProviderError::of(endpoint, HttpError::Form))?;
        let issuer = &self.settings.issuer;
        Ok(Fetched {
            value: discovery::jwks_uri(&document, issuer, self.http.reach())?,
            max_age: answer.max_age.unwrap_or(DEFAULT_AGE),
        })
    }
}

/// The issuer that a token names, which proves nothing; `None` if it is no signed token.
#[must_use]
pub fn unverified_issuer(token: &str) -> Option<String> {
    let claims = token.split('.').nth(1)?;
    let claims = base64url::decode(claims.as_bytes())?;
    let claims: Map<String, Value> = serde_json::from_slice(&claims).ok()?;
    Some(claims.get("iss")?.as_str()?.to_owned())
}

/// Where the configuration of an issuer is: between its host and its path (section 7.2). `None` if the
/// issuer is no URL.
fn configuration_url(issuer: &str) -> Option<Url> {
    let mut url = Url::parse(issuer).ok()?;
    let path = format!("{WELL_KNOWN}{}", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_between_host_and_path() {
        for (issuer, expected) in [
            (
                "https://tr.example.com",
                "https://tr.example.com/.well-known/ssf-configuration",
            ),
            (
                "https://tr.example.com/",
                "https://tr.example.com/.well-known/ssf-configuration",
            ),
            (
                "https://tr.example.com/realms/corp",
                "https://tr.example.com/.well-known/ssf-configuration/realms/corp",
            ),
        ] {
            let url = configuration_url(issuer).unwrap();
            assert_eq!(url.as_str(), expected);
        }
    }
}
