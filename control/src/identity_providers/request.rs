//! A sign-in with a provider: what the browser is sent with, what comes back, and what is expected.

use portcullis::time::UnixSeconds;

use reqwest::Url;

use super::settings::ProviderConfig;
use crate::tokens::secret::Plain;

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

impl AuthorizationRequest<'_> {
    /// The address to which the browser is sent (OpenID Connect Core 1.0, section 3.1.2.1).
    pub(super) fn url(&self, endpoint: &Url, settings: &ProviderConfig) -> String {
        let mut url = endpoint.clone();
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", self.redirect_uri)
            .append_pair("scope", &settings.scopes.join(" "))
            .append_pair("state", self.state)
            .append_pair("nonce", self.nonce)
            .append_pair("code_challenge", self.code_challenge)
            .append_pair("code_challenge_method", "S256");
        if let Some(mode) = settings.response_mode {
            query.append_pair("response_mode", mode.name());
        }
        if self.fresh {
            query
                .append_pair("prompt", "login")
                .append_pair("max_age", "0");
        }
        drop(query);
        url.into()
    }
}
