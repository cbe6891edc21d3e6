//! What the audit log tells of calls that filters make for users.

use portcullis::protocol::claims::ApplicationClaims;

use super::identity::FilterIdentity;
use crate::audit::{Actor, Event, EventName, Subject};

/// What a filter asked for, with the claims of the token that it got or showed. It does not say where
/// the user's request came from.
pub fn told(name: EventName, filter: &FilterIdentity, claims: &ApplicationClaims) -> Event {
    let user = Actor::User {
        id: claims.sub.clone(),
        email: claims.email.clone(),
    };
    Event::new(name, &user.into(), Subject::session(&claims.sid))
        .rule(&claims.rule)
        .detail("token", claims.jti.as_str())
        .detail("version", claims.ver)
        .detail("credential", filter.id())
}
