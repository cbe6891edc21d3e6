//! Tokens past their end that may be exchanged for new ones. They open nothing: no
//! [`Verified`] comes from here.

use std::rc::Rc;

use super::{Demand, Verified, matching_binding};
use crate::protocol::claims::ApplicationClaims;
use crate::protocol::feed::RefreshInRequest;
use crate::reason::Refusal;

/// A token that the control service may be asked to refresh. Only
/// [`super::Verifier::verify_to_refresh`] makes one.
#[derive(Debug, Clone)]
pub struct Refreshable {
    claims: Rc<ApplicationClaims>,
}

impl Refreshable {
    /// Of a token that passed every other check: whether the application refreshes it.
    pub(super) fn permitted(
        claims: Rc<ApplicationClaims>,
        demand: Demand<'_>,
    ) -> Result<Self, Refusal> {
        let permitted = match demand.application.refresh_in_request {
            // Without its binding, whoever stole the token would keep it alive.
            RefreshInRequest::WithBinding => claims.cnf.is_some(),
            RefreshInRequest::Always => true,
            RefreshInRequest::Never => false,
        };
        if permitted && claims.usage.is_none() {
            Ok(Self { claims })
        } else {
            Err(Refusal::SessionExpired)
        }
    }

    /// The token's id.
    #[must_use]
    pub fn jti(&self) -> &str {
        &self.claims.jti
    }

    /// Whether it is a token of an application.
    #[must_use]
    pub fn is_of(&self, audience: &str) -> bool {
        self.claims.aud.iter().any(|of| of == audience)
    }

    /// The binding cookie that the token is bound to.
    #[must_use]
    pub fn binding<'a>(&self, bindings: &[&'a [u8]]) -> Option<&'a [u8]> {
        matching_binding(self.claims.cnf.as_ref()?, bindings)
    }

    /// Whether a good session is this one with a later end, and no other.
    #[must_use]
    pub fn goes_on_in(&self, verified: &Verified) -> bool {
        let (old, new) = (&*self.claims, verified.claims());
        (&old.sub, &old.sid, &old.aud, &old.cnf) == (&new.sub, &new.sid, &new.aud, &new.cnf)
    }
}
