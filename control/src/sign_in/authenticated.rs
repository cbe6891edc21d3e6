//! Users who have proved who they are, and how.

use portcullis::time::UnixSeconds;

use crate::sign_in::password_hash::PasswordHash;
use crate::sign_in::provider::ProvenUser;
use crate::storage::Provided;

/// A user who has proved who they are.
#[derive(Debug, Clone)]
pub struct AuthenticatedUser {
    /// `sub`.
    pub id: String,
    /// The e-mail address.
    pub email: String,
    /// The hash of the password that was checked.
    pub password: Option<PasswordHash>,
}

/// How a user has proved who they are.
#[derive(Debug, Clone, Copy)]
pub enum Authenticated<'a> {
    /// With a password.
    Password(&'a AuthenticatedUser),
    /// With an identity provider.
    Provider(&'a ProvenUser),
}

impl Authenticated<'_> {
    /// The address that people read; it may be one that the provider may not speak for.
    #[must_use]
    pub fn shown_email(&self) -> &str {
        match self {
            Self::Password(user) => &user.email,
            Self::Provider(user) => user.shown_email(),
        }
    }

    /// The address by which policies judge; empty if the provider may not speak for it.
    pub(super) fn email(&self) -> &str {
        match self {
            Self::Password(user) => &user.email,
            Self::Provider(user) => user.believed_email(),
        }
    }

    pub(super) fn provided(&self) -> Option<Provided> {
        match self {
            Self::Password(_) => None,
            Self::Provider(user) => Some(user.provided()),
        }
    }

    /// When they proved it.
    pub(super) fn auth_time(&self, now: UnixSeconds) -> UnixSeconds {
        match self {
            Self::Password(_) => now,
            Self::Provider(user) => user.identity.signed_in_at(now),
        }
    }
}
