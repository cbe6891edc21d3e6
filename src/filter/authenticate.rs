//! The second step: from a request to a session, or to the reason why there is none.
//!
//! This is the only place that decides whether sessions can be judged at all. Without a feed, or
//! with one that is too old, no session is good.

pub(super) mod presented;

use std::net::IpAddr;

use super::event::{Moment, Visit};
use crate::application::Placement;
use crate::feed::{Feed, Store};
use crate::reason::Refusal;
use crate::session::{Candidate, Demand, Source, Trust, Verified, Verifier};
use crate::time::{UnixMillis, UnixSeconds};
use presented::Presented;

/// Judges sessions by what is in force.
pub(super) struct Authenticator {
    /// What is in force.
    pub in_force: InForce,
    /// The verifier. Every way to *allow* leads through it.
    pub verifier: Verifier,
}

/// What is in force: what the feed has brought, as long as it can be relied on.
pub(super) struct InForce {
    /// The feed.
    pub feed: Feed,
    /// The team domain's origin, which issues all tokens.
    pub team_domain: String,
    /// Whether a stale feed denies everything.
    pub denies_when_stale: bool,
}

/// A good session.
pub(super) struct Session {
    pub verified: Verified,
    /// The client's address, where a policy asks for it.
    pub address: Option<IpAddr>,
}

/// Why a request has no good session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AuthError {
    /// It cannot be judged.
    Unavailable(Unavailable),
    /// A check failed.
    Refused(Refusal),
}

/// Why a session cannot be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unavailable {
    /// There is no feed yet.
    NotReady,
    /// The feed is too old, and the configuration denies then.
    Stale,
    /// The session is due for its refresh, and the control service gave no answer.
    NoAnswer,
}

/// The verifier, with what is believed.
pub(super) struct Judge<'a> {
    pub trust: Trust<'a>,
    pub verifier: &'a mut Verifier,
}

impl InForce {
    /// What is believed now. This is the one place that fails closed.
    pub fn trust(&self, now: UnixMillis) -> Result<Trust<'_>, Unavailable> {
        let store = self.feed.store().ok_or(Unavailable::NotReady)?;
        if self.denies_when_stale && self.feed.is_stale(now) {
            return Err(Unavailable::Stale);
        }
        Ok(Trust {
            issuer: &self.team_domain,
            keys: store.keys(),
            revocations: store.revocations(),
        })
    }
}

impl Authenticator {
    /// The team domain's origin.
    pub fn team_domain(&self) -> &str {
        &self.in_force.team_domain
    }

    /// What the feed has brought, if it has brought anything.
    pub fn store(&self) -> Option<&Store> {
        self.in_force.feed.store()
    }

    /// The feed's version.
    pub fn version(&self) -> Option<u64> {
        self.store().map(Store::version)
    }

    /// The verifier, with what is believed now.
    pub fn judge(&mut self, now: UnixMillis) -> Result<Judge<'_>, Unavailable> {
        Ok(Judge {
            trust: self.in_force.trust(now)?,
            verifier: &mut self.verifier,
        })
    }

    /// The session of a request. The first good token wins; otherwise the token that passed the
    /// most checks gives the reason.
    pub fn authenticate(
        &mut self,
        visit: Visit<'_>,
        moment: &Moment<'_>,
    ) -> Result<Session, AuthError> {
        let Judge { trust, verifier } = self.judge(moment.now)?;
        let presented = Presented::to(visit.placement, visit.incoming.head);
        let demand = Demand {
            navigates: visit.incoming.kind.navigates(),
            ..demand(visit.placement, &presented.bindings, moment)
        };
        let mut worst = Refusal::NoSession;
        for candidate in presented.tokens {
            match verifier.verify(trust, demand, candidate) {
                Ok(verified) => {
                    return Ok(Session {
                        verified,
                        address: demand.address,
                    });
                }
                Err(refusal) => worst = worst.max(refusal),
            }
        }
        Err(AuthError::Refused(worst))
    }

    /// The account whose session a request presents, though the policy may not admit it.
    pub fn account(&mut self, visit: Visit<'_>, moment: &Moment<'_>) -> Option<String> {
        let Judge { trust, verifier } = self.judge(moment.now).ok()?;
        let presented = Presented::to(visit.placement, visit.incoming.head);
        let demand = demand(visit.placement, &presented.bindings, moment);
        let mut tokens = presented.tokens.into_iter();
        tokens.find_map(|candidate| verifier.account(trust, demand, candidate).ok())
    }

    /// The session of the token that the control service has issued for a service token.
    pub fn authenticate_service(
        &mut self,
        token: &str,
        visit: Visit<'_>,
        moment: &Moment<'_>,
    ) -> Result<Session, AuthError> {
        let demand = demand(visit.placement, &[], moment);
        self.authenticate_from(Source::ServiceToken, token, demand, moment.now)
    }

    /// The session of a token that the control service has just issued, judged as if a request
    /// had come with it in its cookie.
    pub fn authenticate_issued(
        &mut self,
        token: &str,
        demand: Demand<'_>,
        now: UnixMillis,
    ) -> Result<Session, AuthError> {
        self.authenticate_from(Source::Cookie, token, demand, now)
    }

    fn authenticate_from(
        &mut self,
        source: Source,
        token: &str,
        demand: Demand<'_>,
        now: UnixMillis,
    ) -> Result<Session, AuthError> {
        let Judge { trust, verifier } = self.judge(now)?;
        let candidate = Candidate {
            token: token.as_bytes(),
            source,
        };
        let verified = verifier.verify(trust, demand, candidate)?;
        Ok(Session {
            verified,
            address: demand.address,
        })
    }
}

impl Session {
    /// Whether its token has not expired, without leeway for clocks that differ.
    pub fn is_before_its_end(&self, now: UnixSeconds) -> bool {
        self.verified.claims().exp > now
    }
}

impl Unavailable {
    /// Its word for logs, counters and replies.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotReady => "not_ready",
            Self::Stale => "stale",
            Self::NoAnswer => "control_unavailable",
        }
    }
}

impl From<Unavailable> for AuthError {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

impl From<Refusal> for AuthError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What a request that is no navigation must satisfy at a place.
pub(super) fn demand<'a>(
    placement: &'a Placement,
    bindings: &'a [&'a [u8]],
    moment: &Moment<'_>,
) -> Demand<'a> {
    let application = &placement.application;
    let address = application
        .asks_for_address()
        .then(|| (moment.address)())
        .flatten();
    Demand {
        application,
        now: moment.seconds(),
        bindings,
        address,
        navigates: false,
    }
}
