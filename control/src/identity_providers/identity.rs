//! What a provider has proven about a person.

pub mod claims;

use std::sync::Arc;

use portcullis::time::UnixSeconds;
use serde_json::{Map, Value};

use super::documents::discovery::Metadata;
use super::token_endpoint::Tokens;
use crate::sign_in::email::Address;
use crate::tokens::secret::Plain;

/// A person, as a verified ID token describes them. (`provider_id`, `subject`) is who they are; the
/// e-mail address is not.
#[derive(Debug, Clone)]
pub struct ProvenIdentity {
    /// The provider's id in the configuration.
    pub provider_id: String,
    /// `sub`: at most 255 bytes, unique at this provider and never reassigned.
    pub subject: String,
    /// The e-mail address, if the provider tells one. It is one that may be believed: see
    /// [`ProvenEmail`].
    pub email: Option<ProvenEmail>,
    /// `name`, without invisible characters, at most 256 bytes.
    pub name: Option<String>,
    /// The values of `groups_claim`, as the provider names them.
    pub groups: Vec<String>,
    /// The configured `claims` that the provider sent, at most 1 KB of JSON.
    pub claims: Map<String, Value>,
    /// How and when they signed in at the provider.
    pub authentication: Authentication,
    /// `sid`: the session at the provider, which back-channel logout names.
    pub sid: Option<String>,
    /// The refresh token, if the provider issued one.
    pub refresh_token: Option<Plain>,
    /// The ID token itself, as the hint for signing out at the provider. `None` if a refresh brought
    /// none.
    pub id_token: Option<Plain>,
}

/// An e-mail address that passed the provider's rule: it is verified, or `trust_email` is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenEmail {
    /// The address.
    pub address: Address,
    /// Whether the provider calls it verified. False only with `trust_email`.
    pub verified: bool,
    /// Whether its domain is among `email_domains`, so that the provider may speak for it. Only then
    /// may it link identities.
    pub spoken_for: bool,
}

/// How and when a person signed in at the provider (OpenID Connect Core 1.0, section 2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Authentication {
    /// `amr`: the methods, such as `pwd` and `mfa` (RFC 8176).
    pub amr: Vec<String>,
    /// `acr`: the class.
    pub acr: Option<String>,
    /// `auth_time`: when.
    pub auth_time: Option<UnixSeconds>,
}

/// What a refresh token was redeemed for.
pub struct Refreshed {
    pub(super) metadata: Arc<Metadata>,
    pub(super) tokens: Tokens,
}

impl Refreshed {
    /// The refresh token that replaces the old one, if the provider rotates them. It must be kept
    /// before anything else: the provider may take the old one for stolen.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&Plain> {
        self.tokens.refresh_token.as_ref()
    }
}

/// A signed JWT of a provider other than an ID token: signature, `iss` and `aud` are verified, and
/// nothing else.
#[derive(Debug, Clone)]
pub struct SignedEvent {
    /// `typ` of its header, in lower case and without `application/`.
    pub typ: Option<String>,
    /// Its claims.
    pub claims: Map<String, Value>,
}
