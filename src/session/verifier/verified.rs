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

    /// The user's e-mail address, fit for a header.
    #[must_use]
    pub fn email(&self) -> &str {
        &self.signed.email
    }

    /// The user's id, fit for a header.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.signed.id
    }
}

/// Two are one where one token proved them.
impl PartialEq for Verified {
    fn eq(&self, other: &Self) -> bool {
        self.token() == other.token()
    }
}

impl Eq for Verified {}
