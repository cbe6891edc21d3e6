//! What is known of people, as policies see them.

use std::net::IpAddr;

use portcullis::time::UnixSeconds;

use crate::eligibility::person;
use crate::policy::person::Person;
use crate::policy::rules::Policy;
use crate::service::Service;
use crate::sign_in::email::Address;
use crate::storage::{KnownPerson, StorageError, WhichPeople};

/// How many people are judged before other tasks have their turn.
const AT_ONCE: usize = 64;

/// How many users with one address are looked at.
const SAME_ADDRESS: u32 = 20;

/// A person with a name for lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The user's id.
    pub user_id: String,
    /// What they are called: address, name or id.
    pub called: String,
}

impl Named {
    pub(super) fn of(known: &KnownPerson) -> Self {
        let called = match known.called.as_str() {
            "" => &known.user_id,
            called => called,
        };
        Self {
            user_id: known.user_id.clone(),
            called: called.to_owned(),
        }
    }
}

/// Somebody as policies see them.
pub(super) fn as_judged(known: &KnownPerson) -> Person {
    person(&known.email, known.provided.as_ref())
}

/// The person with an e-mail address or a user id, as of their newest sign-in, and when that was. Of somebody
/// who never signed in only the address is known.
pub(super) async fn called(
    service: &Service,
    text: &str,
) -> Result<(Person, Option<UnixSeconds>), StorageError> {
    let compared = match Address::parse(text) {
        Ok(address) => address.normal().to_owned(),
        Err(_) => text.to_owned(),
    };
    let which = WhichPeople::Called(&compared);
    let found = match compared.as_str() {
        "" => Vec::new(),
        _ => {
            service
                .storage
                .known_people(which, service.now(), SAME_ADDRESS)
                .await?
        }
    };
    let found = found
        .first()
        .filter(|known| known.as_of > UnixSeconds::new(0));
    Ok(found.map_or_else(
        || (Person::with_email(text), None),
        |known| (as_judged(known), Some(known.as_of)),
    ))
}

/// Whether policies admit each of these people, in turn.
pub(super) async fn judge<'a, const N: usize>(
    people: &'a [KnownPerson],
    policies: [&Policy; N],
    address: impl Fn(&KnownPerson) -> Option<IpAddr>,
) -> Vec<(&'a KnownPerson, [bool; N])> {
    let mut judged = Vec::with_capacity(people.len());
    for (count, known) in people.iter().enumerate() {
        if count % AT_ONCE == AT_ONCE - 1 {
            tokio::task::yield_now().await;
        }
        let person = as_judged(known);
        let address = address(known);
        judged.push((
            known,
            policies.map(|policy| policy.admits(&person, address)),
        ));
    }
    judged
}
