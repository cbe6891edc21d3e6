//! Expired tokens that may be exchanged for new ones. They open nothing: no [`Verified`] comes from
//! here.

use std::rc::Rc;

use super::verified::Verified;
use crate::protocol::feed::RefreshInRequest;
use crate::reason::Refusal;
use crate::session::demand::Demand;
use crate::session::signed::Signed;

/// A token that the control service may be asked to refresh. Only
/// [`super::Verifier::verify_to_refresh`] makes one.
#[derive(Debug, Clone)]
pub struct Refreshable {
    signed: Rc<Signed>,
}

impl Refreshable {
    /// Of a token that passed every other check: whether the application refreshes it.
    pub(super) fn permitted(signed: Rc<Signed>, demand: Demand<'_>) -> Result<Self, Refusal> {
        let permitted = match demand.application.refresh_in_request {
            // Without its binding, an attacker who stole the token could keep it alive.
            RefreshInRequest::WithBinding => signed.claims.cnf.is_some(),
            RefreshInRequest::Always => true,
            RefreshInRequest::Never => false,
        };
        if permitted && signed.claims.usage.is_none() {
            Ok(Self { signed })
        } else {
            Err(Refusal::SessionExpired)
        }
    }

    /// The token's id.
    #[must_use]
    pub fn jti(&self) -> &str {
        &self.signed.claims.jti
    }

    /// Whether it is a token of an application.
    #[must_use]
    pub fn is_of(&self, audience: &str) -> bool {
        self.signed.claims.aud.iter().any(|of| of == audience)
    }

    /// The binding cookie that the token is bound to.
    #[must_use]
    pub fn binding<'a>(&self, bindings: &[&'a [u8]]) -> Option<&'a [u8]> {
        self.signed.matching(bindings)
    }

    /// Whether a good session is this one with a later end.
    #[must_use]
    pub fn continues_in(&self, verified: &Verified) -> bool {
        let (old, new) = (&self.signed.claims, verified.claims());
        (&old.sub, &old.sid, &old.aud, &old.cnf) == (&new.sub, &new.sid, &new.aud, &new.cnf)
    }
}
