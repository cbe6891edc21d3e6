//! What policies may name while the service runs.

use super::check::context::Names;
use super::rules::AccessGroup;
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
    /// What exists, and what the selectors `before` name, also when it is gone: other settings can be
    /// changed without touching them.
    pub async fn of<'a>(
        service: &Service,
        before: impl Iterator<Item = &'a Selector>,
    ) -> Result<Self, StorageError> {
        let configured = service.config.identity_providers.iter();
        let mut known = Self {
            access_groups: Vec::new(),
            providers: configured.map(|provider| provider.id.clone()).collect(),
            service_tokens: Vec::new(),
        };
        for selector in before {
            known.providers.extend(selector.providers());
            let tokens = selector.service_tokens();
            known.service_tokens.extend_from_slice(tokens);
        }
        let groups = service.storage.access_groups().await?.into_iter();
        known.access_groups.extend(groups.map(|one| one.group));
        let tokens = service.storage.service_tokens().await?.into_iter();
        known.service_tokens.extend(tokens.map(|token| token.name));
        Ok(known)
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
