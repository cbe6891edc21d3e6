//! Whom of those who signed in of late a policy admits.

use std::time::Duration;

use portcullis::time::UnixSeconds;

use super::known::{Named, judge};
use crate::policy::rules::Policy;
use crate::service::Service;
use crate::storage::{StorageError, WhichPeople};

/// How far back sign-ins count.
pub const DAYS: u64 = 30;
/// The most people who are judged; the newest sign-ins come first.
pub const MOST_JUDGED: u32 = 10_000;

/// Those who signed in during the last [`DAYS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Everybody {
    /// Those whom the policy admits.
    pub admitted: Vec<Named>,
    /// The others.
    pub refused: Vec<Named>,
    /// Whether there are more than [`MOST_JUDGED`].
    pub is_cut: bool,
}

/// Whom of those who signed in of late a policy admits, from some address at least.
///
/// # Errors
/// When the database cannot be read.
pub async fn everybody(service: &Service, policy: &Policy) -> Result<Everybody, StorageError> {
    let people = service.storage.known_people(
        WhichPeople::SignedInSince(since(service)),
        service.now(),
        MOST_JUDGED,
    );
    let people = people.await?;
    let mut answer = Everybody {
        admitted: Vec::new(),
        refused: Vec::new(),
        is_cut: people.len() >= MOST_JUDGED as usize,
    };
    for (known, [admitted]) in judge(&people, [policy], |_| None).await {
        let list = if admitted {
            &mut answer.admitted
        } else {
            &mut answer.refused
        };
        list.push(Named::of(known));
    }
    Ok(answer)
}

/// From when on sign-ins count.
pub(super) fn since(service: &Service) -> UnixSeconds {
    let days = Duration::from_secs(DAYS * 24 * 60 * 60);
    UnixSeconds::new(service.now().get().saturating_sub(days.as_secs()))
}
