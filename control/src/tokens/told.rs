//! What the audit log tells of a token for an application.

use portcullis::protocol::claims::ApplicationClaims;

use crate::applications::{Admitted, Definition};
use crate::audit::Event;

/// An event about a token: where it is good, which rule admits its holder, and what was left out of
/// it.
#[must_use]
pub fn of_token(
    event: Event,
    application: &Definition,
    admitted: &Admitted,
    claims: &ApplicationClaims,
) -> Event {
    let event = event
        .at(&application.name)
        .rule(&admitted.rule_name)
        .detail("token", claims.jti.as_str())
        .detail("version", claims.ver);
    match claims.groups_truncated {
        true => event.detail("groups_truncated", true),
        false => event,
    }
}
