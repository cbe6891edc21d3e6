//! `[[identity_providers]]`, checked.

use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use portcullis::protocol::origin::Origin;

use crate::sign_in::email::{Address, Domain};

/// One OpenID provider.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// `id`: in URLs, and before the names of its groups.
    pub id: String,
    /// `name`: on the sign-in page.
    pub name: String,
    /// `issuer`: exactly what the provider writes into its ID tokens. A URL without query and
    /// fragment, https except on this machine.
    pub issuer: String,
    /// `client_id`.
    pub client_id: String,
    /// `client_secret_env`, `client_secret_file` or `private_key_file`.
    pub client_authentication: ClientAuthentication,
    /// `scopes`: `openid`, `email` and `profile` by default, and `openid` always.
    pub scopes: Vec<String>,
    /// `response_mode`; absent: the provider's default, which is the query.
    pub response_mode: Option<ResponseMode>,
    /// `groups_claim`: a claim, or a path of names with dots between them; absent: no groups.
    pub groups_claim: Option<String>,
    /// `claims`: which are copied to the session.
    pub claims: Vec<String>,
    /// `email_domains`: the domains for whose addresses the provider may speak; none by default.
    pub email_domains: Vec<Domain>,
    /// `trust_email`: whether addresses count that the provider does not call verified.
    pub trust_email: bool,
    /// `link_by_email`: whether an identity may join the user of another provider by the address.
    pub link_by_email: bool,
    /// `recheck`: how often a session is checked with the provider; absent: never.
    pub recheck: Option<Duration>,
    /// `default`: whether `/login` leads to it without a choice.
    pub default: bool,
    /// `global_token_revocation`: the bearer token with which the provider revokes people; absent: it
    /// cannot.
    pub global_token_revocation: Option<SecretPlace>,
    /// `events`: who may send security events about the provider's people.
    pub events: Vec<TransmitterConfig>,
}

/// `[[identity_providers.events]]`: a transmitter of security events (Shared Signals Framework 1.0).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransmitterConfig {
    /// `issuer`: exactly what it writes into its events; by default the provider's own.
    pub issuer: String,
    /// `audience`: what it writes into `aud` of events for this service.
    pub audience: String,
    /// `token_env` or `token_file`: the bearer token that it sends; absent: none is demanded.
    pub token: Option<SecretPlace>,
}

/// Where a secret is. It is read at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretPlace {
    /// `…_env`: in a variable of the environment.
    Env(String),
    /// `…_file`: in a file.
    File(PathBuf),
}

/// How the service authenticates at the token endpoint (OpenID Connect Core 1.0, section 9). Secrets
/// are read at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// `client_secret_env` or `client_secret_file`: where the secret is.
    Secret(SecretPlace),
    /// `private_key_file`: `private_key_jwt` with the key in a PEM file.
    PrivateKeyFile(PathBuf),
}

impl SecretPlace {
    /// The file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Env(_) => None,
            Self::File(file) => Some(file),
        }
    }
}

impl fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => f.write_str(name),
            Self::File(file) => write!(f, "{}", file.display()),
        }
    }
}

/// How the provider sends its answer to the callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseMode {
    /// In the query of a GET.
    Query,
    /// In the form of a POST (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

impl ResponseMode {
    /// Its name in requests and metadata.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
        }
    }
}

impl ProviderConfig {
    /// Whether the provider may speak for an address: its domain is one of `email_domains`.
    #[must_use]
    pub fn speaks_for(&self, address: &Address) -> bool {
        let mut domains = self.email_domains.iter();
        domains.any(|domain| domain.ascii == address.domain())
    }

    /// The files with secrets and keys that every user of this machine can read.
    #[must_use]
    pub fn files_open_to_others(&self) -> Vec<&Path> {
        const OTHERS: u32 = 0o007;
        let client = match &self.client_authentication {
            ClientAuthentication::Secret(place) => place.file(),
            ClientAuthentication::PrivateKeyFile(file) => Some(file.as_path()),
        };
        let revocation = self.global_token_revocation.iter();
        let events = self.events.iter().filter_map(|one| one.token.as_ref());
        let tokens = revocation.chain(events).filter_map(SecretPlace::file);
        let is_open = |file: &&Path| {
            std::fs::metadata(file).is_ok_and(|file| file.permissions().mode() & OTHERS != 0)
        };
        client.into_iter().chain(tokens).filter(is_open).collect()
    }

    /// The path of the callback.
    #[must_use]
    pub fn callback_path(&self) -> String {
        format!("/callback/{}", self.id)
    }

    /// The callback: where the provider sends browsers back, and nowhere else.
    #[must_use]
    pub fn redirect_uri(&self, team_domain: &Origin) -> String {
        format!("{team_domain}{}", self.callback_path())
    }

    /// Where browsers come back after signing out at the provider (RP-Initiated Logout 1.0).
    #[must_use]
    pub fn post_logout_redirect_uri(&self, team_domain: &Origin) -> String {
        format!("{team_domain}/logout")
    }

    /// Where the provider reports that a session ended.
    #[must_use]
    pub fn backchannel_logout_uri(&self, team_domain: &Origin) -> String {
        format!("{team_domain}/backchannel-logout/{}", self.id)
    }
}
