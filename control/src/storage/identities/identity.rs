//! People, as providers prove them and as they are stored.

use portcullis::time::{UnixMillis, UnixSeconds};
use serde_json::{Map, Value};

use crate::tokens::secret::Plain;

/// A person whom a provider has proven, and what it said about them.
#[derive(Debug, Clone)]
pub struct SignedInIdentity {
    /// The id of the identity, if it is new.
    pub id: String,
    /// The provider.
    pub provider_id: String,
    /// The person's `sub` there.
    pub subject: String,
    /// The person's name; empty if unknown.
    pub name: String,
    /// The e-mail address, if there is one.
    pub email: Option<IdentityEmail>,
    /// Providers with whose user of the same address a new identity becomes one user.
    pub joins: Vec<String>,
    /// The names of groups.
    pub groups: Vec<String>,
    /// The configured claims.
    pub claims: Map<String, Value>,
    /// How the person signed in there.
    pub amr: Vec<String>,
    /// The class of that sign-in; empty if unknown.
    pub acr: String,
    /// The session at the provider; empty if unknown.
    pub provider_sid: String,
    /// When the person signed in there, if the provider says so.
    pub auth_time: Option<UnixSeconds>,
    /// A version of the feed at which they had not signed in yet; 0 if they may have signed in at any
    /// time before.
    pub auth_ver: u64,
    /// The version of the feed when the sign-in began. A revocation of the user since then refuses it.
    pub begun_ver: u64,
    /// Just before the provider was asked who signed in.
    pub asked_at: UnixMillis,
    /// Kept sealed, to ask the provider again.
    pub refresh_token: Option<Plain>,
    /// Kept sealed, for signing out at the provider.
    pub id_token: Option<Plain>,
}

/// The e-mail address of an identity.
#[derive(Debug, Clone)]
pub struct IdentityEmail {
    /// As people read it.
    pub shown: String,
    /// As it is compared.
    pub normal: String,
    /// Whether the provider may speak for it.
    pub is_believed: bool,
}

/// The user whom an identity belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityUser {
    /// `sub` of the user's tokens.
    pub id: String,
    /// Whether this sign-in made the user.
    pub is_new: bool,
}

/// A person, who is stored.
pub struct Person {
    pub identity_id: String,
    pub user: IdentityUser,
    /// Whether the identity is new and joined a user of another provider by the address.
    pub is_linked: bool,
}

impl SignedInIdentity {
    /// When the person signed in: as the provider says, and never later than `now`.
    #[must_use]
    pub fn signed_in_at(&self, now: UnixSeconds) -> UnixSeconds {
        self.auth_time.unwrap_or(now).min(now)
    }
}
