//! A page after it has been decoded and checked: revocations by fingerprint, the rest as received.
//! VMs share pages in this form, which is less than half as long.
//!
//! As bytes: the length of the head in four bytes, the head as a page without revocations, then the
//! revocations. A page with keys or applications, which few pages of a snapshot have, is shared as
//! received.

use serde::Serialize;

use super::error::FeedError;
use super::limits;
use crate::protocol::feed::{FeedPage, PageKind, RevocationChanges, Text};
use crate::session::revocations::{Changes, Fingerprints};
use crate::time::UnixSeconds;

/// A decoded page.
#[derive(Debug)]
pub(super) struct DecodedPage {
    /// Everything but the revocations.
    pub head: FeedPage,
    /// The revocations.
    pub changes: Changes,
}

impl DecodedPage {
    /// Decodes a page as the control service sends it.
    pub fn decode(body: &[u8], fingerprints: &Fingerprints) -> Result<Self, FeedError> {
        let page: FeedPage<Text<'_>> =
            serde_json::from_slice(body).map_err(|error| malformed(&error))?;
        limits::check(&page)?;
        let changes = fingerprints.changes(&page.revocations);
        Ok(Self {
            head: without_revocations(page),
            changes,
        })
    }

    /// Whether the page has no content beside its position.
    pub fn is_empty(&self) -> bool {
        self.head.is_empty() && self.changes.is_empty()
    }

    /// The page, received as `body`, for VMs with the same fingerprints.
    pub fn to_bytes(&self, body: &[u8]) -> Vec<u8> {
        let page = &self.head;
        if page.keys.is_some() || !page.applications.is_empty() {
            return bytes_of(body, &Changes::default());
        }
        let head = BareHead {
            epoch: &page.epoch,
            kind: page.kind,
            after: page.after,
            version: page.version,
            next: page.next.as_deref(),
            now: page.now,
            proof: page.proof.as_deref(),
        };
        // This type always serializes; no bytes would be read as no page.
        let head = serde_json::to_vec(&head).unwrap_or_default();
        bytes_of(&head, &self.changes)
    }

    /// Reads what [`Self::to_bytes`] of another VM wrote, within the same limits.
    pub fn from_bytes(bytes: &[u8], fingerprints: &Fingerprints) -> Option<Self> {
        let (length, bytes) = bytes.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (head, changes) = bytes.split_at_checked(length)?;
        let mut page = Self::decode(head, fingerprints).ok()?;
        let changes = Changes::read(changes)?;
        limits::check_changes(&changes).ok()?;
        if page.changes.is_empty() {
            page.changes = changes;
        } else if !changes.is_empty() {
            return None;
        }
        Some(page)
    }
}

/// The head of a page without content.
#[derive(Serialize)]
struct BareHead<'a> {
    epoch: &'a str,
    kind: PageKind,
    after: u64,
    version: u64,
    next: Option<&'a str>,
    now: UnixSeconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<&'a str>,
}

fn bytes_of(head: &[u8], changes: &Changes) -> Vec<u8> {
    let length = u32::try_from(head.len()).unwrap_or(u32::MAX);
    let mut bytes = [&length.to_le_bytes(), head].concat();
    changes.write(&mut bytes);
    bytes
}

fn without_revocations(page: FeedPage<Text<'_>>) -> FeedPage {
    FeedPage {
        epoch: page.epoch,
        kind: page.kind,
        after: page.after,
        version: page.version,
        next: page.next,
        now: page.now,
        proof: page.proof,
        keys: page.keys,
        applications: page.applications,
        revocations: RevocationChanges::default(),
    }
}

/// Where and what kind the error is. The JSON reader's own message may quote the page.
fn malformed(error: &serde_json::Error) -> FeedError {
    let (line, column) = (error.line(), error.column());
    FeedError::Malformed(format!(
        "{:?} error at line {line}, column {column}",
        error.classify()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::tests::{revoke, snapshot};
    use crate::protocol::feed::{ApplicationChanges, Subject};

    #[test]
    fn a_page_is_shared_whole_or_not_at_all() {
        let mut sent = snapshot("e1", 57);
        sent.next = Some("more".into());
        sent.proof = Some("proof".into());
        sent.revocations.put.extend(revoke(58).put);
        sent.revocations.delete = vec![Subject::Session("s".into())];
        let mut later = sent.clone();
        (later.keys, later.applications) = (None, ApplicationChanges::default());
        let fingerprints = Fingerprints::default();
        for sent in [sent, later] {
            let body = serde_json::to_vec(&sent).unwrap();
            let page = DecodedPage::decode(&body, &fingerprints).unwrap();
            assert_eq!((page.changes.put(), page.changes.len()), (2, 3));
            let bytes = page.to_bytes(&body);
            for end in 0..bytes.len() {
                let page = DecodedPage::from_bytes(&bytes[..end], &fingerprints);
                assert!(page.is_none(), "cut off at {end}");
            }
            assert!(DecodedPage::from_bytes(&[&bytes[..], b"0"].concat(), &fingerprints).is_none());
            let other = DecodedPage::from_bytes(&bytes, &fingerprints).unwrap();
            assert_eq!((other.head, other.changes), (page.head, page.changes));
        }
    }

    #[test]
    fn a_page_with_two_sets_of_revocations_is_rejected() {
        let mut sent = snapshot("e1", 57);
        sent.revocations = revoke(58);
        let fingerprints = Fingerprints::default();
        let body = serde_json::to_vec(&sent).unwrap();
        let changes = fingerprints.changes(&revoke(57));
        assert!(
            DecodedPage::from_bytes(&bytes_of(&body, &Changes::default()), &fingerprints).is_some()
        );
        assert!(DecodedPage::from_bytes(&bytes_of(&body, &changes), &fingerprints).is_none());
    }
}
