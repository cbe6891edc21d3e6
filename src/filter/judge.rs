//! From a request to the verifier and back. The only place that decides whether there is anything
//! to judge by: without a feed, or with one too old, nothing is good.

use std::net::IpAddr;

use crate::application::Placement;
use crate::config::{Config, StaleAction};
use crate::feed::Feed;
use crate::names::{BINDING_COOKIE, TOKEN_COOKIE, TOKEN_HEADER};
use crate::reason::Refusal;
use crate::request::{Head, cookies};
use crate::session::{Candidate, Demand, Source, Trust, Verified};

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

/// A good session with the token that proved it.
pub(super) struct Session<'a> {
    pub verified: Verified,
    pub token: &'a [u8],
    /// The client's address, where a policy asks for it.
    pub address: Option<IpAddr>,
}

/// What is believed right now: the one place that fails closed.
pub(super) fn trust<'a>(
    config: &Config,
    issuer: &'a str,
    follower: &'a Feed,
    now_ms: u64,
) -> Result<Trust<'a>, Bad> {
    let store = follower.store().ok_or(Bad::NotReady)?;
    if config.when_stale().then == StaleAction::Deny && follower.is_stale(now_ms) {
        return Err(Bad::Stale);
    }
    Ok(Trust {
        issuer,
        keys: store.keys(),
        revocations: store.revocations(),
    })
}

/// The names of an application's cookies at a place.
pub(super) struct CookieNames {
    pub token: String,
    pub binding: String,
}

impl CookieNames {
    /// Applications that share a hostname keep their cookies apart by their audience.
    pub fn of(placement: &Placement) -> Self {
        let suffix = match placement.application.audience.get(..16) {
            Some(start) if placement.shares_hostname => format!("_{start}"),
            _ => String::new(),
        };
        Self {
            token: format!("{TOKEN_COOKIE}{suffix}"),
            binding: format!("{BINDING_COOKIE}{suffix}"),
        }
    }
}

/// Every token that a request presents to an application, cookies first.
pub(super) fn candidates<'a>(head: Head<'a>, placement: &Placement) -> Vec<Candidate<'a>> {
    let names = CookieNames::of(placement);
    let in_cookies = cookies::values(head, &names.token);
    let mut candidates: Vec<_> = in_cookies
        .into_iter()
        .map(|token| Candidate {
            token,
            source: Source::Cookie,
        })
        .collect();
    if placement.application.header_tokens {
        let in_headers = head.all(TOKEN_HEADER).chain(bearer_tokens(head)).take(3);
        candidates.extend(in_headers.map(|token| Candidate {
            token,
            source: Source::Header,
        }));
    }
    candidates
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
    pub(super) fn judge<'a>(
        &mut self,
        placement: &Placement,
        Incoming { head, kind, .. }: Incoming<'a>,
        moment: &Moment<'_>,
    ) -> Result<Session<'a>, Bad> {
        let trust = trust(&self.config, &self.issuer, &self.follower, moment.now_ms)?;
        let bindings = cookies::values(head, &CookieNames::of(placement).binding);
        let demand = Demand {
            navigates: kind.navigates(),
            ..demand(placement, &bindings, moment)
        };
        let mut worst = Refusal::NoSession;
        for candidate in candidates(head, placement) {
            match self.verifier.verify(trust, demand, candidate) {
                Ok(verified) => {
                    return Ok(Session {
                        verified,
                        token: candidate.token,
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
        now: moment.now_s(),
        bindings,
        address,
        navigates: false,
    }
}
