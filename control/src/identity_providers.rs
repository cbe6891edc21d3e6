//! Identity providers: everything between the service and an OpenID provider, without pages and
//! without storage.
//!
//! [`IdentityProvider`] makes the address to which a browser is sent, and turns the provider's answer
//! into a [`ProvenIdentity`](identity::ProvenIdentity), which only a verified ID token makes. It
//! follows OpenID Connect Core 1.0 and Discovery 1.0, PKCE (RFC 7636), issuer identification (RFC
//! 9207) and RP-Initiated Logout 1.0.
//!
//! - A provider that is away, slow or hostile costs at most bounded time and memory, and only its own
//!   sign-ins fail. It never keeps the service from starting.
//! - Nothing here logs or shows a code, a token or a secret.

pub mod check;
pub mod client;
pub mod documents;
pub mod error;
pub mod http;
pub mod id_token;
pub mod identity;
pub mod jose;
pub mod provider;
pub mod reporters;
mod request;
mod secret;
pub mod settings;
mod token_endpoint;
pub mod transmitter;
mod user_info;

use std::sync::Arc;

use crate::problems::{InputProblems, Refused};
use crate::system::clock::Clock;
use crate::system::randomness::Randomness;
pub use provider::IdentityProvider;
use settings::ProviderConfig;

/// All configured identity providers.
pub struct IdentityProviders(Vec<IdentityProvider>);

impl IdentityProviders {
    /// Reads the client secrets and keys. Calls no provider.
    ///
    /// # Errors
    /// Every secret or key that cannot be read, with its path in the configuration.
    pub fn open(
        configured: &[ProviderConfig],
        clock: &Arc<dyn Clock>,
        random: &Arc<dyn Randomness>,
    ) -> Result<Self, Refused> {
        let mut problems = InputProblems::default();
        let providers = configured
            .iter()
            .enumerate()
            .filter_map(|(index, settings)| {
                let path = format!("identity_providers[{index}]");
                let parts = (settings.clone(), Arc::clone(clock), Arc::clone(random));
                IdentityProvider::open(parts, &path, &mut problems)
            })
            .collect();
        problems.finish()?;
        Ok(Self(providers))
    }

    /// In the order of the configuration.
    pub fn all(&self) -> impl Iterator<Item = &IdentityProvider> {
        self.0.iter()
    }

    /// The provider with this id.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<&IdentityProvider> {
        self.all().find(|provider| provider.id() == id)
    }

    /// The provider to which `/login` leads without a choice.
    #[must_use]
    pub fn default_provider(&self) -> Option<&IdentityProvider> {
        self.all().find(|provider| provider.settings().default)
    }
}
