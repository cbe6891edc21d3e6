//! What an identity provider said about the user of a session, as of the sign-in.

use serde_json::{Map, Value};

use crate::storage::database::error::StorageError;

/// What a provider said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provided {
    /// The id of the provider.
    pub provider_id: String,
    /// The names of the user's groups at the provider.
    pub groups: Vec<String>,
    /// The claims that the provider's configuration names, where the ID token had them.
    pub claims: Map<String, Value>,
    /// How the user proved who they are: `amr` of the ID token (RFC 8176).
    pub amr: Vec<String>,
}

/// The columns of a session's identity; all `NULL` where the session began with a password. Texts
/// that are lists or objects are JSON.
#[derive(Debug)]
pub(in crate::storage) struct ProvidedColumns {
    pub provider_id: Option<String>,
    pub email: Option<String>,
    pub email_believed: Option<i64>,
    pub groups: Option<String>,
    pub claims: Option<String>,
    pub amr: Option<String>,
}

impl ProvidedColumns {
    /// The e-mail address by which policies judge and applications know the user, and what the
    /// provider said. `user_email` counts where no provider signed the user in; an address that the
    /// provider may not speak for is none.
    pub(in crate::storage) fn read(
        self,
        user_email: String,
    ) -> Result<(String, Option<Provided>), StorageError> {
        let Some(provider_id) = self.provider_id else {
            return Ok((user_email, None));
        };
        let is_believed = self.email_believed == Some(1);
        let email = self.email.filter(|_| is_believed).unwrap_or_default();
        let provided = Provided {
            provider_id,
            groups: serde_json::from_str(&self.groups.unwrap_or_default())?,
            claims: serde_json::from_str(&self.claims.unwrap_or_default())?,
            amr: serde_json::from_str(&self.amr.unwrap_or_default())?,
        };
        Ok((email, Some(provided)))
    }
}
