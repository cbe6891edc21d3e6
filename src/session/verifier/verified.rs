//! A session that passed every check.

use std::rc::Rc;

use crate::protocol::claims::ApplicationClaims;
use crate::session::signed::Signed;

/// A good session. Only [`super::Verifier::verify`] makes one.
#[derive(Debug, Clone)]
pub struct Verified {
    signed: Rc<Signed>,
}

impl Verified {
    pub(super) fn new(signed: Rc<Signed>) -> Self {
        Self { signed }
    }

    pub(super) fn signed(&self) -> &Signed {
        &self.signed
    }

    /// What the token says.
    #[must_use]
    pub fn claims(&self) -> &ApplicationClaims {
        &self.signed.claims
    }

    /// The token that proved it.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.signed.token
    }

    /// The user's e-mail address, fit for a header. Service tokens have none, nor have users for whose
    /// address their identity provider may not speak.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        Some(&*self.signed.email).filter(|email| !email.is_empty())
    }

    /// The user's id, fit for a header.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.signed.id
    }

    /// The user's groups, fit for a header; empty if they are in none of those that the application
    /// forwards, `None` if it forwards none.
    #[must_use]
    pub fn groups(&self) -> Option<&str> {
        self.signed.groups.as_deref()
    }

    /// `true` if some of the user's groups did not fit.
    #[must_use]
    pub fn groups_truncated(&self) -> Option<&'static str> {
        self.signed.claims.groups_truncated.then_some("true")
    }
}

/// Two are one where one token proved them.
impl PartialEq for Verified {
    fn eq(&self, other: &Self) -> bool {
        self.token() == other.token()
    }
}

impl Eq for Verified {}
