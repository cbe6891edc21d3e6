//! A page as a filter has it once it is read and checked: revocations by fingerprint, the rest as
//! it came. VMs hand on to each other what is left of it then, which is less than half.
//!
//! As bytes: the length of the rest in four, the rest as a page, then the revocations. A page that
//! has more than revocations, as few of a snapshot do, is handed on as it came.

use serde::Serialize;

use super::bounds;
use super::store::FeedError;
use crate::protocol::feed::{FeedPage, PageKind, RevocationChanges, Text};
use crate::session::revocations::{Changes, Fingerprints};
use crate::time::UnixSeconds;

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

    /// The page, which came in these bytes, for others with the same fingerprints.
    pub fn to_bytes(&self, body: &[u8]) -> Vec<u8> {
        let page = &self.head;
        if page.keys.is_some() || !page.applications.is_empty() {
            return bytes_of(body, &Changes::default());
        }
        let rest = Rest {
            epoch: &page.epoch,
            kind: page.kind,
            after: page.after,
            version: page.version,
            next: page.next.as_deref(),
            now: page.now,
        };
        // This type always serializes; nothing would be read as no page.
        let rest = serde_json::to_vec(&rest).unwrap_or_default();
        bytes_of(&rest, &self.changes)
    }

    /// Reads what another wrote, within the same bounds.
    pub fn from_bytes(bytes: &[u8], fingerprints: &Fingerprints) -> Option<Self> {
        let (length, bytes) = bytes.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (rest, changes) = bytes.split_at_checked(length)?;
        let mut page = Self::read(rest, fingerprints).ok()?;
        let changes = Changes::read(changes)?;
        bounds::check_changes(&changes).ok()?;
        if page.changes.is_empty() {
            page.changes = changes;
        } else if !changes.is_empty() {
            return None;
        }
        Some(page)
    }
}

/// A page without content.
#[derive(Serialize)]
struct Rest<'a> {
    epoch: &'a str,
    kind: PageKind,
    after: u64,
    version: u64,
    next: Option<&'a str>,
    now: UnixSeconds,
}

fn bytes_of(rest: &[u8], changes: &Changes) -> Vec<u8> {
    let length = u32::try_from(rest.len()).unwrap_or(u32::MAX);
    let mut bytes = [&length.to_le_bytes(), rest].concat();
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
    use crate::protocol::feed::{ApplicationChanges, Subject};

    #[test]
    fn a_page_is_handed_on_whole_or_not_at_all() {
        let mut sent = snapshot("e1", 57);
        sent.next = Some("more".into());
        sent.revocations.put.extend(revoke(58).put);
        sent.revocations.delete = vec![Subject::Session("s".into())];
        let mut later = sent.clone();
        (later.keys, later.applications) = (None, ApplicationChanges::default());
        let fingerprints = Fingerprints::default();
        for sent in [sent, later] {
            let body = serde_json::to_vec(&sent).unwrap();
            let page = Page::read(&body, &fingerprints).unwrap();
            assert_eq!((page.changes.put(), page.changes.len()), (2, 3));
            let bytes = page.to_bytes(&body);
            for end in 0..bytes.len() {
                let page = Page::from_bytes(&bytes[..end], &fingerprints);
                assert!(page.is_none(), "cut off at {end}");
            }
            assert!(Page::from_bytes(&[&bytes[..], b"0"].concat(), &fingerprints).is_none());
            let other = Page::from_bytes(&bytes, &fingerprints).unwrap();
            assert_eq!((other.head, other.changes), (page.head, page.changes));
        }
    }

    #[test]
    fn a_page_that_says_its_revocations_twice_is_none() {
        let mut sent = snapshot("e1", 57);
        sent.revocations = revoke(58);
        let fingerprints = Fingerprints::default();
        let body = serde_json::to_vec(&sent).unwrap();
        let changes = fingerprints.changes(&revoke(57));
        assert!(Page::from_bytes(&bytes_of(&body, &Changes::default()), &fingerprints).is_some());
        assert!(Page::from_bytes(&bytes_of(&body, &changes), &fingerprints).is_none());
    }
}
