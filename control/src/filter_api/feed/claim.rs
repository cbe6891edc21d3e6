//! What a follower says it has, as evidence that the database went back.
//!
//! A filter that has a later version than the database, of this epoch or another, has it from a
//! database that was lost: this one is a backup, or a replica without the last transactions. What no
//! database can have said is ignored: epochs of another form, and versions far ahead.

use super::super::identity::FilterIdentity;
use crate::storage::{Database, StorageError};

/// How far a filter's version can be ahead of a database that was restored: a thousand restores.
const FARTHEST_AHEAD: u64 = 1_000_000_000_000;

/// Checks the position with which a filter polls.
///
/// # Errors
/// When the database went back, or cannot be read.
pub async fn check(
    storage: &Database,
    identity: &FilterIdentity,
    epoch: &str,
    after: u64,
) -> Result<(), StorageError> {
    let seen = storage.continuity().seen();
    if after <= seen || after - seen > FARTHEST_AHEAD || !is_epoch(epoch) {
        return Ok(());
    }
    let checked = storage.check_shown(Some(epoch), after).await;
    if matches!(checked, Err(StorageError::WentBack)) {
        let credential = identity.id();
        tracing::error!(
            credential,
            after,
            "a filter has a later version of the feed than the database"
        );
    }
    checked
}

/// Whether a text has the form of an epoch: 128 bits in base64url.
fn is_epoch(text: &str) -> bool {
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.len() == 22 && text.bytes().all(is_base64url)
}
