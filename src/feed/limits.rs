//! Limits on pages. They protect a filter's memory, which only grows and which every worker has
//! for itself.
//!
//! The limits are far above what a control service sends. A page that exceeds one is rejected like
//! any other page that cannot be applied.

use super::error::FeedError;
use crate::protocol::audience::is_audience;
use crate::protocol::feed::{FeedPage, JwkSet, MOST_ITEMS, Subject};
use crate::session::revocations::Changes;

/// JSON numbers are exact up to here (RFC 8259, section 6).
const MAX_VERSION: u64 = (1 << 53) - 1;
/// Revocations in force, whatever the configuration allows: their pages fill half of
/// [`MAX_SNAPSHOT_BYTES`].
pub const MAX_REVOCATIONS: usize = 5_000_000;
/// Applications in force.
pub(super) const MAX_APPLICATIONS: usize = 10_000;
/// Pages of a snapshot.
pub(super) const MAX_PAGES: u32 = 1_000;
/// Bytes of a snapshot, all pages together.
pub(super) const MAX_SNAPSHOT_BYTES: usize = 512 * 1024 * 1024;
const MAX_KEYS: usize = 64;
/// Bytes of the id of a user, a session, a key or an epoch.
const MAX_ID_BYTES: usize = 64;
const MAX_PROOF_BYTES: usize = 128;
/// Bytes of the next page's name, which becomes part of a request's path.
const MAX_NEXT_BYTES: usize = 4_096;

/// Rejects a page that no control service sends.
///
/// # Errors
/// [`FeedError::OutOfBounds`] with the part that exceeds its limit.
pub(super) fn check<S: AsRef<str>>(page: &FeedPage<S>) -> Result<(), FeedError> {
    let (applications, revocations) = (&page.applications, &page.revocations);
    let items = [
        applications.put.len(),
        applications.delete.len(),
        revocations.put.len(),
        revocations.delete.len(),
    ];
    let put = revocations.put.iter();
    let next = page.next.as_ref();
    for (is_within, what) in [
        (is_id(&page.epoch), "the epoch's name"),
        (page.version <= MAX_VERSION, "the version"),
        (items.iter().sum::<usize>() <= MOST_ITEMS, "the page's size"),
        (
            next.is_none_or(|next| next.len() <= MAX_NEXT_BYTES),
            "the name of the next page",
        ),
        (
            (page.proof.as_ref()).is_none_or(|proof| proof.len() <= MAX_PROOF_BYTES),
            "the version's proof",
        ),
        (page.keys.as_ref().is_none_or(are_keys), "the keys"),
        (
            put.clone()
                .all(|revocation| is_subject(&revocation.subject))
                && revocations.delete.iter().all(is_subject),
            "the id of a revocation",
        ),
        (
            put.clone()
                .all(|revocation| revocation.version <= MAX_VERSION),
            "the version of a revocation",
        ),
    ] {
        if !is_within {
            return Err(FeedError::OutOfBounds(what));
        }
    }
    Ok(())
}

/// The same for revocations that another VM decoded.
///
/// # Errors
/// [`FeedError::OutOfBounds`] with the part that exceeds its limit.
pub(super) fn check_changes(changes: &Changes) -> Result<(), FeedError> {
    if changes.len() > MOST_ITEMS {
        return Err(FeedError::OutOfBounds("the page's size"));
    }
    if changes.highest_version() > MAX_VERSION {
        return Err(FeedError::OutOfBounds("the version of a revocation"));
    }
    Ok(())
}

fn are_keys(set: &JwkSet) -> bool {
    set.keys.len() <= MAX_KEYS && set.keys.iter().all(|key| is_id(&key.kid))
}

fn is_subject<S: AsRef<str>>(subject: &Subject<S>) -> bool {
    match subject {
        Subject::User(id) | Subject::Session(id) => is_id(id.as_ref()),
        Subject::Application(audience) => is_audience(audience.as_ref()),
        Subject::UserApplication(id, audience) => {
            is_id(id.as_ref()) && is_audience(audience.as_ref())
        }
    }
}

fn is_id(text: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::tests::{delta, revoke};
    use crate::protocol::feed::Revocation;

    /// The verdict on a changed page.
    fn verdict(change: impl FnOnce(&mut FeedPage)) -> Result<(), FeedError> {
        let mut page = delta("e1", 41, 57);
        change(&mut page);
        check(&page)
    }

    fn revoking(subject: Subject) -> Result<(), FeedError> {
        verdict(|page| page.revocations.delete = vec![subject])
    }

    #[test]
    fn what_a_control_service_sends_is_within_the_limits() {
        let id = "x".repeat(64);
        let audience = "0123456789abcdef".repeat(4);
        assert_eq!(verdict(|page| page.version = MAX_VERSION), Ok(()));
        assert_eq!(revoking(Subject::User(id.clone())), Ok(()));
        assert_eq!(revoking(Subject::Session("service:abc".into())), Ok(()));
        assert_eq!(revoking(Subject::Application(audience.clone())), Ok(()));
        assert_eq!(revoking(Subject::UserApplication(id, audience)), Ok(()));
    }

    #[test]
    fn what_is_too_long_too_high_or_malformed_is_rejected() {
        let many = |page: &mut FeedPage| {
            let one: Revocation = revoke(1).put.remove(0);
            page.revocations.put = vec![one; MOST_ITEMS + 1];
        };
        for rejected in [
            verdict(|page| page.epoch = String::new()),
            verdict(|page| page.epoch = "e\n1".into()),
            verdict(|page| page.version = u64::MAX),
            verdict(|page| page.next = Some("n".repeat(MAX_NEXT_BYTES + 1))),
            verdict(|page| page.revocations = revoke(MAX_VERSION + 1)),
            verdict(many),
            revoking(Subject::User("x".repeat(65))),
            revoking(Subject::Session(String::new())),
            revoking(Subject::Application("A".repeat(64))),
            revoking(Subject::UserApplication("u".into(), "wiki".into())),
        ] {
            assert!(
                matches!(rejected, Err(FeedError::OutOfBounds(_))),
                "{rejected:?}"
            );
        }
    }
}
