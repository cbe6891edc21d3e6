//! The checks on a token, in their one order. Every request that is let through passes here.

mod refreshable;
mod times;
mod verified;

use std::rc::Rc;

use super::cache::TokenCache;
use super::demand::{Candidate, Demand, Purpose, Source, Trust};
use super::keys::{Keys, SignaturePath};
use super::signature::HostSignatures;
use super::signed::Signed;
use super::token::{TokenTyp, UnverifiedToken};
use crate::application::Application;
use crate::protocol::claims::{APPLICATION_TYPE, ApplicationClaims, TokenUse};
use crate::protocol::service_token::is_subject;
use crate::reason::Refusal;
pub use refreshable::Refreshable;
pub use verified::Verified;

/// How many signatures are checked for one event. A request may present many tokens, of which only
/// one needs to be good; this bounds the work for all of them together.
pub const MAX_SIGNATURES: u32 = 64;

/// Checks tokens, remembering good signatures. Each filter configuration has its own: a token that
/// one configuration has verified is not thereby good for another.
pub struct Verifier {
    host: Box<dyn HostSignatures>,
    cache: TokenCache,
    checked: SignatureCounts,
    allowance: u32,
}

/// How many signatures were checked, and which way.
#[derive(Debug, Clone, Copy, Default)]
pub struct SignatureCounts {
    /// By the host's own library.
    pub by_host: u64,
    /// In pure Rust.
    pub in_pure_rust: u64,
}

impl Verifier {
    /// A verifier that asks the host first.
    #[must_use]
    pub fn new(host: Box<dyn HostSignatures>) -> Self {
        Self {
            host,
            cache: TokenCache::default(),
            checked: SignatureCounts::default(),
            allowance: MAX_SIGNATURES,
        }
    }

    /// Allows [`MAX_SIGNATURES`] signature checks from now on. Beyond them, a token that was not
    /// seen before is refused.
    pub fn begin_event(&mut self) {
        self.allowance = MAX_SIGNATURES;
    }

    /// Whether the token is good for the request, by every check.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify(
        &mut self,
        trust: Trust<'_>,
        demand: Demand<'_>,
        candidate: Candidate<'_>,
    ) -> Result<Verified, Refusal> {
        let signed = self.check(trust, demand, candidate, Purpose::Use)?;
        Ok(Verified::new(signed))
    }

    /// Whether a session that was good when its request began still is: every check except the
    /// binding cookie, which has been shown, and also that its key is still in force and that the
    /// application still takes such tokens. Its times are checked last: a session that fails only
    /// there has expired, and nothing else is wrong with it.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify_again(
        &self,
        trust: Trust<'_>,
        demand: Demand<'_>,
        verified: &Verified,
    ) -> Result<(), Refusal> {
        let signed = verified.signed();
        trust.keys.find(&signed.kid).ok_or(Refusal::KeyUnknown)?;
        let (claims, application) = (&signed.claims, demand.application);
        let source = if is_subject(&claims.sub) {
            Source::ServiceToken
        } else {
            Source::Header
        };
        match claims.usage {
            Some(TokenUse::Header) if source == Source::Header && !application.header_tokens => {
                return Err(Refusal::TokenNotForHere);
            }
            None if application.binding && claims.cnf.is_none() => {
                return Err(Refusal::BindingMissing);
            }
            _ => {}
        }
        check_signed(signed, trust, demand, source, Purpose::Continue)
    }

    /// Whether the control service may be asked to replace this token, which is no longer good:
    /// every check except the token's own end and whether its rule still exists, which the control
    /// service judges again, and also that the application refreshes such tokens at all.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify_to_refresh(
        &mut self,
        trust: Trust<'_>,
        demand: Demand<'_>,
        candidate: Candidate<'_>,
    ) -> Result<Refreshable, Refusal> {
        let signed = self.check(trust, demand, candidate, Purpose::Refresh)?;
        Refreshable::permitted(signed, demand)
    }

    /// Whether the sender may end the session: every check except the token's end and the policy.
    /// A token for scripts may not: an attacker who finds one must not be able to sign out the user
    /// who created it.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify_to_end(
        &mut self,
        trust: Trust<'_>,
        demand: Demand<'_>,
        candidate: Candidate<'_>,
    ) -> Result<(), Refusal> {
        let signed = self.check(trust, demand, candidate, Purpose::End)?;
        if signed.claims.usage.is_some() {
            return Err(Refusal::TokenNotForHere);
        }
        Ok(())
    }

    /// Whose session it is, for a page that says who has no access: every check except the token's
    /// end and the policy. It admits nobody.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn account(
        &mut self,
        trust: Trust<'_>,
        demand: Demand<'_>,
        candidate: Candidate<'_>,
    ) -> Result<String, Refusal> {
        let signed = self.check(trust, demand, candidate, Purpose::End)?;
        Ok(signed.claims.email.clone())
    }

    /// Forgets every signature: the keys have changed.
    pub fn forget(&mut self) {
        self.cache.clear();
    }

    /// Signatures checked so far.
    #[must_use]
    pub fn checked(&self) -> SignatureCounts {
        self.checked
    }

    fn check(
        &mut self,
        trust: Trust<'_>,
        demand: Demand<'_>,
        candidate: Candidate<'_>,
        purpose: Purpose,
    ) -> Result<Rc<Signed>, Refusal> {
        let signed = self.signed(trust.keys, candidate.token)?;
        check_signed(&signed, trust, demand, candidate.source, purpose)?;
        Ok(signed)
    }

    /// A token with a good signature.
    fn signed(&mut self, keys: &Keys, token: &[u8]) -> Result<Rc<Signed>, Refusal> {
        if let Some(signed) = self.cache.find(token) {
            return Ok(signed);
        }
        let unverified = UnverifiedToken::parse(token).ok_or(Refusal::TokenMalformed)?;
        let key = keys
            .find(&unverified.unverified_kid)
            .ok_or(Refusal::KeyUnknown)?;
        if unverified.unverified_alg != key.algorithm().name() {
            return Err(Refusal::TokenMalformed);
        }
        self.allowance = self
            .allowance
            .checked_sub(1)
            .ok_or(Refusal::SignatureInvalid)?;
        let check = key.verify(&*self.host, &unverified.signature, unverified.signed_text);
        match check.path {
            SignaturePath::Host => self.checked.by_host += 1,
            SignaturePath::Pure => self.checked.in_pure_rust += 1,
        }
        if !check.is_good {
            return Err(Refusal::SignatureInvalid);
        }
        if unverified.unverified_typ != TokenTyp::Application {
            return Err(Refusal::TokenNotForHere);
        }
        let claims = serde_json::from_slice(&unverified.unverified_payload)
            .map_err(|_| Refusal::TokenMalformed)?;
        // What has been parsed as a token is ASCII.
        let text = str::from_utf8(token).map_err(|_| Refusal::TokenMalformed)?;
        let signed = Rc::new(Signed::new(claims, unverified.unverified_kid, text));
        self.cache.insert(Rc::clone(&signed));
        Ok(signed)
    }
}

/// Every check after the signature, in order.
fn check_signed(
    signed: &Signed,
    trust: Trust<'_>,
    demand: Demand<'_>,
    source: Source,
    purpose: Purpose,
) -> Result<(), Refusal> {
    let (claims, application) = (&signed.claims, demand.application);
    check_place(claims, trust.issuer, application, source)?;
    let in_time = times::check(claims, demand, purpose);
    if purpose != Purpose::Continue {
        in_time?;
        check_binding(signed, demand)?;
    }
    if trust
        .revocations
        .cover(claims, &application.audience, &signed.fingerprints)
    {
        return Err(Refusal::SessionRevoked);
    }
    let by_rule = application.check_rule(&claims.rule, demand.address);
    match purpose {
        Purpose::Use => by_rule,
        Purpose::Continue => by_rule.and(in_time),
        Purpose::Refresh if by_rule == Err(Refusal::PolicyDenied) => by_rule,
        Purpose::Refresh | Purpose::End => Ok(()),
    }
}

fn check_place(
    claims: &ApplicationClaims,
    issuer: &str,
    application: &Application,
    source: Source,
) -> Result<(), Refusal> {
    let here = claims.iss == issuer
        && claims.kind == APPLICATION_TYPE
        && matches!(claims.aud.as_slice(), [audience] if *audience == application.audience);
    // Origins see the token of a service token. By itself it opens nothing.
    let of_service_token = is_subject(&claims.sub);
    let from_its_place = match source {
        Source::Cookie => claims.usage.is_none() && !of_service_token,
        Source::Header => !of_service_token,
        Source::ServiceToken => claims.usage == Some(TokenUse::Header) && of_service_token,
    };
    if here && from_its_place {
        Ok(())
    } else {
        Err(Refusal::TokenNotForHere)
    }
}

/// A token made for headers is never bound. Every other token is judged by its binding wherever
/// it comes from. Otherwise a stolen token could be used by moving it from its cookie to a header.
fn check_binding(signed: &Signed, demand: Demand<'_>) -> Result<(), Refusal> {
    let claims = &signed.claims;
    if claims.usage == Some(TokenUse::Header) {
        return Ok(());
    }
    if claims.cnf.is_none() {
        return if demand.application.binding {
            Err(Refusal::BindingMissing)
        } else {
            Ok(())
        };
    }
    if demand.bindings.is_empty() {
        return Err(Refusal::BindingMissing);
    }
    let matching = signed.matching(demand.bindings).map(drop);
    matching.ok_or(Refusal::BindingMismatch)
}

#[cfg(test)]
pub(crate) mod tests;
