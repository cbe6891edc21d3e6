//! A page as a filter has it once it is read and checked: revocations by fingerprint, the rest as
//! it came. VMs hand it on to each other in this form, which is less than half of the page.
//!
//! As bytes: the length of the rest in four, the rest as JSON, then the revocations.

use super::bounds;
use super::store::FeedError;
use crate::protocol::feed::{FeedPage, RevocationChanges, Text};
use crate::session::revocations::{Changes, Fingerprints};

/// A page.
#[derive(Debug)]
pub(super) struct Page {
    /// Everything but the revocations.
    pub head: FeedPage,
    /// The revocations.
    pub changes: Changes,
}

impl Page {
    /// Reads a page as it comes, and refuses what no control service sends.
    pub fn read(body: &[u8], fingerprints: &Fingerprints) -> Result<Self, FeedError> {
        let page: FeedPage<Text<'_>> =
            serde_json::from_slice(body).map_err(|error| malformed(&error))?;
        bounds::check(&page)?;
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

    /// The page for others with the same fingerprints.
    pub fn to_bytes(&self) -> Vec<u8> {
        // These types always serialize; nothing would be read as no page.
        let head = serde_json::to_vec(&self.head).unwrap_or_default();
        let length = u32::try_from(head.len()).unwrap_or(u32::MAX);
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.extend(head);
        self.changes.write(&mut bytes);
        bytes
    }

    /// Reads what another wrote, within the same bounds.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (head, changes) = rest.split_at_checked(length)?;
        let head: FeedPage = serde_json::from_slice(head).ok()?;
        let changes = Changes::read(changes)?;
        bounds::check(&head).ok()?;
        bounds::check_changes(&head, &changes).ok()?;
        Some(Self { head, changes })
    }
}

fn without_revocations(page: FeedPage<Text<'_>>) -> FeedPage {
    FeedPage {
        epoch: page.epoch,
        kind: page.kind,
        after: page.after,
        version: page.version,
        next: page.next,
        now: page.now,
        keys: page.keys,
        applications: page.applications,
        revocations: RevocationChanges::default(),
    }
}

/// What is wrong, without the page's content: the reader's message may quote it.
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
    use crate::protocol::feed::Subject;

    #[test]
    fn a_page_is_handed_on_whole_or_not_at_all() {
        let mut sent = snapshot("e1", 57);
        sent.next = Some("more".into());
        sent.revocations.put.extend(revoke(58).put);
        sent.revocations.delete = vec![Subject::Session("s".into())];
        let fingerprints = Fingerprints::default();
        let page = Page::read(&serde_json::to_vec(&sent).unwrap(), &fingerprints).unwrap();
        assert_eq!((page.changes.put(), page.changes.len()), (2, 3));
        let bytes = page.to_bytes();
        let other = Page::from_bytes(&bytes).unwrap();
        assert_eq!((other.head, other.changes), (page.head, page.changes));
        for end in 0..bytes.len() {
            assert!(
                Page::from_bytes(&bytes[..end]).is_none(),
                "cut off at {end}"
            );
        }
        assert!(Page::from_bytes(&[&bytes[..], b"0"].concat()).is_none());
    }
}
