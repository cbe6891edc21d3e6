//! The person of a session, as policies see them.

use crate::policy::person::Person;
use crate::storage::Session;

/// The person whose session it is, as of the sign-in or the last re-check.
#[must_use]
pub fn person_of(session: &Session) -> Person {
    Person::with_email(&session.email)
}
