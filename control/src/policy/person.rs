//! A person, as a policy sees them.

use std::collections::BTreeMap;

use crate::sign_in::email::Address;

/// What is known about a person who signed in, as of the sign-in or the last re-check.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// The e-mail address. `None` if it is not one any longer (addresses that were stored before may
    /// be refused today), or if the provider may not speak for it.
    pub address: Option<Address>,
    /// The identity provider; `None` for a password.
    pub provider: Option<String>,
    /// Their groups, as `provider:name`.
    pub groups: Vec<String>,
    /// The values of the configured claims.
    pub claims: BTreeMap<String, Vec<String>>,
    /// How they proved who they are (RFC 8176).
    pub amr: Vec<String>,
}

impl Person {
    /// A person with an e-mail address, of whom nothing else is known.
    #[must_use]
    pub fn with_email(email: &str) -> Self {
        Self {
            address: Address::parse(email).ok(),
            ..Self::default()
        }
    }
}
