//! When a token is good: by its own times and, where every navigation asks the team domain, by
//! what the request is.

use super::{Demand, Purpose};
use crate::protocol::claims::ApplicationClaims;
use crate::reason::Refusal;

/// How far clocks may differ, in seconds.
const LEEWAY: u64 = 30;
/// For how long a token that every navigation has made anew is good for one, in seconds: the way
/// back from the team domain.
const NAVIGATION_SECONDS: u64 = 10;

pub(super) fn check(
    claims: &ApplicationClaims,
    demand: Demand<'_>,
    purpose: Purpose,
) -> Result<(), Refusal> {
    if claims.nbf > demand.now.saturating_add(LEEWAY) {
        return Err(Refusal::NotYetValid);
    }
    let ended = match purpose {
        Purpose::Use => end(claims, demand.navigates) <= demand.now,
        // Such a navigation goes through the team domain.
        Purpose::Refresh => {
            claims.session_exp <= demand.now || (claims.every_navigation && demand.navigates)
        }
        Purpose::End => false,
    };
    if ended {
        return Err(Refusal::SessionExpired);
    }
    Ok(())
}

/// The first second in which the token is good no more.
fn end(claims: &ApplicationClaims, navigates: bool) -> u64 {
    match (claims.every_navigation, navigates) {
        (false, _) => claims.exp.saturating_add(LEEWAY),
        (true, false) => claims.exp,
        (true, true) => claims
            .exp
            .min(claims.iat.saturating_add(NAVIGATION_SECONDS)),
    }
}
