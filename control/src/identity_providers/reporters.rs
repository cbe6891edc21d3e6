//! Who may report about a provider's people with a secret or a key of their own: whoever has the token
//! of Global Token Revocation, and transmitters of security events.

use std::sync::Arc;

use super::secret;
use super::settings::ProviderConfig;
use super::transmitter::Transmitter;
use crate::problems::InputProblems;
use crate::system::clock::Clock;
use crate::tokens::secret::Hashed;

/// The reporters of a provider.
pub struct Reporters {
    revocation_token: Option<Hashed>,
    transmitters: Vec<Transmitter>,
}

impl Reporters {
    /// Reads their tokens. Calls nobody. If `None`, at least one problem was noted.
    pub(super) fn open(
        settings: &ProviderConfig,
        clock: &Arc<dyn Clock>,
        path: &str,
        problems: &mut InputProblems,
    ) -> Option<Self> {
        let revocation_token = settings.global_token_revocation.as_ref().map(|place| {
            let path = format!("{path}.global_token_revocation");
            secret::bearer_token(place, &path, problems)
        });
        let events = settings.events.iter().enumerate().map(|(index, one)| {
            let path = format!("{path}.events[{index}]");
            Transmitter::open(one, clock, &path, problems)
        });
        let transmitters: Vec<Option<Transmitter>> = events.collect();
        Some(Self {
            revocation_token: match revocation_token {
                Some(token) => Some(token?),
                None => None,
            },
            transmitters: transmitters.into_iter().collect::<Option<_>>()?,
        })
    }

    /// The bearer token of Global Token Revocation, if that is configured.
    #[must_use]
    pub fn revocation_token(&self) -> Option<&Hashed> {
        self.revocation_token.as_ref()
    }

    /// The transmitter with this issuer.
    #[must_use]
    pub fn transmitter(&self, issuer: &str) -> Option<&Transmitter> {
        let mut transmitters = self.transmitters.iter();
        transmitters.find(|one| one.settings().issuer == issuer)
    }

    /// All transmitters.
    #[must_use]
    pub fn transmitters(&self) -> &[Transmitter] {
        &self.transmitters
    }
}
