//! A VM of the filter: what it makes of a request, by what it has heard of.

use std::collections::HashMap;

use super::super::seen::{Given, Seen};
use super::super::step::{Kind, Refresh, Seconds, Version, VmNumber};
use super::browser::Shown;
use super::control::Answer;
use super::{Model, STALE_AFTER, Token};

/// How far clocks may differ.
const LEEWAY: Seconds = 30;
/// For how long a token of a session without duration is good for a navigation.
const NAVIGATION: Seconds = 10;
/// How long a VM remembers that a token was not refreshed.
const REMEMBERED: Seconds = 10;

pub struct Vm {
    pub version: Version,
    pub(super) heard: Seconds,
    refused: HashMap<usize, (&'static str, Seconds)>,
}

/// How a request begins.
pub(super) enum Begun {
    /// It is decided.
    Done(Seen),
    /// It waits for a new token in place of this one.
    Waits(Token),
}

impl Vm {
    pub(super) fn new(now: Seconds, version: Version) -> Self {
        Self {
            version,
            heard: now,
            refused: HashMap::new(),
        }
    }

    pub(super) fn hears(&mut self, now: Seconds, version: Version) {
        (self.heard, self.version) = (now, version);
    }

    fn refused(&self, token: &Token, now: Seconds) -> Option<&'static str> {
        let (reason, since) = self.refused.get(&token.claims.token)?;
        (now - since < REMEMBERED).then_some(*reason)
    }
}

impl Model {
    pub(super) fn is_stale(&self, vm: VmNumber) -> bool {
        self.now - self.vms[vm].heard > STALE_AFTER
    }

    /// A request arrives.
    pub(super) fn begin(&self, vm: VmNumber, kind: Kind, shown: &Shown) -> Begun {
        if self.is_stale(vm) {
            return Begun::Done(Seen::Filter(503, "stale".to_owned()));
        }
        let Err(reason) = self.judge(vm, kind, shown) else {
            return Begun::Done(Seen::In);
        };
        match self.refreshable(vm, kind, shown) {
            None => Begun::Done(refused(kind, reason)),
            Some(token) => match self.vms[vm].refused(token, self.now) {
                Some(reason) => Begun::Done(refused(kind, reason)),
                None => Begun::Waits(token.clone()),
            },
        }
    }

    /// The control service has answered about a new token.
    pub(super) fn note(&mut self, vm: VmNumber, old: &Token, answer: &Answer) {
        if let Answer::No(reason) = answer {
            let remembered = (*reason, self.now);
            self.vms[vm].refused.insert(old.claims.token, remembered);
        }
    }

    /// A request that waited goes on.
    pub(super) fn finish(
        &self,
        (vm, kind): (VmNumber, Kind),
        shown: &Shown,
        answer: &Answer,
    ) -> (Seen, Option<Token>) {
        let (token, http_only) = match answer {
            Answer::Token(token, http_only) => (token, *http_only),
            Answer::No(reason) => return (refused(kind, reason), None),
            Answer::Lost => return (Seen::Filter(503, "control_unavailable".to_owned()), None),
        };
        let renewed = Shown {
            token: Some(token.clone()),
            ..shown.clone()
        };
        if let Err(reason) = self.judge(vm, kind, &renewed) {
            return (refused(kind, reason), None);
        }
        let given = Given {
            claims: token.claims.clone(),
            http_only,
            binding: token.claims.secret.is_some(),
        };
        (Seen::Renewed(given), Some(token.clone()))
    }

    /// Whether a session is good; the first that fails is the reason.
    pub(super) fn judge(
        &self,
        vm: VmNumber,
        kind: Kind,
        shown: &Shown,
    ) -> Result<(), &'static str> {
        let known = self.vms[vm].version;
        let token = shown.token.as_ref().ok_or("no_session")?;
        if self.now >= end(token, kind) {
            return Err("session_expired");
        }
        self.check_binding(shown, known)?;
        if self.is_revoked(token, known) {
            return Err("session_revoked");
        }
        let settings = self.settings(shown.application, known);
        if !settings.rules_in_force().any(|rule| rule == token.rule) {
            return Err("session_expired");
        }
        Ok(())
    }

    /// Whoever holds a bound token must hold its secret, and where the application binds, no
    /// token is good without one.
    pub(super) fn check_binding(&self, shown: &Shown, known: Version) -> Result<(), &'static str> {
        let bound_to = shown.token.as_ref().and_then(|token| token.claims.secret);
        let Some(bound_to) = bound_to else {
            return match self.settings(shown.application, known).binding {
                true => Err("binding_missing"),
                false => Ok(()),
            };
        };
        match shown.secret {
            None => Err("binding_missing"),
            Some(secret) if secret != bound_to => Err("binding_mismatch"),
            Some(_) => Ok(()),
        }
    }

    /// The token, if it may be refreshed inside the request: nothing but its own end and its
    /// rule may speak against it.
    fn refreshable<'a>(&self, vm: VmNumber, kind: Kind, shown: &'a Shown) -> Option<&'a Token> {
        let known = self.vms[vm].version;
        let token = shown.token.as_ref()?;
        let by_redirect = token.claims.every_navigation && kind == Kind::Navigation;
        let permitted = match self.settings(shown.application, known).refresh {
            Refresh::WithBinding => token.claims.secret.is_some(),
            Refresh::Always => true,
            Refresh::Never => false,
        };
        let good = permitted
            && !by_redirect
            && token.claims.session_exp > self.now
            && self.check_binding(shown, known).is_ok()
            && !self.is_revoked(token, known);
        good.then_some(token)
    }
}

/// The first moment in which a token is good no more.
fn end(token: &Token, kind: Kind) -> Seconds {
    let claims = &token.claims;
    match (claims.every_navigation, kind) {
        (false, _) => claims.exp + LEEWAY,
        (true, Kind::Navigation) => claims.exp.min(claims.iat + NAVIGATION),
        (true, _) => claims.exp,
    }
}

/// What a bad session gets.
fn refused(kind: Kind, reason: &str) -> Seen {
    match (reason, kind) {
        ("policy_denied", _) => Seen::Filter(403, reason.to_owned()),
        (_, Kind::Navigation) => Seen::ToTeamDomain(reason.to_owned()),
        _ => Seen::Filter(401, reason.to_owned()),
    }
}
