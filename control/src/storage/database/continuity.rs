//! Notices that the database is older than what was seen of it: a backup, or a replica without the
//! last transactions, took its place. Revocations are missing in it, so nothing that it says can be
//! trusted, and no revocation that it takes can be relied on: tokens may be newer than its version.
//!
//! Once that is noticed, no transaction begins or commits any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use super::error::StorageError;

/// Stands for the epoch of a database whose file was replaced while it was open.
pub const REPLACED: &str = "replaced";

/// What was seen of the database that is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Its epoch.
    pub epoch: String,
    /// Its newest version for which there is evidence.
    pub version: u64,
}

/// What was seen of the database, and whether it went back. Clones share it.
#[derive(Debug, Clone)]
pub struct Continuity(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    epoch: String,
    seen: AtomicU64,
    lost: watch::Sender<Option<Lost>>,
}

impl Continuity {
    /// What is seen when the database is opened.
    pub(super) fn new(epoch: String, version: u64) -> Self {
        Self(Arc::new(Shared {
            epoch,
            seen: AtomicU64::new(version),
            lost: watch::Sender::new(None),
        }))
    }

    /// The newest version that was seen. Whatever is read after this call has it, or the database
    /// went back.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.0.seen.load(Ordering::SeqCst)
    }

    /// Compares a version of the database with what had been seen before it was read.
    ///
    /// # Errors
    /// When the database went back.
    pub fn observe(&self, seen: u64, version: u64) -> Result<(), StorageError> {
        if version < seen {
            self.went_back_from(seen);
        }
        self.check()?;
        self.0.seen.fetch_max(version, Ordering::SeqCst);
        Ok(())
    }

    /// Compares a version that a transaction takes with what had been seen before: it follows that,
    /// or the database went back.
    ///
    /// # Errors
    /// When the database went back.
    pub(super) fn follows(&self, seen: u64, version: u64) -> Result<(), StorageError> {
        if version <= seen {
            self.went_back_from(seen);
        }
        self.check()
    }

    fn went_back_from(&self, version: u64) {
        self.went_back(Lost {
            epoch: self.0.epoch.clone(),
            version,
        });
    }

    /// Notes that the database went back.
    pub fn went_back(&self, lost: Lost) {
        tracing::error!(
            epoch = lost.epoch,
            version = lost.version,
            "the database is older than what was seen of it; nothing is served until `restore`"
        );
        self.0.lost.send_if_modified(|known| {
            let first = known.is_none();
            known.get_or_insert(lost);
            first
        });
    }

    /// Notes that another file took the database's place, whatever version it has.
    pub(super) fn was_replaced(&self) {
        self.went_back(Lost {
            epoch: REPLACED.to_owned(),
            version: self.seen(),
        });
    }

    /// What was seen of the database that is lost; `None` if it did not go back.
    #[must_use]
    pub fn lost(&self) -> Option<Lost> {
        self.0.lost.borrow().clone()
    }

    /// Waits until the database goes back.
    pub async fn until_lost(&self) -> Lost {
        let mut lost = self.0.lost.subscribe();
        // Cannot fail: `self` holds the sender.
        match lost.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(lost)) => lost.clone(),
            _ => std::future::pending().await,
        }
    }

    /// # Errors
    /// When the database went back.
    pub(super) fn check(&self) -> Result<(), StorageError> {
        if self.0.lost.borrow().is_some() {
            Err(StorageError::WentBack)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lower_version_than_before_is_noticed_and_kept() {
        let continuity = Continuity::new("one".to_owned(), 4);
        continuity.observe(continuity.seen(), 5).unwrap();
        // Read before another one had committed 5.
        continuity.observe(4, 4).unwrap();
        assert_eq!((continuity.seen(), continuity.lost()), (5, None));
        continuity.observe(5, 4).unwrap_err();
        let lost = Lost {
            epoch: "one".to_owned(),
            version: 5,
        };
        assert_eq!(continuity.lost(), Some(lost));
        // A higher version later does not make up for what is missing.
        continuity.observe(5, 9).unwrap_err();
        continuity.check().unwrap_err();
    }
}
