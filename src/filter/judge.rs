//! From a request to the verifier and back. The only place that decides whether there is anything
//! to judge by: without a feed, or with one too old, nothing is good.

use std::net::IpAddr;

use crate::application::Placement;
use crate::config::{Config, StaleAction};
use crate::feed::Feed;
use crate::names::TOKEN_HEADER;
use crate::reason::Refusal;
use crate::request::{Head, cookies};
use crate::session::{Candidate, Demand, Source, Trust, Verified};
use crate::time::UnixMillis;

use super::{Filter, Incoming, Moment};

/// Why a session is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bad {
    /// No feed yet.
    NotReady,
    /// The feed is too old, and that is to deny.
    Stale,
    /// A check failed.
    Refused(Refusal),
}

/// A good session.
pub(super) struct Session {
    pub verified: Verified,
    /// The client's address, where a policy asks for it.
    pub address: Option<IpAddr>,
}

/// What is believed right now: the one place that fails closed.
pub(super) fn trust<'a>(
    config: &Config,
    issuer: &'a str,
    feed: &'a Feed,
    now: UnixMillis,
) -> Result<Trust<'a>, Bad> {
    let store = feed.store().ok_or(Bad::NotReady)?;
    if config.when_stale().then == StaleAction::Deny && feed.is_stale(now) {
        return Err(Bad::Stale);
    }
    Ok(Trust {
        issuer,
        keys: store.keys(),
        revocations: store.revocations(),
    })
}

/// What a request presents to an application.
pub(super) struct Presented<'a> {
    /// Every token, cookies first.
    pub tokens: Vec<Candidate<'a>>,
    /// The values of the binding cookie.
    pub bindings: Vec<&'a [u8]>,
}

impl<'a> Presented<'a> {
    /// What `head` brings for the application at a place.
    pub fn to(placement: &Placement, head: Head<'a>) -> Self {
        let names = &placement.cookies;
        let [tokens, bindings] = cookies::values_of(head, [&names.token, &names.binding]);
        let from = |source| move |token| Candidate { token, source };
        let mut tokens: Vec<_> = tokens.into_iter().map(from(Source::Cookie)).collect();
        if placement.application.header_tokens {
            let in_headers = head.all(TOKEN_HEADER).chain(bearer_tokens(head)).take(3);
            tokens.extend(in_headers.map(from(Source::Header)));
        }
        Self { tokens, bindings }
    }
}

/// Bearer tokens that say of themselves that they are ours (RFC 6750, section 2.1).
pub(super) fn bearer_tokens(head: Head<'_>) -> impl Iterator<Item = &[u8]> {
    bearer_values(head).filter(|token| crate::session::token::claims_to_be_ours(token))
}

/// What follows the scheme; nothing, if a script's variable was empty.
fn bearer_values(head: Head<'_>) -> impl Iterator<Item = &[u8]> {
    head.all("authorization").filter_map(|value| {
        let (scheme, token) = value.split_at_checked(6)?;
        let is_bearer = scheme.eq_ignore_ascii_case(b"bearer") && matches!(token, [] | [b' ', ..]);
        is_bearer.then(|| token.trim_ascii())
    })
}

/// Whether a request shows a token as scripts do, ours or not, taken here or not: no browser does
/// so when it opens a page.
pub(super) fn shows_header_token(head: Head<'_>) -> bool {
    head.has(TOKEN_HEADER) || bearer_values(head).next().is_some()
}

impl Filter {
    /// Judges a request: the first good token wins; else the one that passed the most checks
    /// says why.
    pub(super) fn judge(
        &mut self,
        placement: &Placement,
        Incoming { head, kind, .. }: Incoming<'_>,
        moment: &Moment<'_>,
    ) -> Result<Session, Bad> {
        let trust = trust(&self.config, &self.issuer, &self.feed, moment.now)?;
        let presented = Presented::to(placement, head);
        let demand = Demand {
            navigates: kind.navigates(),
            ..demand(placement, &presented.bindings, moment)
        };
        let mut worst = Refusal::NoSession;
        for candidate in presented.tokens {
            match self.verifier.verify(trust, demand, candidate) {
                Ok(verified) => {
                    return Ok(Session {
                        verified,
                        address: demand.address,
                    });
                }
                Err(refusal) => worst = worst.max(refusal),
            }
        }
        Err(Bad::Refused(worst))
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
