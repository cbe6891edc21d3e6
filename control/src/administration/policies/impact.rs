//! Who would lose access by a change of a policy, and who would gain it.

use super::everybody::{MOST_JUDGED, since};
use super::known::{Named, judge};
use crate::policy::rules::Policy;
use crate::service::Service;
use crate::storage::{KnownPerson, StorageError, WhichPeople};

/// What a change of a policy does to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impact {
    /// Those who are in the application now and would lose access, each once. They are judged by the
    /// address of their sign-in, too.
    pub losing: Vec<Named>,
    /// Those who signed in of late, have no access, and would gain it.
    pub gaining: Vec<Named>,
    /// Whether there are more people than are judged.
    pub is_cut: bool,
}

/// What a change from one policy to another does to the people of an application.
///
/// # Errors
/// When the database cannot be read.
pub async fn impact(
    service: &Service,
    audience: &str,
    (before, after): (&Policy, &Policy),
) -> Result<Impact, StorageError> {
    let (storage, now) = (&service.storage, service.now());
    let inside = storage.people_in(audience, now, MOST_JUDGED).await?;
    let of_late = WhichPeople::SignedInSince(since(service));
    let of_late = storage.known_people(of_late, now, MOST_JUDGED).await?;
    let most = MOST_JUDGED as usize;
    let both = [before, after];
    let signed_in_at = |known: &KnownPerson| known.address.parse().ok();
    let losing = judge(&inside, both, signed_in_at).await;
    let gaining = judge(&of_late, both, |_| None).await;
    Ok(Impact {
        losing: named(losing, [true, false]),
        gaining: named(gaining, [false, true]),
        is_cut: inside.len() >= most || of_late.len() >= most,
    })
}

/// Those who are judged so, each once. The sessions of a person follow each other.
fn named(judged: Vec<(&KnownPerson, [bool; 2])>, verdicts: [bool; 2]) -> Vec<Named> {
    let people = judged.into_iter().filter(|(_, found)| *found == verdicts);
    let mut named: Vec<Named> = people.map(|(known, _)| Named::of(known)).collect();
    named.dedup_by(|one, other| one.user_id == other.user_id);
    named
}
