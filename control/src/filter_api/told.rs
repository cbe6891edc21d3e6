//! What the audit log tells of calls that filters make for users.

use portcullis::protocol::claims::ApplicationClaims;

use super::identity::FilterIdentity;
use crate::audit::{Actor, Event, EventName, Subject};

/// What a filter asked for, for the user of a token's claims. It does not say where the user's request
/// came from.
pub fn told(name: EventName, filter: &FilterIdentity, claims: &ApplicationClaims) -> Event {
    let user = Actor::User {
        id: claims.sub.clone(),
        email: claims.email.clone(),
    };
    Event::new(name, &user.into(), Subject::session(&claims.sid)).detail("credential", filter.id())
}
