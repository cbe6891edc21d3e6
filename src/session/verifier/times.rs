//! When a token is good: by its own times and, where every navigation passes through the team
//! domain, by the kind of the request.

use std::time::Duration;

use crate::protocol::claims::ApplicationClaims;
use crate::reason::Refusal;
use crate::session::demand::{Demand, Purpose};
use crate::time::UnixSeconds;

/// How far clocks may differ.
const LEEWAY: Duration = Duration::from_secs(30);
/// How long after its issue a token that is renewed with every navigation is good for one: the
/// time of the redirect back from the team domain.
const NAVIGATION: Duration = Duration::from_secs(10);

pub(super) fn check(
    claims: &ApplicationClaims,
    demand: Demand<'_>,
    purpose: Purpose,
) -> Result<(), Refusal> {
    if claims.nbf > demand.now + LEEWAY {
        return Err(Refusal::NotYetValid);
    }
    let ended = match purpose {
        Purpose::Use | Purpose::Continue => end(claims, demand.navigates) <= demand.now,
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

/// The first second in which the token is no longer good.
fn end(claims: &ApplicationClaims, navigates: bool) -> UnixSeconds {
    let exp = claims.exp;
    match (claims.every_navigation, navigates) {
        (false, _) => exp + LEEWAY,
        (true, false) => exp,
        (true, true) => exp.min(claims.iat + NAVIGATION),
    }
}
