//! What policies may name while the service runs.

use super::check::context::Names;
use super::rules::{AccessGroup, Policy};
use super::selector::Selector;
use crate::service::Service;
use crate::storage::StorageError;

/// The access groups, identity providers and service tokens that exist.
pub struct KnownNames {
    access_groups: Vec<AccessGroup>,
    providers: Vec<String>,
    service_tokens: Vec<String>,
}

impl KnownNames {
    /// What exists, and what `before` names, also when it is gone: other settings can be changed
    /// without touching the policy.
    pub async fn of(service: &Service, before: Option<&Policy>) -> Result<Self, StorageError> {
        let named = |names: fn(&Selector) -> Vec<String>| {
            let selectors = before.into_iter().flat_map(Policy::selectors);
            selectors.flat_map(names)
        };
        let configured = service.config.identity_providers.iter();
        let configured = configured.map(|provider| provider.id.clone());
        let stored = service.storage.service_tokens().await?.into_iter();
        let mut access_groups = service.config.access_groups.clone();
        for group in before.map(Policy::access_groups).unwrap_or_default() {
            if access_groups.iter().all(|other| other.name != group.name) {
                access_groups.push(group.clone());
            }
        }
        Ok(Self {
            access_groups,
            providers: configured.chain(named(Selector::providers)).collect(),
            service_tokens: stored
                .map(|token| token.name)
                .chain(named(|selector| selector.service_tokens().to_vec()))
                .collect(),
        })
    }

    /// The same for a check.
    #[must_use]
    pub fn names(&self) -> Names<'_> {
        Names {
            access_groups: &self.access_groups,
            providers: Some(&self.providers),
            service_tokens: Some(&self.service_tokens),
        }
    }
}
