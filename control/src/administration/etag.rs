//! The `etag` of a resource (RFC 9110, section 8.8.3): another one whenever its settings are others.

use portcullis::protocol::base64url;
use serde::Serialize;

use crate::applications::{Application, Draft};
use crate::policy::rules::AccessGroup;

/// An `etag`, without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Etag(String);

impl Etag {
    /// Of an application: its audience and its settings.
    #[must_use]
    pub fn of_application(application: &Application) -> Self {
        Self::of(&(&application.audience, Draft::from(&application.definition)))
    }

    /// Of an access group: its name and its conditions.
    #[must_use]
    pub fn of_access_group(group: &AccessGroup) -> Self {
        Self::of(&(&group.name, &group.conditions))
    }

    /// Of settings.
    #[must_use]
    pub fn of(settings: &impl Serialize) -> Self {
        // Serializing settings to memory cannot fail.
        let bytes = serde_json::to_vec(settings).unwrap_or_default();
        Self(base64url::encode(&hmac_sha256::Hash::hash(&bytes)))
    }

    /// As a header has it.
    #[must_use]
    pub fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }
}
